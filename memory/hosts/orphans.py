"""Removes objects that no row names: a host that was killed between an object and its row left them, where nothing finds them.

Once a day one host of all looks for them. Only what is older than a day by the store's own clock is removed, so that an upload
is not disturbed; and only from a store that has this journal's mark, because in another service's store it knows nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, select

from memory.core.errors import NotFound
from memory.core.records import user_key
from memory.hosts import snapshots as copies
from memory.objects.store import ObjectStore
from memory.photos import store as pictures
from memory.storage import removed_objects
from memory.storage.engine import Database
from memory.storage.host_schema import shared_settings, snapshots
from memory.storage.schema import photos, users
from memory.storage.server_time import ServerTime
from memory.storage.shared_settings import change, journal_id, settled

_log = logging.getLogger(__name__)
_SERVICE = "service/"
MARK = f"{_SERVICE}journal"
"""The object with the id of the journal that the store belongs to."""
_DUE = "orphans due"
_NEVER = "0001-01-01T00:00:00+00:00"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_DAY_S = _DAY.total_seconds()
_AT_ONCE = 20
"""Objects that are removed under one lock, for which uploads wait."""
_PEOPLE_AT_ONCE = 100
"""After this many people, the host that looks keeps the others from looking for another hour."""
_OURS = re.compile(r"(photos/[0-9a-f]{32}/([0-9a-f]{64}(\.small)?|[^/]+\.part)|index/[0-9a-f]{32}/([0-9a-f]{32}|[^/]+\.part))")
"""The names of our objects. Other objects stay: an operator put them there."""


class Orphans:
    """Finds and removes objects that no row names.

    Args:
        database: The journal's database.
        objects: The object store; None: there is nothing to remove.
    """

    def __init__(self, database: Database, objects: ObjectStore | None) -> None:
        self._db = database
        self._objects = objects
        self._going: Iterator[None] | None = None

    def is_due(self) -> bool:
        """Return whether no host has looked for a day."""
        if self._objects is None:
            return False
        with self._db.read() as connection:
            now, due = _now_and_due(connection)
        return due <= now

    def remove_some(self) -> bool:
        """Look through some objects, if it is due; returns whether there are more.

        Raises:
            StorageError: The object store or the database cannot be used. It is due again in an hour.
        """
        if self._objects is None:
            return False
        if self._going is None:
            if not self._take_turn():
                return False
            self._going = self._parts(self._objects)
        try:
            next(self._going)
        except StopIteration:
            self._going = None
            self._put_off(_DAY)
            return False
        except BaseException:
            self._going = None
            raise
        return True

    def _parts(self, objects: ObjectStore) -> Iterator[None]:
        before = self._a_day_ago(objects)
        if before is None:
            return
        self._drop_rows()
        with self._db.read() as connection:
            people = {user_key(name): name for name in connection.execute(select(users.c.id)).scalars()}
        removed = 0
        for prefix in (pictures.PREFIX, copies.PREFIX):
            for number, key in enumerate(objects.folders(prefix)):
                if number % _PEOPLE_AT_ONCE == 0:
                    self._put_off(_HOUR)
                yield
                written = objects.times(f"{prefix}{key}/")
                old = [name for name, time in written.items() if time < before and _OURS.fullmatch(name)]
                unknown = old
                if old and key in people:
                    with self._db.read() as connection:
                        unknown = sorted(set(old) - _known(connection, key, old, people[key]))
                for first in range(0, len(unknown), _AT_ONCE):
                    removed += remove_unknown(self._db, objects, key, unknown[first : first + _AT_ONCE], people.get(key))
                    self._put_off(_HOUR)
                    yield
        if removed:
            _log.info("%d object(s) that no row named were removed", removed)

    def _take_turn(self) -> bool:
        """Return whether this process looks now; no other one does for an hour, or until this one has put it off."""
        settled(self._db, _DUE, _NEVER)
        with self._db.write() as connection:
            now, due = _now_and_due(connection, hold=True)
            if due <= now:
                change(connection, _DUE, (now + _HOUR).isoformat())
            return due <= now

    def _put_off(self, time: timedelta) -> None:
        with self._db.write() as connection:
            now, _ = _now_and_due(connection)
            change(connection, _DUE, (now + time).isoformat())

    def _a_day_ago(self, objects: ObjectStore) -> datetime | None:
        """Return the instant a day ago by the store's clock; None if nothing may be removed from it now."""
        mine = journal_id(self._db).encode()
        try:
            found = objects.get(MARK)
        except NotFound:
            # Nobody has looked here before: what this journal does not know is removed from tomorrow on.
            objects.put(MARK, mine)
            return None
        if found != mine:
            _log.warning(
                "%s has the mark of another journal, so objects that this one does not know stay there. If it belongs to this "
                "service, delete the object %s in it.",
                objects.place,
                MARK,
            )
            return None
        objects.put(MARK, mine)
        written = objects.times(_SERVICE).get(MARK)
        return written - _DAY if written is not None else None

    def _drop_rows(self) -> None:
        """Delete the rows of copies that were never whole, and of photos whose person was never there."""
        with removed_objects.removing(self._db) as connection:
            connection.execute(delete(snapshots).where(~snapshots.c.whole, snapshots.c.at < ServerTime(-_DAY_S)))
            alone = ~exists().where(users.c.id == photos.c.user_id)
            connection.execute(delete(photos).where(alone, photos.c.received_at < ServerTime(-_DAY_S)))


def remove_unknown(database: Database, objects: ObjectStore, key: str, names: Sequence[str], user_id: str | None) -> int:
    """Remove those of some objects that no row names; returns how many.

    Args:
        database: The journal's database.
        objects: The object store.
        key: `user_key` of the person.
        names: The objects, all of this person.
        user_id: The person; None if the journal does not know who it is.

    Raises:
        StorageError: The object store or the database cannot be used.
    """
    with removed_objects.removing(database) as connection:
        gone = set(names) - _known(connection, key, names, user_id)
        objects.delete(gone)
    return len(gone)


def _known(connection: Connection, key: str, names: Collection[str], user_id: str | None) -> set[str]:
    """Return those of a person's objects that a row names."""
    ids = {name.rpartition("/")[2].removesuffix(".small") for name in names if name.startswith(pictures.PREFIX)}
    if not ids:
        return set(connection.execute(select(snapshots.c.name).where(snapshots.c.user_key == key)).scalars())
    found: set[str] = set()
    # A new person may have come meanwhile. Then the row says whose object it is.
    whose = photos.c.id.in_(ids) if user_id is None else photos.c.user_id == user_id
    for row in connection.execute(select(photos.c.user_id, photos.c.id).where(whose)):
        found.update(pictures.objects_of(row.user_id, row.id))
    return found


def _now_and_due(connection: Connection, *, hold: bool = False) -> tuple[datetime, datetime]:
    """Return the time of the database, and when it is due."""
    query = select(shared_settings.c.value).where(shared_settings.c.name == _DUE)
    due = connection.execute(query.with_for_update() if hold else query).scalar() or _NEVER
    # In this order: the lock may have been waited for.
    return connection.execute(select(ServerTime())).scalar_one(), datetime.fromisoformat(due)
