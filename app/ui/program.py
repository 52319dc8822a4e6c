"""Runs `persona page`: Streamlit's server and the model download in this process, and how both stop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.opened import INTERRUPTED, leave_program
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.service import PersonaService

_HERE = "127.0.0.1"
_LAST_PORT = 65_535


def check_port(port: int) -> None:
    """Check that the page can listen on a port of this machine.

    Raises:
        InvalidInput: Another program uses the port, or it is reserved for the system.
    """
    with socket.socket() as tried:
        # The server sets this too: a connection closed a minute ago must not block the port.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((_HERE, port))
        except PermissionError as error:
            raise InvalidInput(
                f"Port {port} is reserved for the system. Choose a port from 1024: `persona page --port 8501`."
            ) from error
        except OSError as error:
            other = port + 1 if port < _LAST_PORT else port - 1
            raise InvalidInput(
                f"Port {port} is in use. If the page is already open, it is at http://{_HERE}:{port}. "
                f"Otherwise choose another port: `persona page --port {other}`."
            ) from error


def run(
    script: Path,
    port: int,
    *,
    headless: bool,
    fetch: bool,
    beside: Sequence[Callable[[PersonaService], AbstractContextManager[object]]] = (),
) -> NoReturn:
    """Serve the page until Ctrl-C, then exit.

    Args:
        script: The page's script.
        port: The port that the page listens on.
        headless: Do not open a browser.
        fetch: Start downloading the chat model now, before the page is opened.
        beside: Each takes the service of the page, and serves something else with it until the page stops.

    Raises:
        PersonaError: The memory cannot be opened for what is served beside the page.
    """
    from streamlit.web import cli

    from app.models.background_fetch import Fetching
    from app.ui.layout import open_service, program

    program.fetching = fetching = Fetching()
    code = 0
    # Without anything beside it, the service is opened with the first page, which then shows why it cannot be.
    also = ExitStack()
    if beside:
        program.opened = service = open_service()
    try:
        if fetch:
            fetching.begin()
        options = [f"--server.port={port}", *(["--server.headless=true"] if headless else [])]
        with also:
            for part in beside:
                also.enter_context(part(service))
            cli.main(["run", str(script), *options], prog_name="streamlit", standalone_mode=False)
    except KeyboardInterrupt:
        # Ctrl-C came before the server installed its signal handlers.
        code = INTERRUPTED
    except RuntimeError as error:
        # Click's form of the same; Click is Streamlit's, and not ours to import.
        if type(error).__name__ != "Abort":
            raise
        code = INTERRUPTED
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        fetching.stop()
    leave_program(program.service, code)
