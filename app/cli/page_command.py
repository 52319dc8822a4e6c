"""`persona page`: opens the web page, while the chat model may still be downloading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.health_options import HealthHost, HealthPort, MetricsKey, health
from app.console import progress
from memory.core import extras
from memory.core.errors import StorageError

if TYPE_CHECKING:
    from app.service import PersonaService

_PLACES = (Path(__file__).parents[2] / "streamlit_app.py", Path(__file__).parents[1] / "streamlit_app.py")
"""The page's script in a checkout and in an installed package; Streamlit reads its settings from the same folder."""


def page(
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="The port on this machine.")] = 8501,
    headless: Annotated[bool, typer.Option("--headless", help="Do not open a browser.")] = False,
    api: Annotated[
        bool, typer.Option("--api", help="Also serve programs on this machine over the same memory, as `persona api` does.")
    ] = False,
    api_port: Annotated[int, typer.Option("--api-port", min=1, max=65_535, help="The port for `--api`.")] = 8600,
    health_port: HealthPort = None,
    health_host: HealthHost = "127.0.0.1",
    metrics_key: MetricsKey = "",
) -> None:
    """Open the web page; small models are downloaded first, the chat model while the page is already open."""
    from app.operations.stopping import Stopping, interrupt_on_sigterm

    # Before anything else is imported: libraries start threads of their own.
    interrupt_on_sigterm(stopping := Stopping())
    from app.cli import embedder_choice
    from app.cli.model_commands import ask_on_terminal
    from app.misspelt_settings import misspelt
    from app.models.first_models import can_ask, embedder_wanted, prepare_first
    from app.models.transfer import bars, in_words
    from app.operations.start import as_service
    from app.settings import Settings
    from app.ui.program import check_port, run

    script = next((place for place in _PLACES if place.is_file()), None)
    if script is None:
        raise StorageError("The script of the page is missing. Install PersonaVLM again.")
    check_port(port)
    as_service(Settings())
    beside = [_api(api_port)] if api else []
    if health_port is not None:
        beside.append(health(health_port, health_host, metrics_key, stopping))
    for name in misspelt():
        progress(name)
    with bars() as shown:
        missing = prepare_first(shown, ask=ask_on_terminal if can_ask() else None)
        embedder_choice.make_ready(embedder_wanted(), shown)
    if missing is not None:
        progress(
            f"The chat model ({in_words(missing.size)}) is downloaded while the page is open, which takes some minutes. "
            "The progress is shown below and on the page."
        )
    progress(f"The page opens in a few seconds at http://127.0.0.1:{port} (only on this machine). Press Ctrl-C to stop it.")
    run(script, port, headless=headless, fetch=missing is not None, beside=beside)


def _api(port: int) -> Callable[[PersonaService], AbstractContextManager[object]]:
    """Return what serves the API beside the page, over the page's service."""
    extras.require("api")
    from app.api.beside import check_port, served

    check_port(port)

    @contextmanager
    def announced(service: PersonaService) -> Iterator[None]:
        with served(service, port) as url:
            progress(f"Programs connect to {url} (chat under /v1, REST under /api/v1, MCP under /mcp).")
            yield

    return announced
