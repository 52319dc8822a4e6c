"""An MCP server that names arguments which a tool does not have, instead of leaving them out without a word."""

from __future__ import annotations

from typing import Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult

Lifespan = TypeVar("Lifespan")


class StrictServer(MCPServer[Lifespan]):
    """Refuses a call with an argument that the tool does not have: `off_the_record` would be dropped, and the text kept."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Lifespan, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: The tool has no such argument, or it failed.
        """
        known = {one.name: one.input_schema.get("properties", {}) for one in await self.list_tools()}
        if name in known and (others := sorted(set(arguments) - set(known[name]))):
            has = ", ".join(known[name]) or "none"
            raise ToolError(f"{name} has no argument {', '.join(others)}. Its arguments: {has}. Nothing was done.")
        return await super().call_tool(name, arguments, context)
