"""A journal of its own that an archive is read into, and brought up to date by the migrations of any old journal."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import JSON, Boolean, Connection, DateTime, Engine, Integer, MetaData, Table, create_engine, insert
from sqlalchemy.exc import SQLAlchemyError

from memory.archive.zip_file import ArchiveReader
from memory.storage.engine import alembic_config

NAMES = (
    "users", "sessions", "turns", "memories", "personality", "photos", "work", "refusals", "rewrites", "tombstones",
    "forgettings",
)  # fmt: skip
"""Tables of an archive. What the model wrote and was not committed is asked for again; what waits for undo stays behind."""
SELDOM = ("refusals",)
"""Tables that are in an archive only where they have rows."""
LEFT_OUT = {
    "personality": {"id"}, "work": {"id"}, "turns": {"origin", "dated_revision"}, "memories": {"dated_revision"},
    "users": {"spelled"}, "sessions": {"begun"},
}  # fmt: skip
"""What the receiving journal gives: numbers, and the times of sessions; and what is of the machine that an archive comes from:
places in its threads, and the names of its files."""
_BATCH = 500
_BIGGEST = 2**53


@contextmanager
def staged(archive: ArchiveReader, folder: Path) -> Iterator[Connection]:
    """Read an archive's lines into a journal of the archive's own schema, and bring it up to this program's.

    Args:
        archive: What is read.
        folder: Where the journal lies meanwhile.

    Yields:
        A connection to it.

    Raises:
        InvalidInput: A newer program made the archive, or a line is not a row of its schema.
    """
    with tempfile.TemporaryDirectory(prefix="import-", dir=folder, ignore_cleanup_errors=True) as place:
        engine = create_engine(f"sqlite:///{Path(place) / 'journal.db'}")
        try:
            _fill(engine, archive)
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _fill(engine: Engine, archive: ArchiveReader) -> None:
    with engine.begin() as connection:
        config, known = alembic_config(connection)
        wanted = archive.manifest.schema_version
        if wanted not in known:
            raise archive.refused(f"a newer version of this program made it (schema {wanted[:20]!r}). Update the program.")
        command.upgrade(config, wanted)
        tables = MetaData()
        tables.reflect(connection)
        for name in NAMES:
            if name in tables.tables:
                _load(connection, tables.tables[name], archive)
        for name in archive.manifest.parts:
            if name.endswith(".jsonl") and name.removesuffix(".jsonl") not in set(NAMES) & set(tables.tables):
                raise archive.refused(f"it holds {name}.")
        command.upgrade(config, "head")


def _load(connection: Connection, table: Table, archive: ArchiveReader) -> None:
    columns = {column.name: column for column in table.columns if column.name not in LEFT_OUT.get(table.name, ())}
    batch: list[dict[str, Any]] = []
    for number, row in archive.rows(table.name):
        where = f"{table.name}.jsonl, line {number}"
        if set(row) != set(columns):
            raise archive.refused(f"{where} has other fields than a row of schema {archive.manifest.schema_version}.")
        try:
            batch.append({name: _value(columns[name], value) for name, value in row.items()})
        except (TypeError, ValueError, OverflowError) as error:
            raise archive.refused(f"{where}: {str(error)[:200]}.") from error
        if len(batch) == _BATCH:
            _put(connection, table, batch, archive)
            batch = []
    if batch:
        _put(connection, table, batch, archive)


def _put(connection: Connection, table: Table, batch: list[dict[str, Any]], archive: ArchiveReader) -> None:
    try:
        connection.execute(insert(table), batch)
    except (SQLAlchemyError, ValueError, OverflowError) as error:
        raise archive.refused(f"{table.name}.jsonl has rows that do not go together ({type(error).__name__}).") from error


def _value(column: Any, value: Any) -> Any:
    """Return a JSON value as the column takes it, or raise TypeError or ValueError."""
    if value is None:
        if not column.nullable:
            raise TypeError(f"{column.name} is missing")
        return None
    match column.type:
        case JSON():
            return value
        case Boolean():
            return _of(bool, column, value)
        case Integer():
            number = _of(int, column, value)
            if isinstance(value, bool) or abs(number) > _BIGGEST:
                raise TypeError(f"{column.name} is no such number")
            return number
        case DateTime():
            stamp = datetime.fromisoformat(_of(str, column, value))
            if stamp.tzinfo is None:
                raise ValueError(f"{column.name} has no zone")
            return stamp.astimezone(UTC).replace(tzinfo=None)
        case _:
            text = _of(str, column, value)
            text.encode()
            length = getattr(column.type, "length", None)
            if "\x00" in text or (length and len(text) > length):
                raise ValueError(f"{column.name} is no such text")
            return text


def _of(kind: type, column: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{column.name} is of another type")
    return value
