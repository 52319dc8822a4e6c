"""`persona mcp`: the memory as an MCP server over standard input and output."""

from __future__ import annotations

import logging

from app.console import User, progress
from memory.core import extras


def mcp(user: User = "me") -> None:
    """Serve one person's memory to an MCP client that starts this command: Claude Desktop, Claude Code, Cursor, VS Code."""
    extras.require("api")
    from app.api.mcp.stdio import serve
    from app.misspelt_settings import misspelt
    from app.opened import INTERRUPTED, leave_program
    from app.service import PersonaService

    for name in misspelt():
        progress(name)
    # Standard output is the protocol's: what libraries log goes to standard error, and nothing below a warning.
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    service, code = PersonaService.from_settings(), 0
    try:
        serve(service, user)
    except KeyboardInterrupt:
        code = INTERRUPTED
    # It does not wait for the thread that still reads standard input.
    leave_program(service, code)
