"""Forgetting: hidden at once, purged later, never extracted again (SQL, within the caller's transaction)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from memory.schema import memories, tombstones

UNDO_WINDOW = timedelta(minutes=10)
"""How long a forgotten memory can be brought back before it is purged."""


def set_hidden(connection: Connection, user_id: str, memory_id: str, stamp: datetime | None) -> bool:
    """Hide a memory with its repetitions, or show them again; says whether that changed anything."""
    which = (memories.c.id == memory_id) | (memories.c.same_as == memory_id)
    other = memories.c.hidden_at.is_(None) if stamp is not None else memories.c.hidden_at.is_not(None)
    changed = connection.execute(
        update(memories)
        .where(memories.c.user_id == user_id, which, other)
        .values(hidden_at=stamp, revision=memories.c.revision + 1)
    )
    return bool(changed.rowcount)


def hidden(connection: Connection, before: datetime | None) -> list[tuple[str, str]]:
    """Return (user, memory id) of what is hidden; with `before`, of what was hidden by then."""
    query = select(memories.c.user_id, memories.c.id).where(memories.c.hidden_at.is_not(None))
    if before is not None:
        query = query.where(memories.c.hidden_at <= before)
    return [(row.user_id, row.id) for row in connection.execute(query)]


def purge(connection: Connection, user_id: str, memory_id: str) -> None:
    """Remove a hidden memory, with what only repeated it; a tombstone without text stays."""
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_not(None)
    row = connection.execute(select(memories).where(mine)).first()
    if row is None:
        return
    connection.execute(delete(memories).where(mine))
    repeated = (memories.c.user_id == user_id) & (memories.c.same_as == memory_id)
    connection.execute(delete(memories).where(repeated, memories.c.hidden_at.is_not(None)))
    digest = _digest(memory_id, row.text if row.key is not None else "")
    there = (tombstones.c.user_id == user_id) & (tombstones.c.digest == digest)
    known = connection.execute(select(tombstones.c.digest).where(there)).first()
    # What a rewrite dropped may come back; what the person forgot may not.
    if known is None and not row.extra.get("replaced"):
        connection.execute(insert(tombstones).values(user_id=user_id, digest=digest))


def is_forgotten(connection: Connection, user_id: str, memory_id: str, text: str = "") -> bool:
    """Look for the tombstone; an entry with a key (profile, habits) is another one when its text differs."""
    query = select(tombstones.c.digest).where(tombstones.c.user_id == user_id, tombstones.c.digest == _digest(memory_id, text))
    return connection.execute(query).first() is not None


def _digest(memory_id: str, text: str) -> str:
    return hashlib.sha256(f"{memory_id}\n{text}".encode()).hexdigest()
