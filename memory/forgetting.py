"""Forgetting as a person means it: one thing, with all that says it and all that was made from it; undone, or for good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from memory import consent, forget, pending, reach, withheld
from memory.database import Database
from memory.reach import Counts, Reach
from memory.records import TurnState
from memory.schema import forgettings, memories, personality, photos, turns

_TOGETHER = ("memories", "derived")


class Forgetting:
    """What the users of a journal forgot. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hide(self, user_id: str, subject: str, in_turns: Counts, *, personality_too: bool = False) -> Reach:
        """Hide a memory, a message or a picture, and whatever tells of it; from now on nothing finds or shows it.

        Args:
            user_id: Whose.
            subject: Its id.
            in_turns: As `reach.of`.
            personality_too: Take the points of the forgotten messages out of the personality curve, for good.

        Raises:
            NotFound: The user has nothing of that id.
            InvalidInput: It is a message that is being answered.
        """
        stamp = datetime.now(UTC)
        with self._db.write() as connection:
            found = reach.of(connection, user_id, subject, in_turns)
            there = (forgettings.c.user_id == user_id) & (forgettings.c.subject == subject)
            connection.execute(delete(forgettings).where(there))
            values = {"user_id": user_id, "subject": subject, "kind": found.kind, "at": stamp, "reach": found.to_json()}
            connection.execute(insert(forgettings).values(**values))
            gone = {*found.memories, *found.turns, *found.derived, *found.told}
            for name in found.told:
                withheld.reply(connection, user_id, name, subject, gone, whole=True)
            for name in found.shown:
                withheld.reply(connection, user_id, name, subject, gone, whole=False)
            for name in found.pictured:
                withheld.pictures(connection, user_id, name, subject, found.photos)
            for name in found.turns:
                withheld.turn(connection, user_id, name, subject)
            for name in (*found.memories, *found.derived):
                if _is_visible(connection, user_id, name):
                    forget.hide(connection, user_id, name, stamp)
            mine = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos)
            connection.execute(update(photos).where(mine).values(hidden_at=stamp))
            consent.forget(connection, user_id)
            if personality_too:
                points = (personality.c.user_id == user_id) & personality.c.turn_id.in_(found.turns)
                connection.execute(delete(personality).where(points))
        return found

    def undo(self, user_id: str, subject: str) -> bool:
        """Bring back what was forgotten with one thing, or one memory that went with another; False: neither is there."""
        with self._db.write() as connection:
            row = _waiting(connection, user_id, subject)
            if row is None:
                return _bring_back(connection, user_id, subject)
            found = Reach.from_json(row.reach)
            withheld.restore(connection, user_id, subject=subject)
            for name in (*found.memories, *found.derived):
                forget.show(connection, user_id, name)
            mine = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos)
            connection.execute(update(photos).where(mine).values(hidden_at=None))
            key = (forgettings.c.user_id == user_id) & (forgettings.c.subject == subject)
            connection.execute(delete(forgettings).where(key))
        return True

    def due(self, before: datetime | None = None) -> list[tuple[str, str]]:
        """Return (user, subject) of what is to be purged: forgotten by `before`, or purged without a receipt."""
        query = select(forgettings.c.user_id, forgettings.c.subject).where(forgettings.c.receipt.is_(None))
        if before is not None:
            query = query.where((forgettings.c.at <= before) | forgettings.c.purged_at.is_not(None))
        with self._db.read() as connection:
            return [(row.user_id, row.subject) for row in connection.execute(query.order_by(forgettings.c.at))]

    def texts(self, user_id: str, subject: str) -> list[str]:
        """Return, word for word, what is about to be purged, so that it can be looked for afterwards."""
        with self._db.read() as connection:
            found = _reach(connection, user_id, subject)
            mine = (memories.c.user_id == user_id) & memories.c.id.in_((*found.memories, *found.derived))
            said = list(connection.execute(select(memories.c.text).where(mine)).scalars())
            return [*said, *withheld.texts(connection, user_id, found.turns)]

    def purge(self, user_id: str, subject: str) -> Reach:
        """Remove for good what was hidden; sessions that it was part of wait to be summed up anew. Twice changes nothing."""
        with self._db.write() as connection:
            found = _reach(connection, user_id, subject)
            for name in found.derived:
                mine = (memories.c.user_id == user_id) & (memories.c.id == name)
                row = connection.execute(select(memories.c.extra).where(mine)).first()
                if row is not None:
                    # Made anew without it, it may come back.
                    connection.execute(update(memories).where(mine).values(extra={**row.extra, "replaced": True}))
            for name in (*found.memories, *found.derived):
                forget.purge(connection, user_id, name)
            withheld.drop(connection, user_id, (*found.turns, *found.told, *found.shown, *found.pictured))
            hidden = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos) & photos.c.hidden_at.is_not(None)
            connection.execute(delete(photos).where(hidden))
            for number in found.sessions:
                sum_up_anew(connection, user_id, number)
            connection.execute(
                update(forgettings)
                .where(forgettings.c.user_id == user_id, forgettings.c.subject == subject, forgettings.c.purged_at.is_(None))
                .values(purged_at=datetime.now(UTC))
            )
        return found

    def receipt(self, user_id: str, subject: str, receipt: dict[str, Any]) -> None:
        """Keep what the purge came to."""
        key = and_(forgettings.c.user_id == user_id, forgettings.c.subject == subject)
        with self._db.write() as connection:
            connection.execute(update(forgettings).where(key).values(receipt=receipt))

    def receipts(self, user_id: str) -> list[dict[str, Any]]:
        """Return the receipts of a user, oldest first; none of them holds a word of what was forgotten."""
        query = select(forgettings.c.receipt).where(forgettings.c.user_id == user_id, forgettings.c.purged_at.is_not(None))
        with self._db.read() as connection:
            return [row for row in connection.execute(query.order_by(forgettings.c.at)).scalars() if row is not None]

    def when(self, user_id: str, subject: str) -> tuple[datetime, datetime | None]:
        """Return when something was hidden, and when purged."""
        key = and_(forgettings.c.user_id == user_id, forgettings.c.subject == subject)
        with self._db.read() as connection:
            row = connection.execute(select(forgettings.c.at, forgettings.c.purged_at).where(key)).one()
        return row.at, row.purged_at


