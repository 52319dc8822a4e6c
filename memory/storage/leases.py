"""Leases: if several processes share a journal, only one at a time does a user's background work."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from memory.core.errors import StorageError
from memory.storage.engine import Database
from memory.storage.host_schema import leases

LASTS = timedelta(seconds=60)
"""If a process dies, its users' background work resumes within this time. The machines' clocks must differ by less."""
_RENEWAL_INTERVAL_S = LASTS.total_seconds() / 4


class Leases:
    """The leases of this process; a background thread renews them.

    Args:
        database: The journal's database, shared with other processes.
        now: Returns the current time, with a zone.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._db = database
        self._now = now
        self._holder = uuid.uuid4().hex
        self._held: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def take(self, user_id: str) -> bool:
        """Take a user's lease; returns False if another process has it."""
        now = self._now()
        free = (leases.c.until < now) | (leases.c.holder == self._holder)
        mine = {"holder": self._holder, "until": now + LASTS}
        with self._db.write() as connection:
            taken = connection.execute(update(leases).where(leases.c.user_id == user_id, free).values(**mine)).rowcount
            if not taken:
                try:
                    with connection.begin_nested():
                        connection.execute(insert(leases).values(user_id=user_id, **mine))
                except IntegrityError:
                    return False
        with self._changed:
            self._held.add(user_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew, name="persona-leases", daemon=True)
                self._thread.start()
        return True

    def give_back(self, user_id: str) -> None:
        """Release a user's lease, so that another process may do the user's work."""
        with self._changed:
            self._held.discard(user_id)
        with self._db.write() as connection:
            connection.execute(delete(leases).where(leases.c.user_id == user_id, leases.c.holder == self._holder))

    def close(self) -> None:
        """Release all leases."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            held = list(self._held)
        if self._thread is not None:
            self._thread.join()
        for user_id in held:
            self.give_back(user_id)

    def renew(self) -> None:
        """Extend all leases of this process to their full duration; a background thread calls this.

        Raises:
            StorageError: The database does not answer.
        """
        with self._changed:
            held = list(self._held)
        mine = (leases.c.holder == self._holder) & leases.c.user_id.in_(held)
        with self._db.write() as connection:
            connection.execute(update(leases).where(mine).values(until=self._now() + LASTS))

    def _renew(self) -> None:
        while True:
            with self._changed:
                if self._closed or self._changed.wait_for(lambda: self._closed, _RENEWAL_INTERVAL_S):
                    return
            # After a failure the next try is soon; if a lease is lost meanwhile, work done twice has no further effect.
            with suppress(StorageError):
                self.renew()
