"""The memory as an MCP server, over HTTP at `/mcp` and over stdio: tools, resources and a prompt for other assistants."""

__all__ = ["routes", "stdio", "tools"]