def _reach(connection: Connection, user_id: str, subject: str) -> Reach:
    key = and_(forgettings.c.user_id == user_id, forgettings.c.subject == subject)
    return Reach.from_json(connection.execute(select(forgettings.c.reach).where(key)).scalar_one())


def _waiting(connection: Connection, user_id: str, subject: str) -> Any:
    key = and_(forgettings.c.user_id == user_id, forgettings.c.subject == subject, forgettings.c.purged_at.is_(None))
    return connection.execute(select(forgettings).where(key)).first()


def _bring_back(connection: Connection, user_id: str, memory_id: str) -> bool:
    """Bring one memory back that was forgotten with another thing, with the message that it was taken from."""
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id)
    row = connection.execute(select(memories.c.source).where(mine)).first()
    if row is None or not forget.show(connection, user_id, memory_id):
        return False
    withheld.restore(connection, user_id, turn_id=row.source)
    for held in connection.execute(select(forgettings).where(forgettings.c.user_id == user_id)).all():
        found = Reach.from_json(held.reach)
        left = {**found.to_json(), **{name: [one for one in getattr(found, name) if one != memory_id] for name in _TOGETHER}}
        left["turns"] = [one for one in found.turns if one != row.source]
        key = and_(forgettings.c.user_id == user_id, forgettings.c.subject == held.subject)
        connection.execute(update(forgettings).where(key).values(reach=left))
    return True


def _is_visible(connection: Connection, user_id: str, memory_id: str) -> bool:
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
    return connection.execute(select(memories.c.id).where(mine)).first() is not None


def sum_up_anew(connection: Connection, user_id: str, session: int) -> None:
    """Have a session summed up again of what is left of it."""
    of = (turns.c.user_id == user_id) & (turns.c.session == session) & (turns.c.state != TurnState.FORGOTTEN)
    last = connection.execute(select(turns.c.seq).where(of).order_by(turns.c.seq.desc()).limit(1)).scalar()
    if last is not None:
        pending.add(connection, user_id, "consolidate", str(session), seq=last)
