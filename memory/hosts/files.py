"""The index files of a host that shares a journal: a cache that is filled, saved, purged and kept within its limit."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection

from memory.core.background_queue import BackgroundQueue
from memory.core.counts import Counts
from memory.hosts.orphans import Orphans
from memory.hosts.purges import Purges
from memory.hosts.snapshots import Snapshots
from memory.index.host_indexer import HostIndexer
from memory.index.recovery import IndexRecovery
from memory.objects.store import ObjectStore
from memory.storage.engine import Database
from memory.storage.hosts import Hosts
from memory.upcoming.date_rows import Dates

_ALL = ""
DEFAULT_INDEX_LIMIT = 20 * 2**30
"""Most bytes of index files: some 3,000 people with 1,000 turns each."""


class HostFiles:
    """Keeps the index files of this host.

    Args:
        database: The journal's database.
        registry: The hosts.
        indexes: The index files, and what follows the journal.
        objects: The object store; None: index files are made from the journal alone.
        embedder: The name of the text embedder.
        counts: Shows the size of the files, and the open purges, to who runs the service.
        limit: Most bytes of index files; the least recently used are deleted first.

    Attributes:
        purges: The purges that hosts have to acknowledge.
        copies: Copies of index files in the object store.
        orphans: Objects that no row names.

    Raises:
        StorageError: What was purged while this host was down cannot be removed.
    """

    def __init__(
        self,
        database: Database,
        registry: Hosts,
        indexes: IndexRecovery,
        objects: ObjectStore | None,
        embedder: str,
        counts: Counts,
        limit: int,
    ) -> None:
        index, indexer = indexes.search, cast("HostIndexer", indexes.indexer)
        self._index = index
        self._indexer = indexer
        self._limit = limit
        self.copies = Snapshots(database, index, objects, registry.host_id, embedder)
        self.purges = Purges(database, registry, index, indexer, self.copies)
        self.orphans = Orphans(database, objects)
        self._saving = BackgroundQueue("snapshot", self._save)
        self._purging = BackgroundQueue("purge", self._acknowledge)
        self._removing = BackgroundQueue("orphans", lambda _: self.orphans.remove_some())
        if registry.is_new:
            index.files.clear()
        self.copies.sweep()
        self.purges.acknowledge()
        registry.has_files = index.files.any
        indexer.load = self.copies.load
        counts.cache_bytes = index.files.bytes_on_disk
        counts.purges_waiting = self.purges.count_waiting
        registry.with_each_beat(self._look)

    def save_soon(self, user_id: str) -> None:
        """Copy a person's index file to the object store in the background, if enough has changed."""
        self._saving.ask(user_id)

    def catch_up(self, dates: Dates) -> int:
        """Do what no search waits for; returns the number of rows that were copied to Chroma.

        A person whose index file is on another host is left to that one.

        Args:
            dates: The days that messages name.
        """
        self.tidy()
        if self.orphans.is_due():
            self._removing.ask(_ALL)
        for user_id in dates.behind():
            dates.fill(user_id)
        copied = 0
        for user_id in self._indexer.behind():
            if self._index.files.has(user_id):
                copied += self._indexer.mirror(user_id)
                self.save_soon(user_id)
        return copied

    def tidy(self) -> int:
        """Delete the least recently used files beyond the limit; returns how many."""
        return self._index.files.drop_oldest(self._limit)

    def obstacle(self) -> str:
        """Return in a sentence that this host has not purged something yet; empty if it has."""
        return "Something that was forgotten is being removed from this host." if self.purges.has_open() else ""

    def close(self) -> None:
        """Stop the background work."""
        self._saving.close()
        self._purging.close()
        self._removing.close()

    def _look(self, connection: Connection) -> None:
        """With each heartbeat: whether another host has purged something."""
        if self.purges.is_open(connection):
            self._purging.ask(_ALL)

    def _acknowledge(self, _: str) -> bool:
        self.purges.acknowledge()
        return False

    def _save(self, user_id: str) -> bool:
        self.copies.save(user_id)
        return False
