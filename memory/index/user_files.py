"""The files of the search index: one SQLite file per user, opened on demand."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from memory.core.errors import StorageError
from memory.core.records import user_key
from memory.embedding.token_vectors import Bytes
from memory.index.bm25 import Lengths
from memory.index.turn_traits import Traits
from memory.index.vectors import VectorIndex

_BUSY_S = 30.0
"""Longest wait in seconds while another process writes."""
_MAX_OPEN_FILES = 128
_MAX_CACHED_BYTES = 768 * 2**20
"""Most memory for the caches of all users: enough for 1,500 users with 80 memories and 80 turns, or 3 with 100,000 turns."""
_MAX_CACHED_ENTRIES, _ENTRY_BYTES = 20_000, 2_800
"""Most entries whose token vectors are cached per user, and the approximate size of one."""
_MMAP_BYTES = 2**31
LAYOUT = 4
"""Version of the tables, stored in the file's header; a file with this version has all tables."""


@dataclass
class UserFile:
    """The open file and the caches of one user. A thread must have the lock to use them."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    connection: sqlite3.Connection | None = None
    vectors: dict[str, VectorIndex] = field(default_factory=dict)
    """The loaded vectors, by kind."""
    read: dict[str, tuple[Traits, Bytes]] = field(default_factory=dict)
    """Traits and token vectors that searches loaded for their candidates, by entry id."""
    lengths: dict[str, Lengths] = field(default_factory=dict)
    """The lengths of texts, by full-text table."""
    version: int | None = None
    """The file's version when the caches were loaded; another process may have written since."""

    def keep(self, read: dict[str, tuple[Traits, Bytes]]) -> None:
        """Cache the loaded data of entries for the next search."""
        if len(self.read) > _MAX_CACHED_ENTRIES:
            self.read.clear()
        self.read |= read

    @property
    def bytes(self) -> int:
        """Approximate size of the caches in bytes."""
        arrays: list[VectorIndex | Lengths] = [*self.vectors.values(), *self.lengths.values()]
        return sum(one.bytes for one in arrays) + _ENTRY_BYTES * len(self.read)

    def let_go(self) -> None:
        """Empty the caches, which are loaded again on demand."""
        self.vectors.clear()
        self.read.clear()
        self.lengths.clear()


