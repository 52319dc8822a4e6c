"""What is purged on one host is removed from the files of all hosts: each acknowledges each purge."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, delete, exists, func, insert, select

from memory.core.host_purge import HostPurge
from memory.core.records import user_key
from memory.hosts.snapshots import Snapshots
from memory.index.host_indexer import HostIndexer
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.host_schema import hosts, purge_acks, purges
from memory.storage.hosts import Hosts
from memory.storage.server_time import ServerTime

_LONGEST_WAIT_S = 20.0
"""A living host acknowledges within one heartbeat of 3 seconds and the time that it takes to rewrite one index file."""
_POLL_S = 0.1
_ACKNOWLEDGED = exists().where(purge_acks.c.purge_id == purges.c.id, purge_acks.c.host_id == hosts.c.id)
_CONCERNED = hosts.c.since <= purges.c.at
"""A host that is newer than a purge never had what it removes."""


class Purges:
    """The purges that hosts have to acknowledge.

    Args:
        database: The journal's database.
        registry: The hosts.
        index: The index files of this host.
        indexer: Follows the journal.
        copies: Copies of index files in the object store.
    """

    def __init__(
        self, database: Database, registry: Hosts, index: SearchIndex, indexer: HostIndexer, copies: Snapshots
    ) -> None:
        self._db = database
        self._hosts = registry
        self._index = index
        self._indexer = indexer
        self._copies = copies
        self._lock = threading.Lock()
        mine = (purge_acks.c.purge_id == purges.c.id) & (purge_acks.c.host_id == registry.host_id)
        since = select(hosts.c.since).where(hosts.c.id == registry.host_id).scalar_subquery()
        self._open = select(purges).where(~exists().where(mine), purges.c.at >= since).order_by(purges.c.at, purges.c.id)

    def announce(self, user_id: str, rows: Sequence[str] | None) -> str:
        """Tell all hosts to remove rows of a person, or everything of the person; returns the purge's id.

        Copies in the object store are deleted first.

        Args:
            user_id: The person.
            rows: The ids of what is removed; None: everything.

        Raises:
            StorageError: The database or the object store cannot be used.
        """
        key = user_key(user_id)
        self._copies.forget(key)
        purge_id = uuid.uuid4().hex
        values = {"id": purge_id, "user_key": key, "user_id": None if rows is None else user_id, "rows": list(rows or ())}
        with self._db.write() as connection:
            connection.execute(insert(purges).values(**values, at=ServerTime()))
        self.acknowledge()
        return purge_id

    def acknowledge(self) -> int:
        """Remove from this host's files what was purged on any host; returns how many purges that were.

        Raises:
            StorageError: The database, the object store or a file cannot be used.
        """
        with self._lock:
            with self._db.glance() as connection:
                waiting = connection.execute(self._open).all()
            for row in waiting:
                self._remove(row.user_key, row.user_id, row.rows)
                values = {"purge_id": row.id, "host_id": self._hosts.host_id, "at": ServerTime()}
                with self._db.write() as connection:
                    # Another process of this host may have acknowledged it.
                    mine = (purge_acks.c.purge_id == row.id) & (purge_acks.c.host_id == self._hosts.host_id)
                    connection.execute(delete(purge_acks).where(mine))
                    connection.execute(insert(purge_acks).values(**values))
            if waiting:
                self._tidy()
        return len(waiting)

    def is_open(self, connection: Connection) -> bool:
        """Return whether this host has a purge to acknowledge."""
        return connection.execute(self._open.limit(1)).first() is not None

    def has_open(self) -> bool:
        """Return whether this host has a purge to acknowledge."""
        with self._db.glance() as connection:
            return self.is_open(connection)

    def wait(self, purge_id: str, longest_s: float = _LONGEST_WAIT_S) -> list[HostPurge]:
        """Wait for the hosts that are alive, and return what each host did."""
        until = time.monotonic() + longest_s
        while True:
            states = self.states([purge_id])[purge_id]
            if not any(one.state == "waiting" for one in states) or time.monotonic() > until:
                return states
            time.sleep(_POLL_S)

    def states(self, purge_ids: Sequence[str]) -> dict[str, list[HostPurge]]:
        """Return what each host did for some purges; one that all hosts acknowledged has an empty list."""
        query = select(purges.c.id, hosts.c.id.label("host"), hosts.c.name, _ACKNOWLEDGED.label("done"))
        query = query.select_from(purges.join(hosts, _CONCERNED)).where(purges.c.id.in_(purge_ids)).order_by(hosts.c.name)
        living = self._hosts.living_hosts()
        with self._db.glance() as connection:
            rows = connection.execute(query).all()
        found: dict[str, list[HostPurge]] = {name: [] for name in purge_ids}
        for row in rows:
            state = "purged" if row.done else "waiting" if row.host in living else "down"
            found[row.id].append(HostPurge(host=row.host, name=row.name, state=state))
        return found

    def count_waiting(self) -> int:
        """Return how many purges some host has not acknowledged."""
        open_ = exists().where(_CONCERNED, ~_ACKNOWLEDGED)
        with self._db.glance() as connection:
            return int(connection.execute(select(func.count()).select_from(purges).where(open_)).scalar_one())

    def copies_of(self, user_id: str, purge_id: str | None = None) -> int:
        """Return how many copies of a person's index file are in the object store, all or those that are older than a purge."""
        key = user_key(user_id)
        return self._copies.count(key) if purge_id is None else self._copies.count_before(key, purge_id)

    def of_deleted(self, user_id: str) -> list[HostPurge]:
        """Return what each host did for a person who was deleted, the last time if it was several times."""
        mine = (purges.c.user_key == user_key(user_id)) & purges.c.user_id.is_(None)
        # A host acknowledges purges in their order, so one that has acknowledged the last one has done them all.
        query = select(purges.c.id).where(mine).order_by(purges.c.at.desc(), purges.c.id.desc()).limit(1)
        with self._db.glance() as connection:
            purge_id = connection.execute(query).scalar()
        return [] if purge_id is None else self.states([purge_id])[purge_id]

    def _remove(self, key: str, user_id: str | None, rows: Sequence[str]) -> None:
        self._copies.sweep()
        if user_id is None:
            self._index.files.delete_key(key)
        else:
            # A host that was cut off may have copied something to Chroma after the purge.
            self._indexer.drop_from_chroma(user_id, rows)
            if self._index.files.has(user_id):
                self._indexer.run(user_id)
                self._index.compact(user_id)
        # Last, because until now a copy of this host's file could have what is purged.
        self._copies.forget_own(key)

    def _tidy(self) -> None:
        """Delete the purges that all hosts have acknowledged, except those of the last day, which receipts name."""
        done = ~exists().where(_CONCERNED, ~_ACKNOWLEDGED) & (purges.c.at < ServerTime(-86_400))
        with self._db.write() as connection:
            gone = list(connection.execute(delete(purges).where(done).returning(purges.c.id)).scalars())
            connection.execute(delete(purge_acks).where(purge_acks.c.purge_id.in_(gone)))
