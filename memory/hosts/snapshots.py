"""Copies of index files in the object store, from which a host that does not know a person loads the person's index."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from memory.core.errors import NotFound
from memory.core.records import user_key
from memory.index import marker
from memory.index.position import Position
from memory.index.search_index import SearchIndex
from memory.index.user_files import LAYOUT
from memory.objects.store import ObjectStore
from memory.storage.engine import Database
from memory.storage.host_schema import change_counts, purges, snapshots
from memory.storage.server_time import ServerTime

PREFIX = "index/"
_SCRATCH = "copy-"
_MIN_CHANGES = 200
"""A person with fewer changes is indexed from the journal sooner than a copy is loaded."""
_SHARE = 10
"""A new copy is made when this part of all changes is newer than the last one."""


class Snapshots:
    """Saves and loads copies of index files.

    A copy counts once its row says that it is whole. A purge deletes the rows, so a copy that is being uploaded meanwhile is
    never used, and its host deletes it.

    Args:
        database: The journal's database.
        index: The index files of this host.
        objects: The object store; None: nothing is saved or loaded.
        host_id: This host.
        embedder: The name of the text embedder.
    """

    def __init__(
        self, database: Database, index: SearchIndex, objects: ObjectStore | None, host_id: str, embedder: str
    ) -> None:
        self._db = database
        self._index = index
        self._objects = objects
        self._host_id = host_id
        self._made = f"{marker.LAYOUT}.{LAYOUT} {embedder}"[:200]

    def load(self, user_id: str) -> bool:
        """Load the newest copy of a person's index file, if this host has none; returns whether it did.

        Raises:
            StorageError: The object store or the folder cannot be used.
        """
        if self._objects is None or self._index.files.has(user_id):
            return False
        mine = (snapshots.c.user_key == user_key(user_id)) & snapshots.c.whole & (snapshots.c.made == self._made)
        query = select(snapshots.c.name).where(mine).order_by(snapshots.c.number.desc()).limit(1)
        query = query.join(change_counts, change_counts.c.era == snapshots.c.era).where(change_counts.c.user_id == user_id)
        with self._db.glance() as connection:
            name = connection.execute(query).scalar()
        if name is None:
            return False
        with self._scratch() as folder:
            file = folder / "snapshot"
            try:
                self._objects.download(name, file)
            except NotFound:
                # It was purged or replaced a moment ago.
                return False
            return self._index.files.adopt(user_id, file)

    def is_due(self, user_id: str) -> bool:
        """Return whether so much changed since the last copy that a new one is worth it."""
        if self._objects is None or not self._index.files.has(user_id):
            return False
        here = self._index.position(user_id)
        mine = (snapshots.c.user_key == user_key(user_id)) & (snapshots.c.made == self._made)
        query = select(func.max(snapshots.c.number)).where(mine, snapshots.c.era == (here.era if here else ""))
        with self._db.glance() as connection:
            saved = connection.execute(query).scalar() or 0
        return here is not None and here.number - saved >= max(_MIN_CHANGES, here.number // _SHARE)

    def save(self, user_id: str) -> bool:
        """Copy a person's index file to the object store, if it is due; returns whether it did.

        Raises:
            StorageError: The object store, the folder or the database cannot be used.
        """
        if self._objects is None or any(self._index.count_shallow(user_id)) or not self.is_due(user_id):
            return False
        key = user_key(user_id)
        name = f"{PREFIX}{key}/{uuid.uuid4().hex}"
        # The row comes first: who purges deletes it, and what was copied meanwhile is not used.
        self._announce(key, name)
        with self._scratch() as folder:
            file = folder / "snapshot"
            self._index.files.copy(user_id, file)
            here = self._index.position_in(file)
            size = file.stat().st_size
            self._objects.upload(name, file)
        if here is None or not self._finish(user_id, name, here, size):
            # Something of the person was purged meanwhile: the copy may contain it.
            self._objects.delete([name])
            return False
        self._drop(key, snapshots.c.name != name, snapshots.c.whole)
        return True

    def forget(self, key: str) -> None:
        """Delete all copies of a person's index file, also one that is being uploaded.

        Args:
            key: `user_key` of the person.

        Raises:
            StorageError: The object store or the database cannot be used.
        """
        with self._db.write() as connection:
            connection.execute(delete(snapshots).where(snapshots.c.user_key == key))
        if self._objects is not None:
            self._objects.delete_prefix(f"{PREFIX}{key}/")

    def forget_own(self, key: str) -> None:
        """Delete the copies that this host made of a person's index file, and objects that no row knows.

        Raises:
            StorageError: The object store or the database cannot be used.
        """
        self._drop(key, snapshots.c.host_id == self._host_id)
        if self._objects is not None:
            there = self._objects.names(f"{PREFIX}{key}/")
            self._objects.delete([name for name in there if name not in self._known(key)])

    def sweep(self) -> None:
        """Delete what a process of this host that was killed left of a copy."""
        for folder in self._index.files.folder.glob(f"{_SCRATCH}*"):
            process = folder.name.removeprefix(_SCRATCH).partition("-")[0]
            if not process.isdigit() or not _is_alive(int(process)):
                shutil.rmtree(folder, ignore_errors=True)

    def count(self, key: str) -> int:
        """Return how many objects the store has of a person's index file."""
        return 0 if self._objects is None else len(self._objects.names(f"{PREFIX}{key}/"))

    def count_before(self, key: str, purge_id: str) -> int:
        """Return how many objects the store has of a person's index file that are older than a purge."""
        if self._objects is None:
            return 0
        there = self._objects.names(f"{PREFIX}{key}/")
        since = select(purges.c.at).where(purges.c.id == purge_id).scalar_subquery()
        newer = self._known(key, snapshots.c.at > since)
        return len([name for name in there if name not in newer])

    def _known(self, key: str, *which: ColumnElement[bool]) -> set[str]:
        query = select(snapshots.c.name).where(snapshots.c.user_key == key, *which)
        with self._db.glance() as connection:
            return set(connection.execute(query).scalars())

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        # Beside the files, so that a copy can be moved into its place.
        prefix = f"{_SCRATCH}{os.getpid()}-"
        with tempfile.TemporaryDirectory(dir=self._index.files.folder, prefix=prefix) as folder:
            yield Path(folder)

    def _announce(self, key: str, name: str) -> None:
        row = {"user_key": key, "name": name, "host_id": self._host_id, "made": self._made}
        values = {**row, "era": "", "number": 0, "bytes": 0, "whole": False, "at": ServerTime()}
        with self._db.write() as connection:
            connection.execute(insert(snapshots).values(values))

    def _finish(self, user_id: str, name: str, here: Position, size: int) -> bool:
        whole = update(snapshots).where(snapshots.c.name == name)
        with self._db.write(user_id) as connection:
            values = {"era": here.era, "number": here.number, "bytes": size, "whole": True}
            return bool(connection.execute(whole.values(values)).rowcount)

    def _drop(self, key: str, *which: ColumnElement[bool]) -> None:
        with self._db.write() as connection:
            dropped = delete(snapshots).where(snapshots.c.user_key == key, *which).returning(snapshots.c.name)
            gone = list(connection.execute(dropped).scalars())
        if self._objects is not None:
            self._objects.delete(gone)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It belongs to another user.
        return True
    return True
