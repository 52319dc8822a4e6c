"""Opens the memory or the service for a command, and reports unfinished work when the command ends."""

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
    from memory.imports.reading import Reading
    from memory.memory import Memory
    from memory.storage.api_keys import ApiKeys


def open_memory() -> Memory:
    """Open the memory that the settings name, and purge what is due; the caller closes it.

    Raises:
        PersonaError: The memory cannot be opened; the message says what to do.
    """
    # Imported here, so that a command that only prints its help stays fast.
    from app.factory import build_memory
    from app.settings import Settings

    memory = build_memory(Settings())
    try:
        # Every command purges, because no other program may run for months.
        memory.purge_due()
    except BaseException:
        memory.close()
        raise
    return memory


@contextmanager
def open_keys(*, owner: bool = False) -> Iterator[ApiKeys]:
    """Open the API keys alone: a running server keeps the data folder, and its keys can be made and revoked meanwhile.

    Args:
        owner: For a program that then opens the memory: nothing is opened while another one owns the data folder.

    Raises:
        FolderInUse: Another process owns the folder, which `owner` does not allow.
        StorageError: The journal cannot be opened.
    """
    from app.factory import open_journal, several_hosts
    from app.settings import Settings
    from memory.storage.api_keys import ApiKeys
    from memory.storage.folder_lock import FolderLock

    settings = Settings()
    lock = FolderLock(settings.data_dir.expanduser(), shared=several_hosts(settings)) if owner else None
    try:
        database = open_journal(settings)
        try:
            yield ApiKeys(database)
        finally:
            database.close()
    finally:
        if lock is not None:
            lock.release()


@contextmanager
def open_reading() -> Iterator[Reading]:
    """Open the pauses of imports alone: while a program does the work, its reading can be paused from another one."""
    from app.factory import open_journal
    from app.settings import Settings
    from memory.imports.reading import Reading

    database = open_journal(Settings())
    try:
        yield Reading(database)
    finally:
        database.close()


INTERRUPTED = 130
"""The exit code after Ctrl-C."""
_POLL_S = 0.2
"""Seconds between two checks for Ctrl-C while the service closes."""
FINISHING = "Finishing the current step of remembering. Press Ctrl-C to quit at once."
"""Printed while quick steps are finished before the program ends."""


@contextmanager
def open_service(user: str, *, work: bool = False) -> Iterator[PersonaService]:
    """Open the service for one user; at the end, print which messages are not in memory yet.

    After a `PersonaError`, only the error is printed.

    Args:
        user: The user.
        work: Remember in the background, and finish quick steps before the end.
    """
    from app.misspelt_settings import misspelt
    from app.service import PersonaService

    for name in misspelt():
        progress(name)
    # The command prints it below, for its one user.
    for name in ("app.leaving", "app.worker"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    service = PersonaService.from_settings(work=work)
    try:
        yield service
    except PersonaError:
        service.close()
        raise
    except BaseException:
        # Usually Ctrl-C.
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
    """Close the service of a program with several users, print what is not in memory yet, and exit.

    A second Ctrl-C exits at once. The service is closed before Python shuts down: after that no step can start a thread, and
    Python would wait without limit for threads that call a model.

    Args:
        service: The service; None if no page was opened.
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
                progress("Stopping the reply in progress. Press Ctrl-C to quit at once.")
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
    """Close the service in a thread, so that this thread receives Ctrl-C whatever llama.cpp or a server does."""
    closing = threading.Thread(target=service.close, name="persona-closing", daemon=True)
    closing.start()
    while closing.is_alive():
        # This thread notices a signal that another thread received when it wakes up.
        closing.join(_POLL_S)


def _leave_at_once(code: int = INTERRUPTED) -> NoReturn:
    """Exit without waiting for threads that call a model; as after a kill, acknowledged messages are saved."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


@contextmanager
def open_memory_of(user: str) -> Iterator[Memory]:
    """Open the memory to show memories of one user; at the end, print which messages are not in memory yet."""
    from app import backlog

    with open_memory() as memory:
        yield memory
        left = memory.work.backlog(user)
    if said := backlog.sentence(left, backlog.BY_A_COMMAND):
        progress(said)
