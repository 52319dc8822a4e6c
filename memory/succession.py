"""Committing what a new fact does to older ones, and taking it back; nothing is ever deleted by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Update, select, update

from memory.change import Changes
from memory.outdated import Replaced
from memory.schema import memories


def apply(connection: Connection, user_id: str, memory_id: str, time: datetime, changes: Changes) -> None:
    """Mark older facts as repeated or superseded; those that changed since they were judged are left alone."""
    valid = (
        (memories.c.user_id == user_id)
        & (memories.c.kind == "semantic")
        & (memories.c.id != memory_id)
        & memories.c.hidden_at.is_(None)
        & memories.c.superseded_by.is_(None)
        & memories.c.same_as.is_(None)
    )
    if changes.same_as is not None:
        stronger = update(memories).where(valid, memories.c.id == changes.same_as).values(strength=memories.c.strength + 1)
        if connection.execute(stronger).rowcount:
            connection.execute(_changed(memory_id).values(same_as=changes.same_as))
        return
    unedited = select(memories.c.id).where(valid, memories.c.edited.is_(False), memories.c.id.in_(changes.supersedes))
    supersede(connection, user_id, memory_id, time, list(connection.execute(unedited).scalars()) if changes.supersedes else [])


def supersede(connection: Connection, user_id: str, memory_id: str, time: datetime, ids: Sequence[str]) -> None:
    """Mark facts that hold as true until a newer one was said."""
    if not ids:
        # SQLite would go through every row of the user to find none.
        return
    which = (memories.c.user_id == user_id) & memories.c.id.in_(list(ids)) & memories.c.superseded_by.is_(None)
    connection.execute(
        update(memories).where(which).values(superseded_by=memory_id, valid_until=time, revision=memories.c.revision + 1)
    )


def release(connection: Connection, user_id: str, memory_id: str) -> list[str]:
    """Let stand again what a fact had made untrue; returns the ids."""
    # One that its person called outdated stands for that itself.
    which = (memories.c.user_id == user_id) & (memories.c.superseded_by == memory_id) & (memories.c.id != memory_id)
    ids = list(connection.execute(select(memories.c.id).where(which)).scalars())
    if ids:
        connection.execute(
            update(memories)
            .where(memories.c.id.in_(ids))
            .values(superseded_by=None, valid_until=None, revision=memories.c.revision + 1)
        )
    return ids


def said_again(connection: Connection, user_id: str, memory_id: str, times: int) -> bool:
    """Count a fact as said more or less often; says whether it is there."""
    which = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
    return bool(connection.execute(update(memories).where(which).values(strength=memories.c.strength + times)).rowcount)


def part(connection: Connection, user_id: str, memory_id: str) -> bool:
    """Let a repetition stand for itself; says whether it was one."""
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id)
    row = connection.execute(select(memories.c.same_as).where(mine)).first()
    if row is None or row.same_as is None:
        return False
    said_again(connection, user_id, row.same_as, -1)
    connection.execute(_changed(memory_id).values(same_as=None))
    return True


def hand_on(connection: Connection, user_id: str, memory_id: str) -> None:
    """Make the first repetition of a fact that is about to go say what it said: that was said without it, too."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    again = select(memories.c.id).where(mine, memories.c.same_as == memory_id).order_by(memories.c.at, memories.c.id)
    names = list(connection.execute(again).scalars())
    if not names:
        return
    old = connection.execute(select(memories).where(memories.c.id == memory_id)).one()
    first = {"same_as": None, "strength": len(names), "superseded_by": old.superseded_by, "valid_until": old.valid_until}
    connection.execute(_changed(names[0]).values(first))
    for name in names[1:]:
        connection.execute(_changed(name).values(same_as=names[0]))
    connection.execute(update(memories).where(mine, memories.c.superseded_by == memory_id).values(superseded_by=names[0]))


def replaced(connection: Connection, user_id: str, since: datetime) -> list[Replaced]:
    """Return the facts that newer ones made untrue after an instant."""
    older, newer = memories.alias(), memories.alias()
    query = (
        select(
            older.c.text.label("old"), newer.c.text.label("new"), older.c.valid_until, (newer.c.id != older.c.id).label("by")
        )
        .join(newer, newer.c.id == older.c.superseded_by)
        .where(older.c.user_id == user_id, newer.c.user_id == user_id, older.c.valid_until > since)
    )
    # Of one that its person called outdated nothing newer is known.
    return [Replaced(row.old, row.new if row.by else "", row.valid_until) for row in connection.execute(query)]


def take_back(connection: Connection, user_id: str, memory_id: str) -> list[str]:
    """Undo what made this memory untrue, what it made untrue, or its being a repetition; returns the ids that changed."""
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
    row = connection.execute(select(memories.c.superseded_by).where(mine)).first()
    if row is None:
        return []
    if part(connection, user_id, memory_id):
        return [memory_id]
    if row.superseded_by is not None:
        connection.execute(_changed(memory_id).values(superseded_by=None, valid_until=None))
        return [memory_id]
    return release(connection, user_id, memory_id)


def _changed(memory_id: str) -> Update:
    return update(memories).where(memories.c.id == memory_id).values(revision=memories.c.revision + 1)
