"""Forgets one thing as a person means it: with everything that says it and everything made from it.

A forgetting can be undone until it is purged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from memory.core import clock
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

_GONE_STATES = (TurnState.FORGOTTEN, TurnState.REPLACED)


class Forgetting:
    """Forgets, restores and purges things for all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def soft_delete(
        self, user_id: str, subject: str, in_turns: Counts, *, personality_too: bool = False, together: Together | None = None
    ) -> Cascade:
        """Hide a memory, a message or a picture with its cascade. From now on nothing finds or shows it.

        Args:
            user_id: The user who forgets.
            subject: The id of the memory, message or picture.
            in_turns: As in `cascade.of`.
            personality_too: Delete at once the forgotten messages' effect on the personality. Undo does not restore it.
            together: More subjects that are forgotten, and restored, with it.

        Returns:
            What was hidden.

        Raises:
            NotFound: The user has nothing with that id.
            InvalidInput: The message is still being answered.
        """
        stamp = clock.instant()
        with self._db.write(user_id) as connection:
            found = cascade.of(connection, user_id, subject, in_turns, together)
            there = (forgettings.c.user_id == user_id) & (forgettings.c.subject == subject)
            connection.execute(delete(forgettings).where(there))
            values = {"user_id": user_id, "subject": subject, "kind": found.kind, "at": stamp, "reach": found.to_json()}
            connection.execute(insert(forgettings).values(**values))
            _cover(connection, user_id, subject, found, stamp)
            rewrites.forget(connection, user_id)
            # The model wrote later sessions' summaries from a profile that told of it, so it is asked for them again.
            work_queue.drop_summaries(connection, user_id)
            refusals.drop_words(connection, user_id)
            if personality_too:
                _drop_points(connection, user_id, found.turns)
            timeline.recount(connection, user_id)
        return found

    def preview(self, user_id: str, subject: str, in_turns: Counts, together: Together) -> Cascade:
        """Return what `soft_delete` would hide. Nothing is changed."""
        with self._db.read() as connection:
            return cascade.of(connection, user_id, subject, in_turns, together)

    def undo(self, user_id: str, subject: str) -> bool:
        """Restore what was forgotten with one subject, or one memory of another subject's cascade.

        Other forgettings stay in force: everything is restored first, then hidden again for each of them.

        Returns:
            Whether anything was restored.
        """
        with self._db.write(user_id) as connection:
            waiting = _waiting(connection, user_id)
            mine = [row for row in waiting if row.subject == subject]
            if mine:
                connection.execute(delete(forgettings).where(_key(user_id, subject)))
                _uncover(connection, user_id, [Cascade.from_json(row.reach) for row in mine])
            else:
                mine = [row for row in waiting if subject in (*row.reach["memories"], *row.reach["derived"])]
                if not mine:
                    # A rewrite dropped this line, or its person called it outdated.
                    return soft_delete.restore(connection, user_id, subject)
                _uncover(connection, user_id, [Cascade.from_json(row.reach) for row in mine])
                _leave_out(connection, user_id, subject, mine)
            for row in _waiting(connection, user_id):
                _cover(connection, user_id, row.subject, Cascade.from_json(row.reach), row.at)
            timeline.recount(connection, user_id)
        return True

    def due(self, before: datetime | None = None) -> list[tuple[str, str]]:
        """Return the (user, subject) pairs that are due for a purge, oldest first.

        Args:
            before: Those forgotten by this instant, and those purged without a receipt. None: all that have no receipt.
        """
        query = select(forgettings.c.user_id, forgettings.c.subject).where(forgettings.c.receipt.is_(None))
        if before is not None:
            query = query.where((forgettings.c.at <= before) | forgettings.c.purged_at.is_not(None))
        with self._db.read() as connection:
            return [(row.user_id, row.subject) for row in connection.execute(query.order_by(forgettings.c.at))]

    def texts(self, user_id: str, subject: str) -> list[str]:
        """Return the exact texts that are about to be purged, so that `verify` can search for them afterwards."""
        with self._db.read() as connection:
            found = _stored_cascade(connection, user_id, subject)
            mine = (memories.c.user_id == user_id) & memories.c.id.in_((*found.memories, *found.derived))
            said = list(connection.execute(select(memories.c.text).where(mine)).scalars())
            return [*said, *quarantine.texts(connection, user_id, found.turns)]

    def purge(self, user_id: str, subject: str) -> Cascade:
        """Remove hidden things permanently and queue their sessions to be summarised again. Running it twice is harmless."""
        with self._db.write(user_id) as connection:
            found = _stored_cascade(connection, user_id, subject)
            for name in found.derived:
                mine = (memories.c.user_id == user_id) & (memories.c.id == name)
                row = connection.execute(select(memories.c.extra).where(mine)).first()
                if row is not None:
                    # The same line may be written again when it is rebuilt without the subject.
                    connection.execute(update(memories).where(mine).values(extra={**row.extra, "replaced": True}))
            for name in (*found.memories, *found.derived):
                soft_delete.purge(connection, user_id, name)
            date_rows.drop(connection, user_id, (*found.memories, *found.derived, *found.turns))
            others = [Cascade.from_json(row.reach) for row in _waiting(connection, user_id) if row.subject != subject]
            _drop_quarantined(connection, user_id, found, others)
            refusals.drop(connection, user_id, found.turns)
            _drop_points(connection, user_id, found.turns)
            hidden = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos) & photos.c.hidden_at.is_not(None)
            connection.execute(delete(photos).where(hidden))
            for number in found.sessions:
                summarize_again(connection, user_id, number)
            connection.execute(
                update(forgettings)
                .where(_key(user_id, subject), forgettings.c.purged_at.is_(None))
                .values(purged_at=clock.instant())
            )
        return found

    def receipt(self, user_id: str, subject: str, receipt: dict[str, Any]) -> None:
        """Store the receipt of a purge."""
        with self._db.write(user_id) as connection:
            connection.execute(update(forgettings).where(_key(user_id, subject)).values(receipt=receipt))

    def receipts(self, user_id: str) -> list[dict[str, Any]]:
        """Return the receipts of a user, oldest first. None of them contains a word of what was forgotten."""
        query = select(forgettings.c.receipt).where(forgettings.c.user_id == user_id, forgettings.c.purged_at.is_not(None))
        with self._db.read() as connection:
            return [row for row in connection.execute(query.order_by(forgettings.c.at)).scalars() if row is not None]

    def when(self, user_id: str, subject: str) -> tuple[datetime, datetime | None]:
        """Return when a subject was hidden, and when it was purged (None: not yet)."""
        with self._db.read() as connection:
            row = _row(connection, user_id, subject)
        return row.at, row.purged_at


