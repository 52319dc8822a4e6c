"""The options of programs that serve nobody, but answer monitors: `persona page` and `persona work --forever`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from memory.core import extras

if TYPE_CHECKING:
    from app.operations.stopping import Stopping
    from app.service import PersonaService

HealthPort = Annotated[
    int | None,
    typer.Option("--health-port", min=1, max=65_535, help="A port that answers /health, /ready and /metrics. Default: none."),
]
HealthHost = Annotated[
    str, typer.Option("--health-host", help="The address for --health-port; from elsewhere, /metrics needs a key.")
]
MetricsKey = Annotated[
    str, typer.Option("--metrics-key", help="The id of the key that may read the counts of all people at /metrics.")
]


def health(
    port: int, host: str, metrics_key: str, stopping: Stopping
) -> Callable[[PersonaService], AbstractContextManager[object]]:
    """Return what answers monitors beside a program, over the program's service.

    Raises:
        PersonaError: The extra `api` is not installed, or nothing can listen there.
    """
    extras.require("api")
    from app.api import monitoring
    from app.api.beside import check_port, served

    check_port(port, host, "--health-port PORT")

    def answering(service: PersonaService) -> AbstractContextManager[object]:
        app = monitoring.alone(service, host=host, metrics_key=metrics_key, stopping=stopping)
        return served(service, port, app, host)

    return answering
