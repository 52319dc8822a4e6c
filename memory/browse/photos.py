"""Browsing a person's photos page by page, by the time they were sent and by the things they show (SQL, read-only)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Text, cast, func, select

from memory.browse.memories import Browse
from memory.core import clock
from memory.core.records import PhotoMemory, TurnState
from memory.storage.memory_rows import to_record
from memory.storage.schema import memories, photos, turns

_GONE = (TurnState.FORGOTTEN, TurnState.REPLACED)


@dataclass(frozen=True)
class Shown:
    """A photo in a gallery.

    Attributes:
        photo_id: The stored photo.
        time: When it was sent last.
        turn_id: The message that it was last sent with; None if there is no such message any more.
        seen: The memories of it, oldest first, then from left to right; empty until something is remembered.
    """

    photo_id: str
    time: datetime
    turn_id: str | None
    seen: tuple[PhotoMemory, ...] = ()


class Album:
    """The photos of a journal's users. Every public method is one transaction.

    Args:
        browse: The pages of the same journal.
    """

    def __init__(self, browse: Browse) -> None:
        self._db = browse._db  # noqa: SLF001 - one more page of the same database

    def count(self, user_id: str) -> int:
        """Return the number of the user's photos."""
        query = select(func.count()).select_from(photos)
        with self._db.read() as connection:
            return connection.execute(query.where(photos.c.user_id == user_id, photos.c.hidden_at.is_(None))).scalar_one()

    def by_date(self, user_id: str, *, limit: int, offset: int = 0) -> tuple[list[Shown], int]:
        """Return a page of photos, last sent first, and the total number of photos."""
        with self._db.read() as connection:
            found = _kept(connection, user_id)
            return _shown(connection, user_id, found[offset : offset + limit]), len(found)

    def by_name(self, user_id: str, *, limit: int, offset: int = 0) -> tuple[list[Shown], int]:
        """Return a page of the things seen in photos, ordered by name, and the total number of things."""
        which = (memories.c.user_id == user_id) & (memories.c.kind == "photo") & memories.c.hidden_at.is_(None)
        order = (func.lower(memories.c.text), memories.c.at.desc(), memories.c.id)
        with self._db.read() as connection:
            total = connection.execute(select(func.count()).select_from(memories).where(which)).scalar_one()
            rows = connection.execute(select(memories).where(which).order_by(*order).limit(limit).offset(offset)).all()
        return [shown for row in rows if (shown := of_memory(to_record(row)))], total

    def same(self, user_id: str, photo_id: str) -> list[Shown]:
        """Return this one photo as a list, which is empty if the user does not have it."""
        with self._db.read() as connection:
            return _shown(connection, user_id, [one for one in _kept(connection, user_id) if one.id == photo_id])


class _Sent(NamedTuple):
    turn_id: str
    at: datetime
    zone: str


class _Kept(NamedTuple):
    at: datetime
    id: str
    sent: list[_Sent]


def of_memory(record: object) -> Shown | None:
    """Return a photo memory as a gallery entry; None for a memory of another type."""
    return Shown(record.photo_id, record.time, record.turn_id, (record,)) if isinstance(record, PhotoMemory) else None


def _kept(connection: Connection, user_id: str) -> list[_Kept]:
    """Return all photos with the messages they were sent with, last sent first."""
    mine = select(photos.c.id, photos.c.received_at).where(photos.c.user_id == user_id, photos.c.hidden_at.is_(None))
    sent = _sent(connection, user_id)
    rows = ((row, sent.get(row.id, [])) for row in connection.execute(mine))
    return sorted((_Kept(by[-1].at if by else row.received_at, row.id, by) for row, by in rows), reverse=True)


def _sent(connection: Connection, user_id: str) -> dict[str, list[_Sent]]:
    """Return the messages that each photo was sent with, in the order they were said."""
    # Few messages have photos, and only those are loaded; a text comparison avoids JSON functions, which differ by database.
    carries = cast(turns.c.images, Text) != "[]"
    query = select(turns.c.id, turns.c.at, turns.c.zone, turns.c.images).order_by(turns.c.at, turns.c.seq)
    sent: dict[str, list[_Sent]] = defaultdict(list)
    for row in connection.execute(query.where(turns.c.user_id == user_id, turns.c.state.not_in(_GONE), carries)):
        for photo_id in row.images:
            sent[photo_id].append(_Sent(row.id, row.at, row.zone))
    return sent


def _shown(connection: Connection, user_id: str, found: Sequence[_Kept]) -> list[Shown]:
    seen = _seen(connection, user_id, [sent.turn_id for one in found for sent in one.sent])
    shown = []
    for one in found:
        last = one.sent[-1] if one.sent else None
        time = one.at.astimezone(clock.zone_of(last.zone if last else None))
        things = sorted(seen.get(one.id, ()), key=lambda thing: (thing.time, thing.box or (), thing.id))
        shown.append(Shown(one.id, time, last.turn_id if last else None, tuple(things)))
    return shown


def _seen(connection: Connection, user_id: str, turn_ids: Collection[str]) -> dict[str, list[PhotoMemory]]:
    """Return the memories of the photos that these messages were sent with, by photo id."""
    mine = (memories.c.user_id == user_id) & (memories.c.kind == "photo") & memories.c.hidden_at.is_(None)
    query = select(memories).where(mine, memories.c.source.in_(list(turn_ids)))
    seen: dict[str, list[PhotoMemory]] = defaultdict(list)
    for record in map(to_record, connection.execute(query)):
        if isinstance(record, PhotoMemory):
            seen[record.photo_id].append(record)
    return seen
