"""Leases: of several processes on one journal, one at a time does a user's background work."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from memory.database import Database
from memory.errors import StorageError
from memory.schema import leases

LASTS = timedelta(seconds=60)
"""A process that has died holds up its users' work for so long at most. Clocks of machines may differ by less."""
_RENEW_S = LASTS.total_seconds() / 4


class Leases:
    """The leases of this process, renewed in the background while they are held.

    Args:
        database: The journal's, that other processes use too.
        lasts: How long a lease is good for without being renewed.
    """

    def __init__(self, database: Database, lasts: timedelta = LASTS) -> None:
        self._db = database
        self._lasts = lasts
        self._holder = uuid.uuid4().hex
        self._held: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def take(self, user_id: str) -> bool:
        """Take a user's lease; False: another process holds it."""
        now = datetime.now(UTC)
        free = (leases.c.until < now) | (leases.c.holder == self._holder)
        mine = {"holder": self._holder, "until": now + self._lasts}
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
        """Let another process have the user's work."""
        with self._changed:
            self._held.discard(user_id)
        with self._db.write() as connection:
            connection.execute(delete(leases).where(leases.c.user_id == user_id, leases.c.holder == self._holder))

    def close(self) -> None:
        """Give all back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            held = list(self._held)
        if self._thread is not None:
            self._thread.join()
        for user_id in held:
            self.give_back(user_id)

    def _renew(self) -> None:
        while True:
            with self._changed:
                if self._closed or self._changed.wait_for(lambda: self._closed, min(_RENEW_S, self._lasts.total_seconds() / 4)):
                    return
                held = list(self._held)
            mine = (leases.c.holder == self._holder) & leases.c.user_id.in_(held)
            try:
                with self._db.write() as connection:
                    connection.execute(update(leases).where(mine).values(until=datetime.now(UTC) + self._lasts))
            except StorageError:
                # The next try is soon; work that is done twice changes nothing.
                continue
