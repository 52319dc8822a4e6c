"""Leases: of several processes that share a journal, one at a time answers a person, and one does the person's work."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from memory.core.errors import StorageError
from memory.core.validation import user_name
from memory.storage import fences
from memory.storage.engine import Database
from memory.storage.fences import Lease
from memory.storage.host_schema import leases
from memory.storage.hosts import Hosts, is_living
from memory.storage.server_time import ServerTime

LASTS_S = 20.0
"""A lease that its holder does not renew ends after this time, by the database's clock; a dead holder's ends at once."""
_KEY = (leases.c.user_id == bindparam("user")) & (leases.c.purpose == bindparam("its_purpose"))
_OWN_HOLDER: ColumnElement[str] = literal_column("leases.holder")
"""The row that is there already, in a statement that inserts."""
_HELD = select(leases.c.holder).where(_KEY, leases.c.until > ServerTime(), is_living(leases.c.holder))

_NOT_DURABLE = text("SET LOCAL synchronous_commit = off")
"""A lease that a crash of the server takes away is no longer its holder's: what the holder then writes is refused. So nobody
waits for the disk."""


class Leases:
    """The leases of this process; each heartbeat renews them.

    Args:
        database: The journal's database, shared with other processes.
        hosts: This process.
    """

    def __init__(self, database: Database, hosts: Hosts) -> None:
        self._db = database
        self._holder = hosts.process_id
        self._held: dict[tuple[str, str], Lease | None] = {}
        self._refused: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._take = _taking(self._holder, is_server=database.is_server)
        hosts.with_each_beat(self.renew)

    def take(self, user_id: str, purpose: str) -> Lease | None:
        """Take the lease of a person for a purpose; returns None if another thread or process has it."""
        key = user_name(user_id), purpose
        with self._lock:
            if key in self._held:
                return None
            # Nobody else in this process takes it from now on.
            self._held[key] = None
        lease = None
        try:
            lease = self._taken(*key)
        finally:
            with self._lock:
                if lease is None:
                    del self._held[key]
                else:
                    self._held[key] = lease
        return lease

    def is_elsewhere(self, user_id: str, purpose: str) -> bool:
        """Return whether another process has a lease, and is alive."""
        with self._db.glance() as connection:
            holder = connection.execute(_HELD, {"user": user_id, "its_purpose": purpose}).scalar()
        return holder not in (None, self._holder)

    def _taken(self, user_id: str, purpose: str) -> Lease | None:
        given = {"user": user_id, "its_purpose": purpose}
        # Who waits for a lease reads until it is free: each try to take it would lock the person's row.
        if (user_id, purpose) in self._refused and self.is_elsewhere(user_id, purpose):
            return None
        with self._db.write() as connection:
            if self._db.is_server:
                fences.lock_person(connection, user_id)
                connection.execute(_NOT_DURABLE)
            fence = connection.execute(self._take, given).scalar()
        if fence is None:
            self._refused.add((user_id, purpose))
            return None
        self._refused.discard((user_id, purpose))
        return Lease(user_id, purpose, self._holder, fence)

    def give_back(self, lease: Lease) -> None:
        """Give a lease back, so that another process may take it at once.

        If the database does not answer, it ends by itself.
        """
        with self._lock:
            self._held.pop((lease.user_id, lease.purpose), None)
        mine = (leases.c.holder == lease.holder) & (leases.c.fence == lease.fence)
        given = {"user": lease.user_id, "its_purpose": lease.purpose}
        with suppress(StorageError), self._db.write() as connection:
            if self._db.is_server:
                connection.execute(_NOT_DURABLE)
            # The row stays, so that the next fence is higher.
            connection.execute(update(leases).where(_KEY, mine).values(until=ServerTime(-1.0)), given)

    def renew(self, connection: Connection) -> None:
        """Extend all leases of this process to their full time, inside the caller's transaction."""
        with self._lock:
            held = [key for key, lease in self._held.items() if lease is not None]
        if held:
            mine = (leases.c.holder == self._holder) & tuple_(leases.c.user_id, leases.c.purpose).in_(held)
            connection.execute(update(leases).where(mine).values(until=ServerTime(LASTS_S)))

    def close(self) -> None:
        """Give all leases back."""
        with self._lock:
            held = [lease for lease in self._held.values() if lease is not None]
        for lease in held:
            self.give_back(lease)


def _taking(holder: str, *, is_server: bool) -> Any:
    """Return the statement that takes a lease if it is free, and returns its fence."""
    insert = postgresql.insert(leases) if is_server else sqlite.insert(leases)
    first = {"user_id": bindparam("user"), "purpose": bindparam("its_purpose"), "holder": holder, "fence": 1}
    is_free = (leases.c.until <= ServerTime()) | (leases.c.holder == holder) | ~is_living(_OWN_HOLDER)
    next_ = {"holder": holder, "fence": leases.c.fence + 1, "until": ServerTime(LASTS_S)}
    taking = insert.values(**first, until=ServerTime(LASTS_S)).on_conflict_do_update(
        index_elements=[leases.c.user_id, leases.c.purpose], set_=next_, where=is_free
    )
    return taking.returning(leases.c.fence)
