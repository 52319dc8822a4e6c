"""What was forgotten of an import that is removed: it can be restored no longer (SQL, in the caller's transaction)."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from memory.core.records import TurnState
from memory.forgetting import quarantine
from memory.storage.schema import forgettings, turns, withheld

_ROOTS = ("memories", "turns", "photos")
"""What is restored; the rest of a cascade follows from it."""


def alone(connection: Connection, user_id: str, gone: AbstractSet[str]) -> list[str]:
    """Return the subjects of which nothing could be restored if these memories, turns and pictures were gone.

    Args:
        connection: The caller's connection.
        user_id: The user.
        gone: The ids of everything that is removed.
    """
    return [row.subject for row, left in _touched(connection, user_id, gone) if not left]


def take_out(connection: Connection, user_id: str, gone: AbstractSet[str]) -> None:
    """Take what is removed out of everything that can still be restored; see `alone`."""
    for row, left in _touched(connection, user_id, gone):
        this = (forgettings.c.user_id == user_id) & (forgettings.c.subject == row.subject)
        if left:
            reach = {
                name: [one for one in value if one not in gone] if isinstance(value, list) else value
                for name, value in row.reach.items()
            }
            connection.execute(update(forgettings).where(this).values(reach=reach))
        else:
            connection.execute(delete(forgettings).where(this))
            # Nobody would remove these words later.
            connection.execute(delete(withheld).where(withheld.c.user_id == user_id, withheld.c.subject == row.subject))


def _touched(connection: Connection, user_id: str, gone: AbstractSet[str]) -> Iterator[tuple[Row[Any], set[str]]]:
    """Yield each forgetting of something that is removed, and what it could restore besides."""
    waiting = (forgettings.c.user_id == user_id) & forgettings.c.purged_at.is_(None)
    rows = connection.execute(select(forgettings).where(waiting).order_by(forgettings.c.at)).all()
    requests = _requests(connection, user_id) if rows else set()
    for row in rows:
        roots = {one for name in _ROOTS for one in row.reach[name]}
        if roots & gone:
            # The message that asked to forget it is of no use without it.
            yield row, roots - gone - requests


def _requests(connection: Connection, user_id: str) -> set[str]:
    """Return the messages that asked to forget something."""
    asked = (turns.c.user_id == user_id) & (turns.c.state == TurnState.REQUEST)
    found = {str(name) for name in connection.execute(select(turns.c.id).where(asked)).scalars()}
    aside = quarantine.as_it_was(connection, user_id)
    return found | {name for name, kept in aside.items() if kept.get("state") == TurnState.REQUEST}
