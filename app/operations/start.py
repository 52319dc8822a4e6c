"""Begins what a long-running program needs as a service, as the settings say; without settings, nothing."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from app.operations import logs, tracing

if TYPE_CHECKING:
    from app.settings import Settings


def as_service(settings: Settings) -> None:
    """Begin structured logs and traces if the settings ask for them.

    Raises:
        PersonaError: Traces are asked for, and their extra is not installed or their URL is none.
    """
    if settings.log_format == "json":
        logs.write_json()
    if settings.otlp_url:
        atexit.register(tracing.start(settings.otlp_url))
