"""How far an index file follows a person's changes; the file keeps it, so it is lost or copied together with its entries."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

TABLE = """
CREATE TABLE IF NOT EXISTS followed (one INTEGER PRIMARY KEY CHECK (one = 1), era TEXT NOT NULL, number INTEGER NOT NULL);
"""


class Position(NamedTuple):
    """A place in a person's changes.

    Attributes:
        era: Which numbers they are; see `memory.storage.host_schema.change_counts`.
        number: The file has all changes up to this one.
    """

    era: str
    number: int


class Move(NamedTuple):
    """A step of an index file along the changes."""

    start: Position
    end: Position


def read(file: sqlite3.Connection) -> Position | None:
    """Return the position of an index file; None for a new one."""
    row = file.execute("SELECT era, number FROM followed").fetchone()
    return None if row is None else Position(*row)


def take(file: sqlite3.Connection, move: Move) -> bool:
    """Move a file on, inside the caller's transaction; False if another process moved it meanwhile."""
    if move.start.number == 0:
        fresh = file.execute("INSERT OR IGNORE INTO followed VALUES (1, ?, ?)", move.end)
        if fresh.rowcount:
            return True
    moved = file.execute("UPDATE followed SET era = ?, number = ? WHERE era = ? AND number = ?", (*move.end, *move.start))
    return bool(moved.rowcount)