def _key(user_id: str, subject: str) -> ColumnElement[bool]:
    return (forgettings.c.user_id == user_id) & (forgettings.c.subject == subject)


def _row(connection: Connection, user_id: str, subject: str) -> Row[Any]:
    row = connection.execute(select(forgettings).where(_key(user_id, subject))).first()
    if row is None:
        raise NotFound(f"{subject!r} is no longer forgotten: it was brought back.")
    return row


def _stored_cascade(connection: Connection, user_id: str, subject: str) -> Cascade:
    return Cascade.from_json(_row(connection, user_id, subject).reach)


def _waiting(connection: Connection, user_id: str) -> Sequence[Row[Any]]:
    """Return what is forgotten and not yet purged, in the order of the forgettings."""
    query = select(forgettings).where(forgettings.c.user_id == user_id, forgettings.c.purged_at.is_(None))
    return connection.execute(query.order_by(forgettings.c.at, forgettings.c.subject)).all()


def _cover(connection: Connection, user_id: str, subject: str, found: Cascade, stamp: datetime) -> None:
    """Hide a whole cascade. What is hidden already stays hidden."""
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


def _uncover(connection: Connection, user_id: str, cascades: Sequence[Cascade]) -> None:
    """Restore whole cascades, even what another forgetting hides as well."""
    for found in cascades:
        quarantine.restore(connection, user_id, (*found.turns, *found.told, *found.shown, *found.pictured))
        # Originals before their repetitions: a repetition whose original is still hidden would become a fact of its own.
        mine = (memories.c.user_id == user_id) & memories.c.id.in_((*found.memories, *found.derived))
        names = select(memories.c.id).where(mine).order_by(memories.c.same_as.is_not(None), memories.c.at, memories.c.id)
        for name in connection.execute(names).scalars().all():
            soft_delete.restore(connection, user_id, name)
        mine = (photos.c.user_id == user_id) & photos.c.id.in_(found.photos)
        connection.execute(update(photos).where(mine).values(hidden_at=None))


def _leave_out(connection: Connection, user_id: str, memory_id: str, rows: Sequence[Row[Any]]) -> None:
    """Remove one memory from stored cascades, with its message and everything else that was taken from that message."""
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
            # The original stays forgotten, so the repetition becomes a fact of its own.
            supersession_rows.part(connection, user_id, name)
        if any(left[name] for name in ("memories", "turns", "photos")):
            connection.execute(update(forgettings).where(_key(user_id, row.subject)).values(reach=left))
        else:
            connection.execute(delete(forgettings).where(_key(user_id, row.subject)))


def _drop_quarantined(connection: Connection, user_id: str, found: Cascade, others: Sequence[Cascade]) -> None:
    """Delete what a forgetting has quarantined. What another forgetting may still restore only loses what tells of this one."""
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
    """Delete the personality points of these messages. They have not counted since the messages were hidden."""
    connection.execute(delete(personality).where(personality.c.user_id == user_id, personality.c.turn_id.in_(turn_ids)))


def _is_visible(connection: Connection, user_id: str, memory_id: str) -> bool:
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
    return connection.execute(select(memories.c.id).where(mine)).first() is not None


def summarize_again(connection: Connection, user_id: str, session: int) -> None:
    """Queue a session to be summarised again from its remaining turns."""
    of = (turns.c.user_id == user_id) & (turns.c.session == session) & turns.c.state.not_in(_GONE_STATES)
    last = connection.execute(select(turns.c.seq).where(of).order_by(turns.c.seq.desc()).limit(1)).scalar()
    # The session has changed, so earlier refusals of the model server no longer apply.
    refusals.drop(connection, user_id, [str(session)])
    if last is not None:
        work_queue.add(connection, user_id, "consolidate", str(session), seq=last)