class UserFiles:
    """Opens the users' files in a folder.

    Args:
        folder: The folder; created when missing. None: nothing is written, and everything is gone when it is closed.
        tables: The SQL that creates a new file's tables.
        shared: Whether other processes use the files too; they may delete a user.

    Raises:
        StorageError: The folder cannot be created.
    """

    def __init__(self, folder: Path | None, tables: str, *, shared: bool) -> None:
        self._in_memory = folder is None
        self._folder = folder or Path()
        self._tables = tables
        self._shared = shared
        self._users: OrderedDict[str, UserFile] = OrderedDict()
        self._lock = threading.Lock()
        self.was_removed = False
        """Whether a file was deleted while it was open."""
        if not self._in_memory:
            self._make_folder()

    @contextmanager
    def use(self, user_id: str) -> Iterator[tuple[sqlite3.Connection, UserFile]]:
        """Open a user's file for this thread alone.

        Raises:
            StorageError: The file cannot be used.
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
                    f"The full-text index in {self._folder} cannot be used ({error}). Make it writable, free some space, "
                    "or run `persona reindex`."
                ) from error
            more = held != (file.connection, len(file.vectors))
        if more:
            self._tidy()

    def _tidy(self) -> None:
        """Close the least recently used files, and empty their caches, if there are too many."""
        with self._lock:
            users = list(self._users.items())
        opened = [(key, file) for key, file in users if file.connection is not None]
        for _, file in opened[: max(0, len(opened) - _MAX_OPEN_FILES)]:
            _if_free(file, file_only=True)
        held = sum(file.bytes for _, file in users)
        for _, file in users[:-1]:
            if held <= _MAX_CACHED_BYTES:
                break
            held -= file.bytes
            _if_free(file, file_only=False)

    @property
    def folder(self) -> Path:
        """The folder with the files."""
        return self._folder

    def has(self, user_id: str) -> bool:
        """Return whether the user has a file that is not empty."""
        path = self._path(user_key(user_id))
        return path.is_file() and path.stat().st_size > 0

    def files_of(self, user_id: str) -> int:
        """Return the number of the user's files."""
        return len(list(self._folder.glob(f"{user_key(user_id)}.db*")))

    def delete_user(self, user_id: str) -> None:
        """Delete the user's files."""
        self.delete_key(user_key(user_id))

    def delete_key(self, key: str) -> int:
        """Delete the files of a user whose `user_key` this is; returns how many bytes they had."""
        with self._lock:
            file = self._users.setdefault(key, UserFile())
        with file.lock:
            _close(file)
            paths = list(self._folder.glob(f"{key}.db*"))
            size = sum(_size(path) for path in paths)
            for path in paths:
                path.unlink(missing_ok=True)
        return size

    def copy(self, user_id: str, target: Path) -> None:
        """Write a compact copy of a user's file, as it is now; searches and writes go on meanwhile.

        Raises:
            StorageError: The file cannot be read, or the copy cannot be written.
        """
        try:
            with closing(sqlite3.connect(self._path(user_key(user_id)), timeout=_BUSY_S)) as own:
                own.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise StorageError(f"The index file could not be copied ({error}). Free some space in {target.parent}.") from error

    def adopt(self, user_id: str, made: Path) -> bool:
        """Move a copy to the place of a user's file; False if the user has one, or the copy is damaged or of another layout."""
        key = user_key(user_id)
        with self._lock:
            file = self._users.setdefault(key, UserFile())
        with file.lock:
            if self.has(user_id) or not _is_whole(made):
                made.unlink(missing_ok=True)
                return False
            _close(file)
            made.replace(self._path(key))
        return True

    def bytes_on_disk(self) -> int:
        """Return the bytes of all files."""
        return sum(_size(path) for path in self._folder.glob("*.db*"))

    def any(self) -> bool:
        """Return whether the folder has a file of anybody, also one that a killed process left half written."""
        return any(path.is_file() for path in self._folder.rglob("*"))

    def drop_oldest(self, limit: int) -> int:
        """Delete the files that were used least recently until all take at most `limit` bytes; returns how many.

        Only for hosts that share a journal, which can make them again.
        """
        paths = sorted(self._folder.glob("*.db"), key=_used_at)
        held, dropped = self.bytes_on_disk(), 0
        for path in paths[:-1]:
            if held <= limit:
                break
            held -= self.delete_key(path.stem)
            dropped += 1
        return dropped

    def clear(self) -> None:
        """Delete all files."""
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
                f"The full-text index cannot be stored in {self._folder} ({error.strerror}). Make the folder writable."
            ) from error

    def _connected(self, path: Path, file: UserFile) -> sqlite3.Connection:
        if self._in_memory:
            file.connection = file.connection or _connect(":memory:", self._tables)
            return file.connection
        if file.connection is not None and not path.exists():
            # The open file was deleted from the folder.
            _close(file)
            if not self._shared:
                self.was_removed = True
                raise StorageError("The full-text index was removed while it was in use. Run `persona reindex`.")
            # Another process deleted the user.
        if file.connection is None:
            if self._shared:
                # The files of a host are a cache: a folder that was deleted is made again.
                self._make_folder()
            file.connection = _connect(path, self._tables)
            if self._shared:
                file.let_go()
                # The least recently used files are deleted first, when there are too many.
                os.utime(path)
        if self._shared:
            version = file.connection.execute("PRAGMA data_version").fetchone()[0]
            if version != file.version:
                file.let_go()
                file.version = version
        return file.connection


def _if_free(file: UserFile, *, file_only: bool) -> None:
    # If another thread has the lock, the file is in use and not a least recently used one.
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


def _connect(path: Path | str, tables: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    # After a power cut the index is rebuilt from the journal, so writes need not wait for the disk. With memory mapping,
    # reading hundreds of entries copies no pages.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", f"mmap_size={_MMAP_BYTES}"):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
        connection.executescript(f"{tables}; PRAGMA user_version = {LAYOUT}")
    return connection


def _is_whole(path: Path) -> bool:
    """Return whether a file is an index file of this layout, without damage."""
    try:
        with closing(sqlite3.connect(path)) as file:
            layout = file.execute("PRAGMA user_version").fetchone()[0]
            return bool(layout == LAYOUT and file.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
