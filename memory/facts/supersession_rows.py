"""Stores and undoes the effects of a new fact on older facts. Nothing is ever deleted (SQL, in the caller's transaction)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, select, update

from memory.facts.acceptance import Changes
from memory.facts.profile_validity import Replaced
from memory.storage.schema import memories


def apply(connection: Connection, user_id: str, memory_id: str, time: datetime, changes: Changes) -> None:
    """Mark facts as repeated or superseded, as if all had been said in order. Facts that changed meanwhile are left alone.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user.
        memory_id: The fact.
        time: When it was said. Older facts are superseded from then on.
        changes: Its effects on older facts, and the effects of later facts on it.
    """
    other = _originals(user_id) & (memories.c.id != memory_id)
    valid_then = other & _valid_at(time)
    if changes.supersedes:
        unedited = select(memories.c.id).where(valid_then, memories.c.edited.is_(False), memories.c.id.in_(changes.supersedes))
        for name in connection.execute(unedited).scalars().all():
            _detach_later(connection, user_id, name, time)
            connection.execute(_changed(name).values(superseded_by=changes.same_as or memory_id, valid_until=time))
    if changes.same_as is not None:
        stronger = update(memories).where(valid_then, memories.c.id == changes.same_as).values(strength=memories.c.strength + 1)
        if connection.execute(stronger).rowcount:
            connection.execute(_changed(memory_id).values(same_as=changes.same_as))
        return
    later = select(memories).where(other, memories.c.held.is_(None), memories.c.at > time)
    if changes.superseded_by is not None:
        newer = connection.execute(later.where(memories.c.id == changes.superseded_by)).first()
        if newer is not None:
            it = _originals(user_id) & memories.c.edited.is_(False) & _valid_at(newer.at)
            connection.execute(_changed(memory_id).where(it).values(superseded_by=newer.id, valid_until=newer.at))
    if changes.repeated_by is not None:
        unedited = later.where(memories.c.edited.is_(False), memories.c.id == changes.repeated_by)
        newer = connection.execute(unedited).first()
        if newer is not None:
            _come_before(connection, user_id, memory_id, time, newer)


def _originals(user_id: str) -> ColumnElement[bool]:
    """Return the condition for visible facts that are not repetitions."""
    shown = (memories.c.user_id == user_id) & (memories.c.kind == "semantic") & memories.c.hidden_at.is_(None)
    return shown & memories.c.same_as.is_(None)


def _valid_at(time: datetime) -> ColumnElement[bool]:
    """Return the condition for facts that were valid at a time. A fact that the person called outdated is not."""
    by_newer = (memories.c.superseded_by != memories.c.id) & (memories.c.valid_until > time)
    return memories.c.superseded_by.is_(None) | by_newer


def _detach_later(connection: Connection, user_id: str, memory_id: str, time: datetime) -> None:
    """Detach the repetitions of a fact that were said after a time; the others then repeat the first of them."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    again = select(memories.c.id).where(mine, memories.c.same_as == memory_id, memories.c.at > time)
    names = list(connection.execute(again.order_by(memories.c.at, memories.c.id)).scalars())
    if names:
        _lead(connection, memory_id, names)
        said_again(connection, user_id, memory_id, -len(names))


def _lead(connection: Connection, memory_id: str, names: Sequence[str]) -> None:
    """Turn the first of some repetitions into a fact with the original's validity; the others become repetitions of it."""
    old = connection.execute(select(memories).where(memories.c.id == memory_id)).one()
    first = {"same_as": None, "strength": len(names), "superseded_by": old.superseded_by, "valid_until": old.valid_until}
    connection.execute(_changed(names[0]).values(first))
    for name in names[1:]:
        connection.execute(_changed(name).values(same_as=names[0]))


def _come_before(connection: Connection, user_id: str, memory_id: str, time: datetime, newer: Row[Any]) -> None:
    """Turn a stored later fact into a repetition of an earlier one that is only remembered now."""
    mine = memories.c.user_id == user_id
    revised = update(memories).values(revision=memories.c.revision + 1)
    connection.execute(revised.where(mine, memories.c.same_as == newer.id).values(same_as=memory_id))
    stronger = {"strength": memories.c.strength + newer.strength}
    if newer.superseded_by is not None:
        # A fact that the person called outdated stays so, whichever of the two stands for both.
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
        # With an empty list, SQLite would read every row of the user to find none.
        return
    which = (memories.c.user_id == user_id) & memories.c.id.in_(list(ids)) & memories.c.superseded_by.is_(None)
    connection.execute(
        update(memories).where(which).values(superseded_by=memory_id, valid_until=time, revision=memories.c.revision + 1)
    )


def release(connection: Connection, user_id: str, memory_id: str) -> list[str]:
    """Make the facts valid again that were superseded by this one; return their ids."""
    # A fact that the person called outdated is marked as superseded by itself, and stays so.
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
    """Change how often a fact counts as said; return whether the fact is there."""
    which = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
    return bool(connection.execute(update(memories).where(which).values(strength=memories.c.strength + times)).rowcount)


def part(connection: Connection, user_id: str, memory_id: str) -> bool:
    """Turn a repetition into a fact of its own; return whether it was a repetition."""
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id)
    row = connection.execute(select(memories.c.same_as).where(mine)).first()
    if row is None or row.same_as is None:
        return False
    said_again(connection, user_id, row.same_as, -1)
    connection.execute(_changed(memory_id).values(same_as=None))
    return True


def hand_on(connection: Connection, user_id: str, memory_id: str) -> None:
    """Let the first repetition of a fact take its place before the fact is removed: the person said it in both messages."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    again = select(memories.c.id).where(mine, memories.c.same_as == memory_id).order_by(memories.c.at, memories.c.id)
    names = list(connection.execute(again).scalars())
    if not names:
        return
    _lead(connection, memory_id, names)
    connection.execute(update(memories).where(mine, memories.c.superseded_by == memory_id).values(superseded_by=names[0]))


def replaced(connection: Connection, user_id: str, since: datetime) -> list[Replaced]:
    """Return the facts that were superseded after an instant."""
    older, newer = memories.alias(), memories.alias()
    query = (
        select(
            older.c.text.label("old"), newer.c.text.label("new"), older.c.valid_until, (newer.c.id != older.c.id).label("by")
        )
        .join(newer, newer.c.id == older.c.superseded_by)
        .where(older.c.user_id == user_id, newer.c.user_id == user_id, older.c.valid_until > since)
    )
    # A fact that the person called outdated has no newer fact.
    return [Replaced(row.old, row.new if row.by else "", row.valid_until) for row in connection.execute(query)]


def take_back(connection: Connection, user_id: str, memory_id: str) -> list[str]:
    """Undo a memory's being a repetition, or else its supersession, or else its effect on older facts.

    Returns:
        The ids of the facts that changed.
    """
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
