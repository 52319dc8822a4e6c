"""Verify a purge: count what is left of it in the journal's rows and, word for word, in the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, String, Table, cast, func, or_, select

from memory.core.records import TurnState
from memory.forgetting.cascade import Cascade
from memory.storage.schema import memories, metadata, outputs, photos, refusals, rewrites, turns, users, withheld

_CHUNK_BYTES = 2**24
_WRITTEN_COLUMNS: tuple[tuple[Table, tuple[Column[Any], ...]], ...] = (
    (turns, (turns.c.reply, turns.c.trace, turns.c.error)),
    (withheld, (withheld.c.content,)),
    (outputs, (outputs.c.text,)),
    (refusals, (refusals.c.reason,)),
    (rewrites, (rewrites.c.before, rewrites.c.after)),
)
"""Tables and columns with text that the program wrote."""


def left(connection: Connection, user_id: str, affected: Cascade, texts: Sequence[str]) -> int:
    """Return how many rows of a user still belong to what was purged, or contain its texts word for word."""
    here = memories.c.id.in_((*affected.memories, *affected.derived)) & memories.c.hidden_at.is_not(None)
    whole = turns.c.id.in_(affected.turns) & (turns.c.state != TurnState.FORGOTTEN)
    shown = photos.c.id.in_(affected.photos) & photos.c.hidden_at.is_not(None)
    rows: list[tuple[Table, ColumnElement[bool]]] = [(memories, here), (turns, whole), (photos, shown)]
    rows += [
        (table, or_(*(_holds(column, text) for column in columns for text in texts)))
        for table, columns in _WRITTEN_COLUMNS
        if texts
    ]
    return sum(
        connection.execute(select(func.count()).select_from(table).where(table.c.user_id == user_id, condition)).scalar_one()
        for table, condition in rows
    )


def said_elsewhere(connection: Connection, user_id: str, text: str) -> bool:
    """Return whether a text occurs word for word where that is allowed.

    It may occur in a message or a memory that stays, and in what the program wrote for another user.
    """
    own = select(turns.c.id).where(_holds(turns.c.text, text))
    known = select(memories.c.id).where(_holds(memories.c.text, text))
    others = [
        select(table.c.user_id).where(table.c.user_id != user_id, or_(*(_holds(column, text) for column in columns)))
        for table, columns in _WRITTEN_COLUMNS
    ]
    return any(connection.execute(query.limit(1)).first() is not None for query in (own, known, *others))


def rows_of(connection: Connection, user_id: str) -> int:
    """Return how many rows a user has in all tables."""
    counted = 0
    for table in (one for one in metadata.sorted_tables if one is users or "user_id" in one.c):
        mine = (table.c.id if table is users else table.c.user_id) == user_id
        counted += connection.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
    return counted


def files_with(folder: Path, texts: Sequence[str]) -> int:
    """Return how many files of a folder contain any of these texts, plain or escaped as in JSON, ignoring case."""
    sought = {form.lower() for text in texts for form in (text.encode(), json.dumps(text)[1:-1].encode())}
    longest = max(map(len, sought), default=0)
    return sum(_file_holds(path, sought, longest) for path in folder.rglob("*") if path.is_file()) if sought else 0


def _holds(column: Column[Any], text: str) -> ColumnElement[bool]:
    written = json.dumps(text)[1:-1] if str(column.type) == "JSON" else text
    return cast(column, String).contains(written, autoescape=True)


def _file_holds(path: Path, sought: Iterable[bytes], longest: int) -> bool:
    before = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                here = before + chunk.lower()
                if any(form in here for form in sought):
                    return True
                before = here[-longest:]
    except FileNotFoundError:
        # A store has deleted this file of its own meanwhile.
        return False
    return False
