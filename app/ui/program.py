"""The program of `persona page`: Streamlit's server in this process, the fetch beside it, and how both are left."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

from app.opened import INTERRUPTED, leave_program
from memory.core.errors import InvalidInput

_HERE = "127.0.0.1"
_LAST_PORT = 65_535


def check_port(port: int) -> None:
    """Check that the page can answer at a port of this machine.

    Raises:
        InvalidInput: Another program answers there, or it is not ours to take.
    """
    with socket.socket() as tried:
        # As the server does it: a connection that was closed a minute ago is no hindrance.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((_HERE, port))
        except PermissionError as error:
            raise InvalidInput(
                f"Port {port} is kept for the system. Choose one from 1024: `persona page --port 8501`."
            ) from error
        except OSError as error:
            other = port + 1 if port < _LAST_PORT else port - 1
            raise InvalidInput(
                f"Port {port} is taken. If the page is open already, it is at http://{_HERE}:{port}; "
                f"if that is another program, choose another port: `persona page --port {other}`."
            ) from error


def run(script: Path, port: int, *, headless: bool, fetch: bool) -> NoReturn:
    """Serve the page until Ctrl-C, and leave.

    Args:
        script: The page's script.
        port: Where it answers.
        headless: Open no browser.
        fetch: Begin to fetch the chat model now, whether or not anybody opens the page.
    """
    from streamlit.web import cli

    from app.models.background_fetch import Fetching
    from app.ui.layout import program

    program.fetching = fetching = Fetching()
    code = 0
    try:
        if fetch:
            fetching.begin()
        options = [f"--server.port={port}", *(["--server.headless=true"] if headless else [])]
        cli.main(["run", str(script), *options], prog_name="streamlit", standalone_mode=False)
    except KeyboardInterrupt:
        # Before the server heard signals itself.
        code = INTERRUPTED
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        fetching.stop()
    leave_program(program.service, code)
