"""Soft delete: a memory is hidden at once and purged later. A tombstone stays (SQL, within the caller's transaction)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from memory.facts import supersession_rows
from memory.storage import tombstones
from memory.storage.schema import memories


def hide(connection: Connection, user_id: str, memory_id: str, stamp: datetime) -> None:
    """Hide a memory with its repetitions.

    Facts that it superseded are valid again, and the fact that it repeated counts as said less often.
    """
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    which = (memories.c.id == memory_id) | (memories.c.same_as == memory_id)
    connection.execute(update(memories).where(mine, which).values(hidden_at=stamp, revision=memories.c.revision + 1))
    row = connection.execute(select(memories.c.extra, memories.c.same_as).where(memories.c.id == memory_id)).one()
    freed = supersession_rows.release(connection, user_id, memory_id)
    if freed:
        connection.execute(update(memories).where(memories.c.id == memory_id).values(extra={**row.extra, "freed": freed}))
    if row.same_as is not None:
        supersession_rows.said_again(connection, user_id, row.same_as, -1)


def restore(connection: Connection, user_id: str, memory_id: str) -> bool:
    """Restore a hidden memory, its repetitions that were hidden with it, and its effect on other facts.

    Returns:
        Whether it was hidden.
    """
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_not(None)
    row = connection.execute(select(memories).where(mine, memories.c.id == memory_id)).first()
    if row is None:
        return False
    # A repetition that had been forgotten separately stays forgotten.
    together = (memories.c.id == memory_id) | ((memories.c.same_as == memory_id) & (memories.c.hidden_at == row.hidden_at))
    connection.execute(update(memories).where(mine, together).values(hidden_at=None, revision=memories.c.revision + 1))
    supersession_rows.supersede(connection, user_id, memory_id, row.at, row.extra.get("freed", []))
    kept = {key: value for key, value in row.extra.items() if key not in ("freed", "replaced")}
    connection.execute(update(memories).where(memories.c.id == memory_id).values(extra=kept))
    if row.same_as is not None and not supersession_rows.said_again(connection, user_id, row.same_as, 1):
        # The fact that it repeated is gone, so it becomes a fact of its own.
        supersession_rows.part(connection, user_id, memory_id)
    return True


def hidden(connection: Connection, before: datetime | None) -> list[tuple[str, str]]:
    """Return the (user, memory id) pairs of hidden memories; with `before`, of those hidden by then."""
    query = select(memories.c.user_id, memories.c.id).where(memories.c.hidden_at.is_not(None))
    if before is not None:
        query = query.where(memories.c.hidden_at <= before)
    return [(row.user_id, row.id) for row in connection.execute(query)]


def purge(connection: Connection, user_id: str, memory_id: str) -> None:
    """Remove a hidden memory and its hidden repetitions. A tombstone without text stays."""
    mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_not(None)
    row = connection.execute(select(memories).where(mine)).first()
    if row is None:
        return
    connection.execute(delete(memories).where(mine))
    repeated = (memories.c.user_id == user_id) & (memories.c.same_as == memory_id)
    connection.execute(delete(memories).where(repeated, memories.c.hidden_at.is_not(None)))
    connection.execute(update(memories).where(repeated).values(same_as=None, revision=memories.c.revision + 1))
    # A memory that a rewrite dropped may come back. One that the person forgot may not.
    if not row.extra.get("replaced"):
        by_key = row.key is not None or "item" in row.extra
        tombstones.mark(connection, user_id, memory_id, row.text if by_key else "")
