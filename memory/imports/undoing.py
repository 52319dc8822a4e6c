"""Removes an import with everything that was made from it (SQL, in the caller's transaction).

Removing is no forgetting: there is no tombstone, so the same file can be imported again with other choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from memory.forgetting import soft_delete
from memory.personality import timeline
from memory.storage.schema import (
    dated,
    imports,
    memories,
    outputs,
    personality,
    photos,
    refusals,
    rewrites,
    sessions,
    turns,
    withheld,
    work,
)

_IDS = 500
"""Ids in one statement; SQLite has a limit."""


@dataclass(frozen=True)
class Gone:
    """What was removed.

    Attributes:
        turns: Ids of the turns.
        memories: Ids of the memories that were made from them.
        photos: Ids of the pictures that no other message has.
    """

    turns: tuple[str, ...]
    memories: tuple[str, ...]
    photos: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Return how many of each there were."""
        return {"messages": len(self.turns), "memories": len(self.memories), "pictures": len(self.photos)}


def remove(connection: Connection, user_id: str, import_id: str, facts: Sequence[str] = ()) -> Gone:
    """Remove one import.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user.
        import_id: The import.
        facts: The ids of the facts that it brought.
    """
    mine = (turns.c.user_id == user_id) & (turns.c.import_id == import_id)
    said = connection.execute(select(turns.c.id, turns.c.session, turns.c.images).where(mine)).all()
    names = [row.id for row in said]
    numbers = sorted({row.session for row in said})
    # A message that the person wrote later may continue the last session of an import.
    others = set(
        _values(connection, select(turns.c.session).where(turns.c.user_id == user_id, ~mine), turns.c.session, numbers)
    )
    own = [number for number in numbers if number not in others]
    made = _memories(connection, user_id, names, own)
    made += _values(connection, select(memories.c.id).where(memories.c.user_id == user_id), memories.c.id, facts)
    stamp = datetime.now(UTC)
    for memory_id in made:
        # Facts that it superseded are valid again, and facts that it repeated count once less.
        soft_delete.hide(connection, user_id, memory_id, stamp)
    subjects = [*names, *map(str, own), import_id]
    for table, column, ids in (
        (memories, memories.c.id, made),
        (work, work.c.subject, subjects),
        (outputs, outputs.c.subject, subjects),
        (refusals, refusals.c.subject, subjects),
        (personality, personality.c.turn_id, names),
        (dated, dated.c.turn_id, names),
        (withheld, withheld.c.turn_id, names),
        (rewrites, rewrites.c.session, own),
        (turns, turns.c.id, names),
        (sessions, sessions.c.number, own),
    ):
        _delete(connection, table, user_id, column, ids)
    timeline.recount(connection, user_id)
    alone = _pictures_alone(connection, user_id, {photo for row in said for photo in row.images})
    _delete(connection, photos, user_id, photos.c.id, alone)
    connection.execute(delete(imports).where(imports.c.user_id == user_id, imports.c.id == import_id))
    return Gone(tuple(names), tuple(made), tuple(alone))


def _memories(connection: Connection, user_id: str, names: Sequence[str], own: Sequence[int]) -> list[str]:
    """Return the memories that come from these turns, or from these sessions."""
    query = select(memories.c.id).where(memories.c.user_id == user_id, memories.c.edited.is_(False))
    return _values(connection, query, memories.c.source, [*names, *map(str, own)])


def _pictures_alone(connection: Connection, user_id: str, photo_ids: set[str]) -> list[str]:
    """Return the pictures that no turn has any more."""
    if not photo_ids:
        return []
    others = connection.execute(select(turns.c.images).where(turns.c.user_id == user_id, turns.c.images != [])).scalars()
    return sorted(photo_ids - {photo for images in others for photo in images})


def _values(connection: Connection, query: Any, column: Any, wanted: Sequence[Any]) -> list[Any]:
    return [value for some in _parts(wanted) for value in connection.execute(query.where(column.in_(some))).scalars()]


def _delete(connection: Connection, table: Table, user_id: str, column: Any, ids: Sequence[Any]) -> None:
    for some in _parts(ids):
        connection.execute(delete(table).where(table.c.user_id == user_id, column.in_(some)))


def _parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))
