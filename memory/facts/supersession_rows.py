"""Committing what a new fact does to older ones, and taking it back; nothing is ever deleted by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, select, update

from memory.facts.acceptance import Changes
from memory.facts.profile_validity import Replaced
from memory.storage.schema import memories


def apply(connection: Connection, user_id: str, memory_id: str, time: datetime, changes: Changes) -> None:
    """Mark facts as repeated or superseded, as if all had been said in order; those that changed meanwhile are left alone.

    Args:
        connection: Of a transaction that writes.
        user_id: Whose.
        memory_id: The fact.
        time: When it was said; older facts are superseded from then on.
        changes: What it does to older facts, and newer ones to it.
    """
    other = _apart(user_id) & (memories.c.id != memory_id)
    held = other & _held_at(time)
    if changes.supersedes:
        unedited = select(memories.c.id).where(held, memories.c.edited.is_(False), memories.c.id.in_(changes.supersedes))
        for name in connection.execute(unedited).scalars().all():
            _part_later(connection, user_id, name, time)
            connection.execute(_changed(name).values(superseded_by=changes.same_as or memory_id, valid_until=time))
    if changes.same_as is not None:
        stronger = update(memories).where(held, memories.c.id == changes.same_as).values(strength=memories.c.strength + 1)
        if connection.execute(stronger).rowcount:
            connection.execute(_changed(memory_id).values(same_as=changes.same_as))
        return
    later = select(memories).where(other, memories.c.held.is_(None), memories.c.at > time)
    if changes.superseded_by is not None:
        newer = connection.execute(later.where(memories.c.id == changes.superseded_by)).first()
        if newer is not None:
            it = _apart(user_id) & memories.c.edited.is_(False) & _held_at(newer.at)
            connection.execute(_changed(memory_id).where(it).values(superseded_by=newer.id, valid_until=newer.at))
    if changes.repeated_by is not None:
        unedited = later.where(memories.c.edited.is_(False), memories.c.id == changes.repeated_by)
        newer = connection.execute(unedited).first()
        if newer is not None:
            _come_before(connection, user_id, memory_id, time, newer)


def _apart(user_id: str) -> ColumnElement[bool]:
    """Select the facts that stand for themselves."""
    shown = (memories.c.user_id == user_id) & (memories.c.kind == "semantic") & memories.c.hidden_at.is_(None)
    return shown & memories.c.same_as.is_(None)


def _held_at(time: datetime) -> ColumnElement[bool]:
    """Select what held at a time; what its person called outdated stays so."""
    by_newer = (memories.c.superseded_by != memories.c.id) & (memories.c.valid_until > time)
    return memories.c.superseded_by.is_(None) | by_newer


def _part_later(connection: Connection, user_id: str, memory_id: str, time: datetime) -> None:
    """Let what repeats a fact after the time at which it is superseded stand for itself, the first for all."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    again = select(memories.c.id).where(mine, memories.c.same_as == memory_id, memories.c.at > time)
    names = list(connection.execute(again.order_by(memories.c.at, memories.c.id)).scalars())
    if names:
        _lead(connection, memory_id, names)
        said_again(connection, user_id, memory_id, -len(names))


def _lead(connection: Connection, memory_id: str, names: Sequence[str]) -> None:
    """Make the first of some repetitions say what a fact says, as valid as that is, and the others repeat it."""
    old = connection.execute(select(memories).where(memories.c.id == memory_id)).one()
    first = {"same_as": None, "strength": len(names), "superseded_by": old.superseded_by, "valid_until": old.valid_until}
    connection.execute(_changed(names[0]).values(first))
    for name in names[1:]:
        connection.execute(_changed(name).values(same_as=names[0]))


def _come_before(connection: Connection, user_id: str, memory_id: str, time: datetime, newer: Row[Any]) -> None:
    """Make a newer fact a repetition of one that was said before it and is remembered after it."""
    mine = memories.c.user_id == user_id
    revised = update(memories).values(revision=memories.c.revision + 1)
    connection.execute(revised.where(mine, memories.c.same_as == newer.id).values(same_as=memory_id))
    stronger = {"strength": memories.c.strength + newer.strength}
    if newer.superseded_by is not None:
        # What its person called outdated is so in either form.
        by = memory_id if newer.superseded_by == newer.id else newer.superseded_by
        stronger |= {"superseded_by": by, "valid_until": newer.valid_until}
    connection.execute(_changed(memory_id).values(stronger))
    alone = {"same_as": memory_id, "strength": 1, "superseded_by": None, "valid_until": None}
    connection.execute(_changed(newer.id).values(alone))
    replaced_by_it = revised.where(mine, memories.c.superseded_by == newer.id)
    connection.execute(replaced_by_it.where(memories.c.at <= time).values(superseded_by=memory_id, valid_until=time))
    # A repetition supersedes nothing.
    connection.execute(replaced_by_it.where(memories.c.at > time).values(superseded_by=None, valid_until=None))


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
    _lead(connection, memory_id, names)
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
