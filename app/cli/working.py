"""`persona work --forever`: a process that remembers for all people until it is told to end."""

from __future__ import annotations

import signal
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NoReturn

from app.cli.health_options import health
from app.console import progress
from app.opened import INTERRUPTED, leave_program
from app.operations.start import as_service
from app.operations.stopping import Stopping
from app.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

_POLL_S = 0.5
"""Seconds between two checks whether a signal came: another thread may have received it."""


def work_on(*, retry: bool, health_port: int | None, health_host: str, metrics_key: str) -> NoReturn:
    """Do background work until Ctrl-C or SIGTERM, and then exit; after SIGTERM within 10 seconds.

    Args:
        retry: First put the steps that were set aside back into the queue.
        health_port: The port for monitors; None: none.
        health_host: The address for monitors.
        metrics_key: The id of the key whose holder may read the numbers of the whole machine.

    Raises:
        PersonaError: The memory cannot be opened, or the port is in use.
    """
    from app.misspelt_settings import misspelt
    from app.service import PersonaService

    settings, stopping, ended, code = Settings(), Stopping(), threading.Event(), 0
    as_service(settings)
    for name in misspelt():
        progress(name)

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal code
        if number == signal.SIGTERM:
            stopping.begin()
        else:
            code = INTERRUPTED
        ended.set()

    answers = None if health_port is None else health(health_port, health_host, metrics_key, stopping)
    service = PersonaService.from_settings(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if retry:
        service.retry()
    also: AbstractContextManager[object] = nullcontext() if answers is None else answers(service)
    with also:
        progress("Remembering for everybody. Press Ctrl-C to stop.")
        while not ended.wait(_POLL_S):
            pass
    leave_program(service, code)
