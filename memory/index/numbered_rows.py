"""Which rows a host's index files lack, where several hosts share a journal: the database numbers each person's changes."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from memory.index.documents import places
from memory.index.position import Move, Position
from memory.index.revision_rows import BATCH_ROWS, Batch
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.host_schema import change_counts, changes
from memory.storage.schema import memories, turns

_MINE = changes.c.user_id == bindparam("user")
_NEWEST = select(change_counts.c.era, change_counts.c.last).where(change_counts.c.user_id == bindparam("user"))
_AFTER = select(changes).where(_MINE, changes.c.number > bindparam("after")).order_by(changes.c.number)
_COUNT = select(func.count()).where(_MINE, changes.c.number > bindparam("after"))
_TURNS, _MEMORIES = (select(one).where(one.c.id.in_(bindparam("ids", expanding=True))) for one in (turns, memories))
_MAX_SHOWN = 32
"""From this number of changes on, none is checked for whether a prompt shows it: they are indexed."""


class NumberedRows:
    """The rows that this host's index files lack.

    A write of a person locks that person's row of `change_counts` until it is committed. So the numbers are committed in their
    order, and a reader who has seen one has seen all before it.

    Args:
        database: The journal's database.
        index: The index files of this host.
    """

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._db = database
        self._index = index

    def behind(self, user_id: str) -> int:
        """Return how many rows a user's index file lacks; a file of another era is discarded first."""
        newest, here = self._where(user_id)
        if newest.number == here.number:
            return 0
        with self._db.glance() as connection:
            return int(connection.execute(_COUNT, {"user": user_id, "after": here.number}).scalar_one())

    def wait(self, user_id: str, shown: AbstractSet[str], *, pictures: bool) -> bool:  # noqa: ARG002 - as in `RevisionRows`
        """Return whether a row must be indexed before a search: not if only what the prompt shows, and is new, is missing."""
        newest, here = self._where(user_id)
        if newest.number == here.number:
            return False
        source = select(changes.c.row_id, changes.c.gone, memories.c.source).select_from(changes)
        source = source.outerjoin(memories, memories.c.id == changes.c.row_id)
        query = source.where(_MINE, changes.c.number > bindparam("after")).limit(_MAX_SHOWN)
        with self._db.glance() as connection:
            rows = connection.execute(query, {"user": user_id, "after": here.number}).all()
        if len(rows) == _MAX_SHOWN or any(row.gone or (row.source or row.row_id) not in shown for row in rows):
            return True
        # A row that was indexed before and has changed since must not be found in its old form.
        return bool(self._index.read(user_id, [row.row_id for row in rows]))

    def next(self, user_id: str, *, pictures: bool) -> Batch:  # noqa: ARG002 - as in `RevisionRows`
        """Return the next rows to index."""
        newest, here = self._where(user_id)
        if newest.number == here.number:
            return Batch()
        with self._db.read() as connection:
            changed = connection.execute(_AFTER.limit(BATCH_ROWS), {"user": user_id, "after": here.number}).all()
            if not changed:
                return Batch()
            names = {kind: [row.row_id for row in changed if row.kind == kind and not row.gone] for kind in ("turn", "memory")}
            said = connection.execute(_TURNS, {"ids": names["turn"]}).all() if names["turn"] else []
            known = connection.execute(_MEMORIES, {"ids": names["memory"]}).all() if names["memory"] else []
            placed = places(connection, said)
        there = {row.id for row in (*said, *known)}
        gone = [row.row_id for row in changed if row.row_id not in there]
        move = Move(here, Position(newest.era, changed[-1].number))
        return Batch(said, known, gone, placed, more=len(changed) == BATCH_ROWS, move=move)

    def note(self, said: Sequence[Row[Any]], known: Sequence[Row[Any]]) -> None:
        """Do nothing: the index file has noted it with the entries."""

    def _where(self, user_id: str) -> tuple[Position, Position]:
        """Return the newest position in the journal, and that of the index file."""
        with self._db.glance() as connection:
            row = connection.execute(_NEWEST, {"user": user_id}).first()
        newest = Position("", 0) if row is None else Position(row.era, row.last)
        here = self._index.position(user_id) if self._index.files.has(user_id) else None
        if here is not None and here.era != newest.era:
            # The person was deleted and came back, or the indexes are rebuilt: the entries are of other rows.
            self._index.files.delete_user(user_id)
            here = None
        return newest, here or Position(newest.era, 0)
