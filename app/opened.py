"""The memory or the service that a command works with, and what is said when the command is left."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from app.console import progress
from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.memory import Memory


def open_memory() -> Memory:
    """Open the memory of the settings' folder, and purge what is due; whoever asks closes it.

    Raises:
        PersonaError: It cannot be opened; the message says what to do.
    """
    # With the call: a command that only prints its help loads none of it.
    from app.factory import build_memory
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
_WAKES_S = 0.2
"""How often what waits for the end looks whether it was told to leave at once."""
FINISHING = "Finishing the step that is being remembered; Ctrl-C leaves at once."
"""Said when what is quick is still done before the program ends."""


@contextmanager
def open_service(user: str, *, work: bool = False) -> Iterator[PersonaService]:
    """Open the service for one person; when it is left, say what of their words is not in memory yet.

    An error of ours says what went wrong, and nothing is said beside it.

    Args:
        user: Who talks.
        work: Remember in the background meanwhile, and finish what is quick before leaving.
    """
    from app.misspelt_settings import misspelt
    from app.service import PersonaService

    for name in misspelt():
        progress(name)
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
            progress(FINISHING)
        _close(service)
    except KeyboardInterrupt:
        progress("\n" + backlog.sentence(left, then))
        _leave_at_once()
    if said := backlog.sentence(service.backlog(user), then):
        progress(said)


def leave_program(service: PersonaService | None, code: int) -> NoReturn:
    """Close the service of a program for several people, say what is not in memory yet, and end; a second Ctrl-C ends at once.

    The service is closed before Python ends: from then on there are no threads for its steps, and Python would wait for those
    that ask a model, without a limit.

    Args:
        service: Of the program; None where nobody came.
        code: The exit code.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    logging.getLogger("app.leaving").addHandler(logging.NullHandler())
    left = service.farewell() if service else ""
    try:
        if service is not None:
            if left:
                progress(FINISHING)
            elif service.writes:
                progress("Ending the reply that is being written; Ctrl-C leaves at once.")
            _close(service)
            left = service.farewell()
    except KeyboardInterrupt:
        code = INTERRUPTED
        progress("")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)
    if left:
        progress(left)
    _leave_at_once(code)


def _close(service: PersonaService) -> None:
    """Close the service in a thread: this one hears Ctrl-C whatever llama.cpp or a server does."""
    closing = threading.Thread(target=service.close, name="persona-closing", daemon=True)
    closing.start()
    while closing.is_alive():
        # A signal that another thread received is noticed by this one once it wakes.
        closing.join(_WAKES_S)


def _leave_at_once(code: int = INTERRUPTED) -> NoReturn:
    """End the program without waiting for threads that wait for a model: as after a kill, what was acknowledged is kept."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


@contextmanager
def open_memory_of(user: str) -> Iterator[Memory]:
    """Open the memory to show what is remembered of a person; after it was shown, say what is not in memory yet."""
    from app import backlog

    with open_memory() as memory:
        yield memory
        left = memory.work.backlog(user)
    if said := backlog.sentence(left, backlog.BY_A_COMMAND):
        progress(said)
