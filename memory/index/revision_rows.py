"""Which rows the index of a data folder lacks: the journal keeps, beside each row, the revision that is indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Exists, Row, Select, Table, Update, bindparam, exists, func, select, update

from memory.core.records import SPOKEN
from memory.index.documents import Place, places
from memory.index.imported import FROM_IMPORT
from memory.index.position import Move
from memory.storage.engine import Database
from memory.storage.schema import memories, turns, users

BATCH_ROWS = 64


@dataclass(frozen=True)
class Batch:
    """Rows to index together.

    Attributes:
        said: Turns.
        known: Memories.
        gone: Ids of rows that were deleted.
        placed: The positions of the turns in their sessions, by id.
        more: Whether there may be further rows.
        move: The positions of the index file before and after them; None where the journal knows what is indexed.
    """

    said: Sequence[Row[Any]] = ()
    known: Sequence[Row[Any]] = ()
    gone: Sequence[str] = ()
    placed: Mapping[str, Place] = field(default_factory=dict)
    more: bool = False
    move: Move | None = None


class ChangedRows(Protocol):
    """The rows that the index files lack."""

    def wait(self, user_id: str, shown: AbstractSet[str], *, pictures: bool) -> bool:
        """Return whether a row must be indexed before a search: not if only what the prompt shows, and is new, is missing."""

    def next(self, user_id: str, *, pictures: bool) -> Batch:
        """Return the next rows to index; `pictures=False` leaves out photo memories where they take long."""

    def note(self, said: Sequence[Row[Any]], known: Sequence[Row[Any]]) -> None:
        """Note that these rows are indexed as they were read."""


class RevisionRows:
    """The rows that one data folder's index lacks.

    Args:
        database: The journal's database.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def wait(self, user_id: str, shown: AbstractSet[str], *, pictures: bool) -> bool:
        """Return whether a row must be indexed before a search: not if only what the prompt shows, and is new, is missing."""
        given = {"user": user_id, "shown": sorted(shown)}
        with self._db.glance() as connection:
            return connection.execute(_WAITS if pictures else _WAITS_BUT_PICTURES, given).first() is not None

    def next(self, user_id: str, *, pictures: bool) -> Batch:
        """Return the next rows to index."""
        with self._db.read() as connection:
            said = connection.execute(_CHANGED_TURNS, {"user": user_id}).all()
            known = connection.execute(_CHANGED if pictures else _CHANGED_TEXT, {"user": user_id}).all()
            placed = places(connection, said)
        return Batch(said, known, placed=placed, more=max(len(said), len(known)) == BATCH_ROWS)

    def note(self, said: Sequence[Row[Any]], known: Sequence[Row[Any]]) -> None:
        """Note that these rows are indexed as they were read."""
        with self._db.write() as connection:
            for statement, rows in ((_INDEXED_TURN, said), (_INDEXED, known)):
                noted = [{"row_id": row.id, "at_revision": row.revision} for row in rows]
                if noted:
                    connection.execute(statement, noted)

    def expected(self, user_id: str) -> int:
        """Return how many records the index must contain."""
        with self._db.read() as connection:
            return sum(connection.execute(query).scalar_one() for query in _indexed(user_id))

    def any_indexed(self) -> bool:
        """Return whether anything of anybody is indexed."""
        with self._db.glance() as connection:
            return any(connection.execute(query).first() for query in _ANY_INDEXED)

    def start_again(self, user_id: str | None = None) -> None:
        """Note that nothing of a user, or of all users, is indexed."""
        said = update(turns).where(turns.c.state.in_(SPOKEN)).values(indexed_revision=0)
        known = update(memories).values(indexed_revision=0)
        if user_id is not None:
            said, known = said.where(turns.c.user_id == user_id), known.where(memories.c.user_id == user_id)
        with self._db.write() as connection:
            connection.execute(said)
            connection.execute(known)


def _changed_rows(table: Table) -> Select[Any]:
    query = select(table).where(
        table.c.user_id == bindparam("user"),
        table.c.revision != table.c.indexed_revision,
        table.c.indexed_revision != FROM_IMPORT,
    )
    # Only one database index has this order; without it SQLite uses another one and reads every row of the user.
    return query.order_by(table.c.indexed_revision).limit(BATCH_ROWS)


def _mark_indexed(table: Table) -> Update:
    return update(table).where(table.c.id == bindparam("row_id")).values(indexed_revision=bindparam("at_revision"))


def _waiting(table: Table, turn: ColumnElement[str]) -> Exists:
    """Return the SQL condition that a changed row belongs to none of the `shown` turns, or is outdated in the index."""
    # A row that was indexed before and has changed since must not be found in its old form.
    wanted = turn.not_in(bindparam("shown", expanding=True)) | (table.c.indexed_revision != 0)
    return exists().where(
        table.c.user_id == users.c.id,
        table.c.revision != table.c.indexed_revision,
        table.c.indexed_revision != FROM_IMPORT,
        wanted,
    )


_CHANGED_TURNS, _CHANGED = _changed_rows(turns), _changed_rows(memories)
_CHANGED_TEXT = _CHANGED.where(memories.c.kind != "photo")
_INDEXED_TURN, _INDEXED = _mark_indexed(turns), _mark_indexed(memories)
_ANY_INDEXED = [select(table.c.id).where(table.c.indexed_revision != 0).limit(1) for table in (turns, memories)]
_SAID, _KNOWN = _waiting(turns, turns.c.id), _waiting(memories, memories.c.source)
_WAITS = select(users.c.id).where(users.c.id == bindparam("user"), _SAID | _KNOWN)
_WAITS_BUT_PICTURES = select(users.c.id).where(
    users.c.id == bindparam("user"), _SAID | _KNOWN.where(memories.c.kind != "photo")
)


def _indexed(user_id: str) -> list[Select[Any]]:
    """Return queries for the numbers of turns and of memories that the index must contain, according to the journal."""
    said = select(func.count()).where(
        turns.c.user_id == user_id,
        turns.c.state.in_(SPOKEN),
        turns.c.held.is_(None),
        turns.c.revision == turns.c.indexed_revision,
    )
    known = select(func.count()).where(
        memories.c.user_id == user_id, memories.c.hidden_at.is_(None), memories.c.held.is_(None), memories.c.same_as.is_(None),
        memories.c.revision == memories.c.indexed_revision,
    )  # fmt: skip
    return [said, known]
