"""Tombstones, which keep forgotten things from being extracted or imported again (SQL, in the caller's transaction).

A tombstone is a hash and contains no text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from memory.storage.schema import forgettings, tombstones

UNDO_WINDOW = timedelta(minutes=10)
"""How long a forgotten memory can be restored before it is purged."""
_TOMBSTONES = select(tombstones.c.digest).where(tombstones.c.user_id == bindparam("user"))
_TOMBSTONE = select(tombstones.c.digest).where(
    tombstones.c.user_id == bindparam("user"), tombstones.c.digest == bindparam("its_digest")
)


def anything_since(connection: Connection, user_id: str, instant: datetime) -> bool:
    """Return whether the user forgot anything at or after an instant."""
    query = select(forgettings.c.subject).where(forgettings.c.user_id == user_id, forgettings.c.at >= instant)
    return connection.execute(query.limit(1)).first() is not None


def mark(connection: Connection, user_id: str, name: str, text: str = "") -> None:
    """Store a tombstone, unless there is one."""
    if not is_forgotten(connection, user_id, name, text):
        connection.execute(insert(tombstones).values(user_id=user_id, digest=digest(name, text)))


def unmark(connection: Connection, user_id: str, name: str, text: str = "") -> None:
    """Delete a tombstone."""
    there = (tombstones.c.user_id == user_id) & (tombstones.c.digest == digest(name, text))
    connection.execute(delete(tombstones).where(there))


def mark_said(connection: Connection, user_id: str, time: datetime, text: str) -> None:
    """Store a tombstone of one more message with this time and text, so that importing the transcript again skips it."""
    mark(connection, user_id, _said_at(time, times_forgotten(digests(connection, user_id), time, text) + 1), text)


def unmark_said(connection: Connection, user_id: str, time: datetime, text: str) -> None:
    """Delete the tombstone of one message with this time and text."""
    times = times_forgotten(digests(connection, user_id), time, text)
    if times:
        unmark(connection, user_id, _said_at(time, times), text)


def digests(connection: Connection, user_id: str) -> AbstractSet[str]:
    """Return all tombstones of a user."""
    return set(connection.execute(_TOMBSTONES, {"user": user_id}).scalars())


def times_forgotten(marked: AbstractSet[str], time: datetime, text: str) -> int:
    """Return the number of forgotten messages with this time and text.

    Args:
        marked: The user's tombstones; see `digests`.
        time: The time of the messages.
        text: The text of the messages.
    """
    times = 0
    while marked and digest(_said_at(time, times + 1), text) in marked:
        times += 1
    return times


def _said_at(time: datetime, nth: int) -> str:
    name = f"said at {time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    return name if nth == 1 else f"{name}, {nth}"


def is_forgotten(connection: Connection, user_id: str, memory_id: str, text: str = "") -> bool:
    """Return whether there is a tombstone; for an entry with a key (profile, habits), one with the same text."""
    return connection.execute(_TOMBSTONE, {"user": user_id, "its_digest": digest(memory_id, text)}).first() is not None


def digest(memory_id: str, text: str) -> str:
    """Return the hash of a tombstone."""
    return hashlib.sha256(f"{memory_id}\n{text}".encode()).hexdigest()
