"""Forgetting as a person means it: one thing, with all that says it and all that was made from it; undone, or for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from memory.core.errors import NotFound
from memory.core.records import TurnState
from memory.facts import supersession_rows
from memory.forgetting import cascade, quarantine, soft_delete
from memory.forgetting.cascade import Cascade, Counts, Together
from memory.personality import timeline
from memory.storage import refusals, rewrites, work_queue
from memory.storage.engine import Database
from memory.storage.schema import forgettings, memories, personality, photos, turns
from memory.upcoming import date_rows

_GONE = (TurnState.FORGOTTEN, TurnState.REPLACED)


class Forgetting:
    """What the users of a journal forgot. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hide(
        self, user_id: str, subject: str, in_turns: Counts, *, personality_too: bool = False, together: Together | None = None
    ) -> Cascade:
        """Hide a memory, a message or a picture, and whatever tells of it; from now on nothing finds or shows it.

        Args:
            user_id: Whose.
            subject: Its id.
            in_turns: As `reach.of`.
            personality_too: Delete at once what the forgotten messages did to the personality: undo does not bring it back.
            together: What is forgotten with it, and brought back with it.

        Raises:
            NotFound: The user has nothing of that id.
            InvalidInput: It is a message that is being answered.
        """
        stamp = datetime.now(UTC)
        with self._db.write() as connection:
            found = cascade.of(connection, user_id, subject, in_turns, together)
            there = (forgettings.c.user_id == user_id) & (forgettings.c.subject == subject)
            connection.execute(delete(forgettings).where(there))
            values = {"user_id": user_id, "subject": subject, "kind": found.kind, "at": stamp, "reach": found.to_json()}
            connection.execute(insert(forgettings).values(**values))
            _cover(connection, user_id, subject, found, stamp)
            rewrites.forget(connection, user_id)
            # What the model wrote of later sessions, from a profile that told of it, is asked anew.
            work_queue.drop_summaries(connection, user_id)
            refusals.drop_words(connection, user_id)
            if personality_too:
                _drop_points(connection, user_id, found.turns)
            timeline.recount(connection, user_id)
        return found

    def would_hide(self, user_id: str, subject: str, in_turns: Counts, together: Together) -> Cascade:
        """Return what `hide` would hide; nothing is done."""
        with self._db.read() as connection:
            return cascade.of(connection, user_id, subject, in_turns, together)

    def undo(self, user_id: str, subject: str) -> bool:
        """Bring back what was forgotten with one thing, or one memory that went with another; False: neither is there.

        What was forgotten besides stays forgotten: all is brought back, and hidden again for what still stands.
        """
        with self._db.write() as connection:
            waiting = _waiting(connection, user_id)
            mine = [row for row in waiting if row.subject == subject]
            if mine:
                connection.execute(delete(forgettings).where(_key(user_id, subject)))
                _uncover(connection, user_id, [Cascade.from_json(row.reach) for row in mine])
            else:
                mine = [row for row in waiting if subject in (*row.reach["memories"], *row.reach["derived"])]
                if not mine:
                    # A line that was dropped, by a rewrite or as outdated.
                    return soft_delete.show(connection, user_id, subject)
                _uncover(connection, user_id, [Cascade.from_json(row.reach) for row in mine])
                _leave_out(connection, user_id, subject, mine)
            for row in _waiting(connection, user_id):
                _cover(connection, user_id, row.subject, Cascade.from_json(row.reach), row.at)
            timeline.recount(connection, user_id)
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
            return [*said, *quarantine.texts(connection, user_id, found.turns)]

    def purge(self, user_id: str, subject: str) -> Cascade:
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
                soft_delete.purge(connection, user_id, name)
            date_rows.drop(connection, user_id, (*found.memories, *found.derived, *found.turns))
            others = [Cascade.from_json(row.reach) for row in _waiting(connection, user_id) if row.subject != subject]
            _drop_set_aside(connection, user_id, found, others)
            refusals.drop(connection, user_id, found.turns)
            _drop_points(connection, user_id, found.turns)
            hidden = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos) & photos.c.hidden_at.is_not(None)
            connection.execute(delete(photos).where(hidden))
            for number in found.sessions:
                sum_up_anew(connection, user_id, number)
            connection.execute(
                update(forgettings)
                .where(_key(user_id, subject), forgettings.c.purged_at.is_(None))
                .values(purged_at=datetime.now(UTC))
            )
        return found

    def receipt(self, user_id: str, subject: str, receipt: dict[str, Any]) -> None:
        """Keep what the purge came to."""
        with self._db.write() as connection:
            connection.execute(update(forgettings).where(_key(user_id, subject)).values(receipt=receipt))

    def receipts(self, user_id: str) -> list[dict[str, Any]]:
        """Return the receipts of a user, oldest first; none of them holds a word of what was forgotten."""
        query = select(forgettings.c.receipt).where(forgettings.c.user_id == user_id, forgettings.c.purged_at.is_not(None))
        with self._db.read() as connection:
            return [row for row in connection.execute(query.order_by(forgettings.c.at)).scalars() if row is not None]

    def when(self, user_id: str, subject: str) -> tuple[datetime, datetime | None]:
        """Return when something was hidden, and when purged."""
        with self._db.read() as connection:
            row = _row(connection, user_id, subject)
        return row.at, row.purged_at


def _key(user_id: str, subject: str) -> ColumnElement[bool]:
    return (forgettings.c.user_id == user_id) & (forgettings.c.subject == subject)


