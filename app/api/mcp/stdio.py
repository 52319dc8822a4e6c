"""MCP over standard input and output, for a client on this machine that starts `persona mcp`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from app.api.mcp.tools import build
from memory.core.validation import check_user

if TYPE_CHECKING:
    from app.service import PersonaService

_POLL_S = 0.2
"""Seconds between two checks for Ctrl-C."""


def serve(service: PersonaService, user_id: str) -> None:
    """Serve one person's memory until the client closes standard input.

    While it runs, standard output carries the protocol alone: the SDK points file descriptor 1 at standard error. It runs in a
    thread of its own, because the SDK's loop cannot be interrupted while it waits for input.

    Args:
        service: The service; the caller closes it.
        user_id: The person.

    Raises:
        InvalidInput: The user id is not a valid user name.
        KeyboardInterrupt: Ctrl-C. The thread still waits for input.
    """
    name = check_user(user_id)
    server = build(service, lambda: name)
    failed: list[BaseException] = []

    def _serve() -> None:
        try:
            server.run("stdio")
        except BaseException as error:  # noqa: BLE001 - it is raised below
            failed.append(error)

    thread = threading.Thread(target=_serve, name="persona-mcp", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_S)
    if failed:
        raise failed[0]
