"""An MCP server that names wrong arguments in one sentence: those that a tool does not have, and those of a wrong form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult
from pydantic import ValidationError

Lifespan = TypeVar("Lifespan")
_NOTHING_DONE = "Nothing was done."


class StrictServer(MCPServer[Lifespan]):
    """Refuses a call with an argument that the tool does not have: `off_the_record` would be dropped, and the text kept."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Lifespan, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: The tool has no such argument, an argument has a wrong form, or the tool failed.
        """
        known = {one.name: one.input_schema.get("properties", {}) for one in await self.list_tools()}
        if name in known and (others := sorted(set(arguments) - set(known[name]))):
            has = ", ".join(known[name]) or "none"
            raise ToolError(f"{name} has no argument {', '.join(others)}. Its arguments: {has}. {_NOTHING_DONE}")
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            # The SDK passes on what its validator wrote for programmers, on several lines.
            raise ToolError(_refusal(name, known[name], error.__cause__)) from None


def _refusal(tool: str, arguments: Mapping[str, Mapping[str, Any]], error: ValidationError) -> str:
    """Return the sentence that names each wrong argument, and what it must be."""
    wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
    must = "; ".join(f"{name} must be {_form(arguments[name])}" for name in wrong)
    return f"{tool} was called with a wrong or missing argument: {must}. {_NOTHING_DONE}"


def _form(schema: Mapping[str, Any]) -> str:
    """Return in words what an argument must be, by its JSON schema."""
    match schema:
        case {"anyOf": options}:
            return " or ".join(_form(one) for one in options if one.get("type") != "null")
        case {"enum": values}:
            return "one of " + ", ".join(map(str, values))
        case {"type": "array", "items": items}:
            return f"a list, each of its entries {_form(items)}"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number from {least} to {most}"
        case _:
            return "text"
