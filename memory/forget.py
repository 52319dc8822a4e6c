"""Forgetting: hidden at once, purged later, never extracted again (SQL, within the caller's transaction)."""

from __future__ import annotations

import hashlib
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from memory import succession
from memory.schema import forgettings, memories, tombstones

UNDO_WINDOW = timedelta(minutes=10)
"""How long a forgotten memory can be brought back before it is purged."""
_TOMBSTONES = select(tombstones.c.digest).where(tombstones.c.user_id == bindparam("user"))
_TOMBSTONE = select(tombstones.c.digest).where(
    tombstones.c.user_id == bindparam("user"), tombstones.c.digest == bindparam("its_digest")
)


def hide(connection: Connection, user_id: str, memory_id: str, stamp: datetime) -> None:
    """Hide a memory with its repetitions; what it had made untrue stands again, and what it repeated was said less often."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None)
    which = (memories.c.id == memory_id) | (memories.c.same_as == memory_id)
    connection.execute(update(memories).where(mine, which).values(hidden_at=stamp, revision=memories.c.revision + 1))
    row = connection.execute(select(memories.c.extra, memories.c.same_as).where(memories.c.id == memory_id)).one()
    freed = succession.release(connection, user_id, memory_id)
    if freed:
        connection.execute(update(memories).where(memories.c.id == memory_id).values(extra={**row.extra, "freed": freed}))
    if row.same_as is not None:
        succession.said_again(connection, user_id, row.same_as, -1)


def show(connection: Connection, user_id: str, memory_id: str) -> bool:
    """Show a hidden memory again, with what was hidden with it and what it did; says whether it was hidden."""
    mine = (memories.c.user_id == user_id) & memories.c.hidden_at.is_not(None)
    row = connection.execute(select(memories).where(mine, memories.c.id == memory_id)).first()
    if row is None:
        return False
    # What had been forgotten by itself before stays forgotten.
    together = (memories.c.id == memory_id) | ((memories.c.same_as == memory_id) & (memories.c.hidden_at == row.hidden_at))
    connection.execute(update(memories).where(mine, together).values(hidden_at=None, revision=memories.c.revision + 1))
    succession.supersede(connection, user_id, memory_id, row.at, row.extra.get("freed", []))
    kept = {key: value for key, value in row.extra.items() if key not in ("freed", "replaced")}
    connection.execute(update(memories).where(memories.c.id == memory_id).values(extra=kept))
    if row.same_as is not None and not succession.said_again(connection, user_id, row.same_as, 1):
        # What it repeated is gone: it stands for itself.
        succession.part(connection, user_id, memory_id)
    return True


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
    connection.execute(update(memories).where(repeated).values(same_as=None, revision=memories.c.revision + 1))
    # What a rewrite dropped may come back; what the person forgot may not.
    if not row.extra.get("replaced"):
        mark(connection, user_id, memory_id, row.text if row.key is not None else "")


def anything_since(connection: Connection, user_id: str, instant: datetime) -> bool:
    """Say whether the user forgot anything from an instant on."""
    query = select(forgettings.c.subject).where(forgettings.c.user_id == user_id, forgettings.c.at >= instant)
    return connection.execute(query.limit(1)).first() is not None


def mark(connection: Connection, user_id: str, name: str, text: str = "") -> None:
    """Leave a tombstone: a hash, no text."""
    if not is_forgotten(connection, user_id, name, text):
        connection.execute(insert(tombstones).values(user_id=user_id, digest=digest(name, text)))


def unmark(connection: Connection, user_id: str, name: str, text: str = "") -> None:
    """Take a tombstone away."""
    there = (tombstones.c.user_id == user_id) & (tombstones.c.digest == digest(name, text))
    connection.execute(delete(tombstones).where(there))


def mark_said(connection: Connection, user_id: str, time: datetime, text: str) -> None:
    """Leave a tombstone of one more message of a time and text: a transcript that is replayed does not bring it back."""
    mark(connection, user_id, _said_at(time, times_forgotten(digests(connection, user_id), time, text) + 1), text)


def unmark_said(connection: Connection, user_id: str, time: datetime, text: str) -> None:
    """Take the tombstone of one message of a time and text away."""
    times = times_forgotten(digests(connection, user_id), time, text)
    if times:
        unmark(connection, user_id, _said_at(time, times), text)


def digests(connection: Connection, user_id: str) -> AbstractSet[str]:
    """Return all tombstones of a user."""
    return set(connection.execute(_TOMBSTONES, {"user": user_id}).scalars())


def times_forgotten(marked: AbstractSet[str], time: datetime, text: str) -> int:
    """Count the messages of a time and text that are forgotten.

    Args:
        marked: The user's tombstones; see `digests`.
        time: When they were said.
        text: What they said.
    """
    times = 0
    while marked and digest(_said_at(time, times + 1), text) in marked:
        times += 1
    return times


def _said_at(time: datetime, nth: int) -> str:
    name = f"said at {time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    return name if nth == 1 else f"{name}, {nth}"


def is_forgotten(connection: Connection, user_id: str, memory_id: str, text: str = "") -> bool:
    """Look for the tombstone; an entry with a key (profile, habits) is another one when its text differs."""
    return connection.execute(_TOMBSTONE, {"user": user_id, "its_digest": digest(memory_id, text)}).first() is not None


def digest(memory_id: str, text: str) -> str:
    """Return what a tombstone is known by."""
    return hashlib.sha256(f"{memory_id}\n{text}".encode()).hexdigest()
