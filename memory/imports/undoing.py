"""Removes an import with everything that was made from it (SQL, in the caller's transaction).

Removing is no forgetting: there is no tombstone, so the same file can be imported again with other choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from memory.core import clock
from memory.core.records import TurnState
from memory.forgetting import quarantine, removed, soft_delete
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
    """What is removed.

    Attributes:
        turns: Ids of the turns.
        memories: Ids of the memories that were made from them.
        photos: Ids of the pictures that no other message has.
        sessions: Numbers of the sessions that no other message is in.
        visible: How many of each were there to see: what was forgotten before counts no more.
    """

    turns: tuple[str, ...]
    memories: tuple[str, ...]
    photos: tuple[str, ...]
    sessions: tuple[int, ...]
    visible: dict[str, int]

    @property
    def ids(self) -> set[str]:
        """Return the ids of all turns, memories and pictures."""
        return {*self.turns, *self.memories, *self.photos}


def gone(connection: Connection, user_id: str, import_id: str, facts: Sequence[str] = ()) -> Gone:
    """Return what `remove` removes. Nothing is changed.

    Args:
        connection: A connection that reads.
        user_id: The user.
        import_id: The import.
        facts: The ids of the facts that it brought.
    """
    mine = (turns.c.user_id == user_id) & (turns.c.import_id == import_id)
    said = connection.execute(select(turns.c.id, turns.c.session, turns.c.images, turns.c.state).where(mine)).all()
    names = [row.id for row in said]
    numbers = sorted({row.session for row in said})
    # A message that the person wrote later may continue the last session of an import.
    elsewhere = (turns.c.user_id == user_id) & turns.c.import_id.is_distinct_from(import_id)
    others = set(_values(connection, select(turns.c.session).where(elsewhere), turns.c.session, numbers))
    own = [number for number in numbers if number not in others]
    made = _memories(connection, user_id, names, own)
    made += _values(connection, select(memories.c.id).where(memories.c.user_id == user_id), memories.c.id, facts)
    shown = {photo for row in said for photo in row.images}
    alone = _pictures_alone(connection, user_id, set(names), shown)
    visible = {
        "messages": sum(row.state != TurnState.FORGOTTEN for row in said),
        "memories": len(_visible(connection, user_id, made)),
        "pictures": len(shown & set(alone)),
    }
    return Gone(tuple(names), tuple(dict.fromkeys(made)), tuple(alone), tuple(own), visible)


def remove(connection: Connection, user_id: str, import_id: str, facts: Sequence[str] = ()) -> Gone:
    """Remove one import, also what was forgotten of it and could still be restored.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user.
        import_id: The import.
        facts: The ids of the facts that it brought.
    """
    found = gone(connection, user_id, import_id, facts)
    stamp = clock.instant()
    for memory_id in _visible(connection, user_id, found.memories):
        # Facts that it superseded are valid again, and facts that it repeated count once less.
        soft_delete.hide(connection, user_id, memory_id, stamp)
    removed.take_out(connection, user_id, found.ids)
    subjects = [*found.turns, *map(str, found.sessions), import_id]
    for table, column, ids in (
        (memories, memories.c.id, found.memories),
        (work, work.c.subject, subjects),
        (outputs, outputs.c.subject, subjects),
        (refusals, refusals.c.subject, subjects),
        (personality, personality.c.turn_id, found.turns),
        (dated, dated.c.turn_id, found.turns),
        (withheld, withheld.c.turn_id, found.turns),
        (rewrites, rewrites.c.session, found.sessions),
        (turns, turns.c.id, found.turns),
        (sessions, sessions.c.number, found.sessions),
        (photos, photos.c.id, found.photos),
    ):
        _delete(connection, table, user_id, column, ids)
    timeline.recount(connection, user_id)
    connection.execute(delete(imports).where(imports.c.user_id == user_id, imports.c.id == import_id))
    return found


def _memories(connection: Connection, user_id: str, names: Sequence[str], own: Sequence[int]) -> list[str]:
    """Return the memories that come from these turns, or from these sessions."""
    query = select(memories.c.id).where(memories.c.user_id == user_id, memories.c.edited.is_(False))
    return _values(connection, query, memories.c.source, [*names, *map(str, own)])


def _visible(connection: Connection, user_id: str, ids: Sequence[str]) -> list[str]:
    """Return those of these memories that are not hidden."""
    shown = select(memories.c.id).where(memories.c.user_id == user_id, memories.c.hidden_at.is_(None))
    return list(dict.fromkeys(_values(connection, shown, memories.c.id, ids)))


def _pictures_alone(connection: Connection, user_id: str, names: AbstractSet[str], shown: set[str]) -> list[str]:
    """Return the pictures that only these turns have, with those of forgotten ones.

    Args:
        connection: A connection that reads.
        user_id: The user.
        names: The ids of the turns.
        shown: The pictures of those that are not forgotten.
    """
    aside = [(name, set(kept.get("images", ()))) for name, kept in quarantine.as_it_was(connection, user_id).items()]
    mine = shown.union(*(images for name, images in aside if name in names))
    if not mine:
        return []
    carried = select(turns.c.id, turns.c.images).where(turns.c.user_id == user_id, turns.c.images != [])
    every = [*aside, *((row.id, set(row.images)) for row in connection.execute(carried))]
    return sorted(mine.difference(*(images for name, images in every if name not in names)))


def _values(connection: Connection, query: Any, column: Any, wanted: Sequence[Any]) -> list[Any]:
    return [value for some in _parts(wanted) for value in connection.execute(query.where(column.in_(some))).scalars()]


def _delete(connection: Connection, table: Table, user_id: str, column: Any, ids: Sequence[Any]) -> None:
    for some in _parts(ids):
        connection.execute(delete(table).where(table.c.user_id == user_id, column.in_(some)))


def _parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))
