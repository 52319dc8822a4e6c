"""Committing what a new fact does to older ones, and taking it back; nothing is ever deleted by it."""

from __future__ import annotations

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
    if changes.supersedes:
        connection.execute(
            update(memories)
            .where(valid, memories.c.edited.is_(False), memories.c.id.in_(changes.supersedes))
            .values(superseded_by=memory_id, valid_until=time, revision=memories.c.revision + 1)
        )


def replaced(connection: Connection, user_id: str, since: datetime) -> list[Replaced]:
    """Return the facts that newer ones made untrue after an instant."""
    older, newer = memories.alias(), memories.alias()
    query = (
        select(older.c.text.label("old"), newer.c.text.label("new"), older.c.valid_until)
        .join(newer, newer.c.id == older.c.superseded_by)
        .where(older.c.user_id == user_id, older.c.valid_until > since)
    )
    return [Replaced(row.old, row.new, row.valid_until) for row in connection.execute(query)]


def take_back(connection: Connection, user_id: str, memory_id: str) -> list[str]:
    """Undo what made this memory untrue, what it made untrue, or its being a repetition; returns the ids that changed."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    row = connection.execute(select(memories.c.same_as).where(mine, memories.c.id == memory_id)).first()
    if row is None:
        return []
    if row.same_as is not None:
        connection.execute(update(memories).where(mine, memories.c.id == row.same_as).values(strength=memories.c.strength - 1))
        connection.execute(_changed(memory_id).values(same_as=None))
        return [memory_id]
    either = mine & memories.c.superseded_by.is_not(None)
    for which in (memories.c.id == memory_id, memories.c.superseded_by == memory_id):
        ids = list(connection.execute(select(memories.c.id).where(either, which)).scalars())
        if ids:
            connection.execute(
                update(memories)
                .where(memories.c.id.in_(ids))
                .values(superseded_by=None, valid_until=None, revision=memories.c.revision + 1)
            )
            return ids
    return []


def _changed(memory_id: str) -> Update:
    return update(memories).where(memories.c.id == memory_id).values(revision=memories.c.revision + 1)
