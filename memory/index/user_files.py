"""One SQLite file a user, opened when it is needed: what searches look into."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from memory.core.errors import StorageError
from memory.core.records import user_key
from memory.embedding.token_vectors import Bytes
from memory.index.bm25 import Lengths
from memory.index.turn_traits import Traits
from memory.index.vectors import VectorIndex

_BUSY_S = 30.0
"""For so long another process may write."""
_OPEN_FILES = 128
_HELD_BYTES = 768 * 2**20
"""In memory, of all users: 1,500 users of 80 memories and as many turns, or three of 100,000 turns, by what each takes."""
_READ_ENTRIES, _ENTRY_BYTES = 20_000, 2_800
"""So many entries' tokens are kept of one user; each takes about so much."""
_MAPPED = 2**31
_LAYOUT = 1
"""Of the tables, in the file's own header: a file that has it need not be asked for each of them."""


@dataclass
class UserFile:
    """What is open of one user. Whoever uses it holds its lock."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    connection: sqlite3.Connection | None = None
    vectors: dict[str, VectorIndex] = field(default_factory=dict)
    """By kind, as far as they were read."""
    read: dict[str, tuple[Traits, Bytes]] = field(default_factory=dict)
    """By entry, what looks read of their candidates."""
    lengths: dict[str, Lengths] = field(default_factory=dict)
    """By full text, of the words of its texts."""
    version: int | None = None
    """Of the file, as it was when these were read; another process may have written since."""

    def keep(self, read: dict[str, tuple[Traits, Bytes]]) -> None:
        """Keep what was read of some entries, for the next look."""
        if len(self.read) > _READ_ENTRIES:
            self.read.clear()
        self.read |= read

    @property
    def bytes(self) -> int:
        """Say how much memory it takes, about."""
        arrays: list[VectorIndex | Lengths] = [*self.vectors.values(), *self.lengths.values()]
        return sum(one.bytes for one in arrays) + _ENTRY_BYTES * len(self.read)

    def let_go(self) -> None:
        """Forget what was read: it is read again when it is asked for."""
        self.vectors.clear()
        self.read.clear()
        self.lengths.clear()


class UserFiles:
    """Opens the files of a folder.

    Args:
        folder: Where they lie; made when missing.
        tables: What makes a new file's tables.
        shared: Other processes use them too, and may delete a user.

    Raises:
        StorageError: The folder cannot be made.
    """

    def __init__(self, folder: Path, tables: str, *, shared: bool) -> None:
        self._folder = folder
        self._tables = tables
        self._shared = shared
        self._users: OrderedDict[str, UserFile] = OrderedDict()
        self._lock = threading.Lock()
        self.was_removed = False
        """A file went away while it was open."""
        self._make_folder()

    @contextmanager
    def use(self, user_id: str) -> Iterator[tuple[sqlite3.Connection, UserFile]]:
        """Have a user's file for oneself.

        Raises:
            StorageError: It cannot be used.
        """
        key = user_key(user_id)
        with self._lock:
            file = self._users.setdefault(key, UserFile())
            self._users.move_to_end(key)
        with file.lock:
            held = file.connection, len(file.vectors)
            try:
                yield self._connected(self._path(key), file), file
            except sqlite3.Error as error:
                raise StorageError(
                    f"The full-text index in {self._folder} cannot be used ({error}). Let it be written, free some space, "
                    "or run `persona reindex`."
                ) from error
            more = held != (file.connection, len(file.vectors))
        if more:
            self._tidy()

    def _tidy(self) -> None:
        """Close the files, and let go of the vectors, that were not used for longest, where there are many."""
        with self._lock:
            users = list(self._users.items())
        opened = [(key, file) for key, file in users if file.connection is not None]
        for _, file in opened[: max(0, len(opened) - _OPEN_FILES)]:
            _if_free(file, file_only=True)
        held = sum(file.bytes for _, file in users)
        for _, file in users[:-1]:
            if held <= _HELD_BYTES:
                break
            held -= file.bytes
            _if_free(file, file_only=False)

    def has(self, user_id: str) -> bool:
        """Say whether there is anything of the user."""
        path = self._path(user_key(user_id))
        return path.is_file() and path.stat().st_size > 0

    def files_of(self, user_id: str) -> int:
        """Count the user's files."""
        return len(list(self._folder.glob(f"{user_key(user_id)}.db*")))

    def delete_user(self, user_id: str) -> None:
        """Remove the user's file."""
        key = user_key(user_id)
        with self._lock:
            file = self._users.setdefault(key, UserFile())
        with file.lock:
            _close(file)
            for path in self._folder.glob(f"{key}.db*"):
                path.unlink()

    def start_anew(self) -> None:
        """Remove all files."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._make_folder()
        self.was_removed = False

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            files = list(self._users.values())
        for file in files:
            with file.lock:
                _close(file)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.db"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The full-text index cannot be kept in {self._folder} ({error.strerror}). Let it be written."
            ) from error

    def _connected(self, path: Path, file: UserFile) -> sqlite3.Connection:
        if file.connection is not None and not path.exists():
            # What is open is a file without a name.
            _close(file)
            if not self._shared:
                self.was_removed = True
                raise StorageError("The full-text index was removed while it was in use. Run `persona reindex`.")
            # Another process deleted the user.
        if file.connection is None:
            file.connection = _connect(path, self._tables)
            if self._shared:
                file.let_go()
        if self._shared:
            version = file.connection.execute("PRAGMA data_version").fetchone()[0]
            if version != file.version:
                file.let_go()
                file.version = version
        return file.connection


def _if_free(file: UserFile, *, file_only: bool) -> None:
    # Somebody uses it at this moment: it is not the one that was not used for longest.
    if file.lock.acquire(blocking=False):
        try:
            if not file_only:
                file.let_go()
            elif file.connection is not None:
                file.connection.close()
                file.connection = None
        finally:
            file.lock.release()


def _close(file: UserFile) -> None:
    file.let_go()
    if file.connection is not None:
        file.connection.close()
        file.connection = None


def _connect(path: Path, tables: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    # The journal is the record: after a power cut the index is rebuilt from it, so it need not wait for the disk.
    # Mapped, a read of hundreds of entries copies no pages.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", f"mmap_size={_MAPPED}"):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA user_version").fetchone()[0] != _LAYOUT:
        connection.executescript(f"{tables}; PRAGMA user_version = {_LAYOUT}")
    return connection
