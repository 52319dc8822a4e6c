"""Serves the API inside another program of this machine, such as the page: both use one service, so one data folder."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from app.api.server import ApiServer, build
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.service import PersonaService

_HOST = "127.0.0.1"
_BACKLOG = 128
_GRACE_S = 2
"""Seconds that running requests get at the end: the service saves the shown part of their replies."""


@contextmanager
def served(service: PersonaService, port: int) -> Iterator[str]:
    """Serve programs of this machine while the block runs, in a thread of its own.

    Args:
        service: The open service; the caller closes it after the block.
        port: The port; 0: any free one.

    Yields:
        The server's URL. It takes connections already.

    Raises:
        InvalidInput: Another program uses the port.
    """
    listening = _listen(port)
    config = uvicorn.Config(
        build(service, host=_HOST), log_level="critical", access_log=False, server_header=False,
        timeout_graceful_shutdown=_GRACE_S, lifespan="on",
    )  # fmt: skip
    server = ApiServer(config, service, lambda _url: None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="persona-api", daemon=True)
    thread.start()
    try:
        yield f"http://{_HOST}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def check_port(port: int) -> None:
    """Raise InvalidInput if another program uses the port."""
    _listen(port).close()


def _listen(port: int) -> socket.socket:
    """Return a socket that listens: connections wait in it until the server accepts them."""
    listening = socket.socket()
    # As uvicorn does: a connection that was closed a minute ago must not block the port.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise InvalidInput(
            f"The API cannot listen on port {port} ({error.strerror}). "
            "Choose another one: `persona page --api --api-port PORT`."
        ) from error
    return listening
