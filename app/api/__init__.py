"""One HTTP server over one memory: OpenAI-compatible chat, REST, and MCP; with API keys."""

__all__ = ["beside", "callers", "guard", "monitoring", "server"]
