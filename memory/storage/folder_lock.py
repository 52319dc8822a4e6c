"""A lock that gives one process a data folder: Chroma's embedded client does not see the writes of other processes."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from memory.core.errors import FolderInUse, StorageError

_SHARED_WAIT_S = 5.0
"""Longest wait in seconds if two processes that share a folder start at the same time."""


class FolderLock:
    """An operating system lock on a folder; it ends with the process, even after a crash.

    Args:
        folder: The data folder; created when missing, readable only by its owner.
        shared: Allow other processes that also pass `shared`. Journal and vectors are then on servers, and several processes
            can write the rest of the folder (photos, full text).

    Raises:
        FolderInUse: Another process, or another lock in this process, owns the folder.
        StorageError: The folder cannot be created or written.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self._card = folder / "owner.json"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._shared = shared
            # The lock belongs to the process, not to a thread: any thread may close the memory and release it.
            self._lock = FileLock(folder / "owner.lock", thread_local=False)
            if shared:
                # An exclusive owner keeps shared users out; shared users need no lock among themselves.
                with self._lock.acquire(timeout=_SHARED_WAIT_S):
                    return
            self._lock.acquire(timeout=0)
        except Timeout:
            raise FolderInUse(
                f"The data folder {folder} is in use by {self._who()}. Stop that first. `persona page --api` serves the page "
                "and other programs at once. Or let several programs share server stores: set PERSONA_DATABASE_URL and "
                "PERSONA_CHROMA_URL."
            ) from None
        except OSError as error:
            raise StorageError(
                f"The data folder {folder} cannot be used ({error.strerror or error}). "
                "Make it writable, or set PERSONA_DATA_DIR to another one."
            ) from error
        card = {"pid": os.getpid(), "program": program_name(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
        try:
            self._card.write_text(json.dumps(card))
        except OSError as error:
            self._lock.release()
            raise StorageError(
                f"The data folder {folder} cannot be written ({error.strerror or error}). "
                "Free some space, make it writable, or set PERSONA_DATA_DIR to another one."
            ) from error

    def release(self) -> None:
        """Release the folder for other processes."""
        if not self._shared:
            self._card.unlink(missing_ok=True)
            self._lock.release()

    def _who(self) -> str:
        try:
            card = json.loads(self._card.read_text())
            return f"`{card['program']}` (process {card['pid']}, since {card['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another program"


def program_name() -> str:
    """Return the name of this program, with its first argument."""
    return " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:2]])
