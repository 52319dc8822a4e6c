"""Serves the API, or what monitors ask, inside another program such as the page: both use one service, so one data folder."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from app.api.server import ApiServer, build
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.service import PersonaService

_HOST = "127.0.0.1"
_BACKLOG = 128
_HOW = "`persona page --api --api-port PORT`"
_GRACE_S = 2
"""Seconds that running requests get at the end: the service saves the shown part of their replies."""


@contextmanager
def served(service: PersonaService, port: int, app: FastAPI | None = None, host: str = _HOST) -> Iterator[str]:
    """Serve while the block runs, in a thread of its own.

    Args:
        service: The open service; the caller closes it after the block.
        port: The port; 0: any free one.
        app: What is served; None: the API.
        host: The address to listen on.

    Yields:
        The server's URL. It takes connections already.

    Raises:
        InvalidInput: Another program uses the port.
    """
    listening = _listen(port, host)
    config = uvicorn.Config(
        app or build(service, host=host), log_level="critical", access_log=False, server_header=False,
        timeout_graceful_shutdown=_GRACE_S, lifespan="on",
    )  # fmt: skip
    logging.getLogger("uvicorn.access").addFilter(_nothing)
    server = ApiServer(config, service, lambda _url: None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="persona-api", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _nothing(_record: logging.LogRecord) -> bool:
    """Let no line of uvicorn's access log through: Streamlit turns it on for both servers, and its paths name people."""
    return False


def check_port(port: int, host: str = _HOST, how: str = _HOW) -> None:
    """Raise InvalidInput if another program uses the port; `how` says how to choose another one."""
    _listen(port, host, how).close()


def _listen(port: int, host: str, how: str = _HOW) -> socket.socket:
    """Return a socket that listens: connections wait in it until the server accepts them."""
    listening = socket.socket()
    # As uvicorn does: a connection that was closed a minute ago must not block the port.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise InvalidInput(f"The API cannot listen on port {port} ({error.strerror}). Choose another one: {how}.") from error
    return listening