def _row(connection: Connection, user_id: str, subject: str) -> Row[Any]:
    row = connection.execute(select(forgettings).where(_key(user_id, subject))).first()
    if row is None:
        raise NotFound(f"{subject!r} is not forgotten any more: it was brought back.")
    return row


def _reach(connection: Connection, user_id: str, subject: str) -> Cascade:
    return Cascade.from_json(_row(connection, user_id, subject).reach)


def _waiting(connection: Connection, user_id: str) -> Sequence[Row[Any]]:
    """Return what is forgotten and not purged, in the order in which it was."""
    query = select(forgettings).where(forgettings.c.user_id == user_id, forgettings.c.purged_at.is_(None))
    return connection.execute(query.order_by(forgettings.c.at, forgettings.c.subject)).all()


def _cover(connection: Connection, user_id: str, subject: str, found: Cascade, stamp: datetime) -> None:
    """Hide all that a forgetting reaches; what is hidden already stays so."""
    gone = {*found.memories, *found.turns, *found.derived, *found.told}
    for name in found.told:
        quarantine.reply(connection, user_id, name, subject, gone, whole=True)
    for name in found.shown:
        quarantine.reply(connection, user_id, name, subject, gone, whole=False)
    for name in found.pictured:
        quarantine.pictures(connection, user_id, name, subject, found.photos)
    for name in found.turns:
        quarantine.turn(connection, user_id, name, subject)
    for name in (*found.memories, *found.derived):
        if _is_visible(connection, user_id, name):
            soft_delete.hide(connection, user_id, name, stamp)
    mine = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos)
    connection.execute(update(photos).where(mine).values(hidden_at=stamp))


def _uncover(connection: Connection, user_id: str, reaches: Sequence[Cascade]) -> None:
    """Show all that some forgettings reach, whatever else hides it."""
    for found in reaches:
        quarantine.restore(connection, user_id, (*found.turns, *found.told, *found.shown, *found.pictured))
        # What is repeated first: a repetition of what is still hidden would stand for itself.
        mine = (memories.c.user_id == user_id) & memories.c.id.in_((*found.memories, *found.derived))
        names = select(memories.c.id).where(mine).order_by(memories.c.same_as.is_not(None), memories.c.at, memories.c.id)
        for name in connection.execute(names).scalars().all():
            soft_delete.show(connection, user_id, name)
        mine = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos)
        connection.execute(update(photos).where(mine).values(hidden_at=None))


def _leave_out(connection: Connection, user_id: str, memory_id: str, rows: Sequence[Row[Any]]) -> None:
    """Take one memory out of what some forgettings reach, with its message and what else was taken from that."""
    mine = memories.c.user_id == user_id
    source = connection.execute(select(memories.c.source).where(mine, memories.c.id == memory_id)).scalar_one()
    together = select(memories.c.id).where(mine, (memories.c.source == source) & memories.c.kind.in_(("semantic", "photo")))
    back = {memory_id, source, *connection.execute(together).scalars()}
    images = select(turns.c.images).where(turns.c.user_id == user_id, turns.c.id == source)
    back |= set(connection.execute(images).scalar() or ())
    for row in rows:
        left = {
            name: [one for one in value if one not in back] if isinstance(value, list) else value
            for name, value in row.reach.items()
        }
        alone = select(memories.c.id).where(mine, memories.c.id.in_(back), memories.c.same_as.in_(left["memories"]))
        for name in connection.execute(alone).scalars().all():
            # What it repeats stays forgotten: it stands for itself.
            supersession_rows.part(connection, user_id, name)
        if any(left[name] for name in ("memories", "turns", "photos")):
            connection.execute(update(forgettings).where(_key(user_id, row.subject)).values(reach=left))
        else:
            connection.execute(delete(forgettings).where(_key(user_id, row.subject)))


def _drop_set_aside(connection: Connection, user_id: str, found: Cascade, others: Sequence[Cascade]) -> None:
    """Throw away what was set aside for a forgetting; what another one may bring back loses what tells of this one."""
    needed = {name for other in others for name in (*other.turns, *other.told, *other.shown, *other.pictured)}
    gone = {*found.memories, *found.turns, *found.derived, *found.told}
    for name in {*found.told, *found.shown, *found.pictured} - {*found.turns}:
        if name in needed:
            photo_ids = found.photos if name in found.pictured else ()
            quarantine.scrub(connection, user_id, name, gone, photo_ids, whole=name in found.told)
        else:
            quarantine.drop(connection, user_id, [name])
    quarantine.drop(connection, user_id, found.turns)


def _drop_points(connection: Connection, user_id: str, turn_ids: Sequence[str]) -> None:
    """Delete what these messages showed of the person; none of it counts since they were hidden."""
    connection.execute(delete(personality).where(personality.c.user_id == user_id, personality.c.turn_id.in_(turn_ids)))


def _is_visible(connection: Connection, user_id: str, memory_id: str) -> bool:
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
    return connection.execute(select(memories.c.id).where(mine)).first() is not None


def sum_up_anew(connection: Connection, user_id: str, session: int) -> None:
    """Have a session summed up again of what is left of it."""
    of = (turns.c.user_id == user_id) & (turns.c.session == session) & turns.c.state.not_in(_GONE)
    last = connection.execute(select(turns.c.seq).where(of).order_by(turns.c.seq.desc()).limit(1)).scalar()
    # Of what it is now, nothing was refused yet.
    refusals.drop(connection, user_id, [str(session)])
    if last is not None:
        work_queue.add(connection, user_id, "consolidate", str(session), seq=last)
