"""The memory or the service that a command works with, and what is said when the command is left."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from app.console import progress
from memory.errors import PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.store import Memory


def open_memory() -> Memory:
    """Open the memory of the settings' folder, and purge what is due; whoever asks closes it.

    Raises:
        PersonaError: It cannot be opened; the message says what to do.
    """
    # With the call: a command that only prints its help loads none of it.
    from app.build import build_memory
    from app.settings import Settings

    memory = build_memory(Settings())
    try:
        # Whoever comes by sees to it: nothing else may run for months.
        memory.purge_due()
    except BaseException:
        memory.close()
        raise
    return memory


INTERRUPTED = 130
"""The exit code after Ctrl-C."""


@contextmanager
def open_service(user: str, *, work: bool = False) -> Iterator[PersonaService]:
    """Open the service for one person; when it is left, say what of their words is not in memory yet.

    An error of ours says what went wrong, and nothing is said beside it.

    Args:
        user: Who talks.
        work: Remember in the background meanwhile, and finish what is quick before leaving.
    """
    from app.service import PersonaService

    # Said below, to the one person who is here.
    for name in ("app.leaving", "app.worker"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    service = PersonaService.from_settings(work=work)
    try:
        yield service
    except PersonaError:
        service.close()
        raise
    except BaseException:
        # Ctrl-C, mostly.
        _leave(service, user, work=work)
        raise
    else:
        _leave(service, user, work=work)


def _leave(service: PersonaService, user: str, *, work: bool) -> None:
    from app import backlog

    left = service.backlog(user)
    then = backlog.AT_THE_NEXT_START if work else backlog.BY_A_COMMAND
    try:
        if work and left:
            progress("Finishing the step that is being remembered; Ctrl-C leaves at once.")
        service.close()
    except KeyboardInterrupt:
        progress("\n" + backlog.sentence(left, then))
        _leave_at_once()
    if said := backlog.sentence(service.backlog(user), then):
        progress(said)


def _leave_at_once() -> NoReturn:
    """End the program without waiting for threads that wait for a model: as after a kill, what was acknowledged is kept."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(INTERRUPTED)


@contextmanager
def open_memory_of(user: str) -> Iterator[Memory]:
    """Open the memory to show what is remembered of a person; after it was shown, say what is not in memory yet."""
    from app import backlog

    with open_memory() as memory:
        yield memory
        left = memory.pending.backlog(user)
    if said := backlog.sentence(left, backlog.BY_A_COMMAND):
        progress(said)
