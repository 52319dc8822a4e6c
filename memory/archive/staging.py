"""A temporary journal that an archive is loaded into and that the usual migrations bring up to date."""

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
from memory.personality.writing_wishes import wishes_in
from memory.storage.engine import MIGRATING, alembic_config

NAMES = (
    "users", "sessions", "turns", "memories", "personality", "photos", "work", "refusals", "rewrites", "tombstones",
    "forgettings", "imports",
)  # fmt: skip
"""Tables of an archive. Model outputs that are not committed are left out, since the model can be called again; quarantined
content, which only undo needs, is left out, too."""
SELDOM = ("refusals", "imports")
"""Tables that are in an archive only if they have rows."""
LEFT_OUT = {
    "personality": {"id"}, "work": {"id"}, "turns": {"origin", "dated_revision"}, "memories": {"dated_revision"},
    "users": {"spelled"}, "sessions": {"begun"},
}  # fmt: skip
"""Columns that an archive leaves out: the importing journal sets row numbers and the times of sessions, and thread positions
and file names belong to the exporting machine."""
_BATCH_ROWS = 500
_MAX_INTEGER = 2**53


@contextmanager
def staged(archive: ArchiveReader, folder: Path) -> Iterator[Connection]:
    """Load an archive's rows into a temporary journal of the archive's schema, and migrate it to this program's schema.

    Args:
        archive: The archive.
        folder: The folder for the temporary journal.

    Yields:
        A connection to the temporary journal.

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
        config, known = alembic_config(connection, wishes_in)
        wanted = archive.manifest.schema_version
        if wanted not in known:
            raise archive.refused(f"a newer version of this program made it (schema {wanted[:20]!r}). Update the program.")
        with MIGRATING:
            command.upgrade(config, wanted)
        tables = MetaData()
        tables.reflect(connection)
        for name in NAMES:
            if name in tables.tables:
                _load(connection, tables.tables[name], archive)
        for name in archive.manifest.parts:
            if name.endswith(".jsonl") and name.removesuffix(".jsonl") not in set(NAMES) & set(tables.tables):
                raise archive.refused(f"it contains {name}.")
        with MIGRATING:
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
        if len(batch) == _BATCH_ROWS:
            _put(connection, table, batch, archive)
            batch = []
    if batch:
        _put(connection, table, batch, archive)


def _put(connection: Connection, table: Table, batch: list[dict[str, Any]], archive: ArchiveReader) -> None:
    try:
        connection.execute(insert(table), batch)
    except (SQLAlchemyError, ValueError, OverflowError) as error:
        raise archive.refused(f"{table.name}.jsonl has rows that contradict each other ({type(error).__name__}).") from error


def _value(column: Any, value: Any) -> Any:
    """Return a JSON value in the form that the column accepts, or raise TypeError or ValueError."""
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
            if isinstance(value, bool) or abs(number) > _MAX_INTEGER:
                raise TypeError(f"{column.name} is not a valid number")
            return number
        case DateTime():
            stamp = datetime.fromisoformat(_of(str, column, value))
            if stamp.tzinfo is None:
                raise ValueError(f"{column.name} has no time zone")
            return stamp.astimezone(UTC).replace(tzinfo=None)
        case _:
            text = _of(str, column, value)
            text.encode()
            length = getattr(column.type, "length", None)
            if "\x00" in text or (length and len(text) > length):
                raise ValueError(f"{column.name} is not a valid text")
            return text


def _of(kind: type, column: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{column.name} has the wrong type")
    return value
