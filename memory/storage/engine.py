"""The connection to SQL: engine, migrations, and transactions that fail with a sentence."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from memory.core import extras
from memory.core.errors import StorageError
from memory.core.priority import give_way, gives_way, stays

_BUSY_S = 30
_TRIES = 4
"""How often background work lets replies go first before it writes."""
_MIGRATING = 7_311_001
"""Of the advisory lock; any number that nobody else takes."""


class Database:
    """An open journal database with its tables at the newest revision.

    Args:
        url: SQLAlchemy URL; `sqlite:///FILE` or `postgresql+psycopg://…`.

    Raises:
        StorageError: It cannot be opened, or a newer program wrote it.
    """

    def __init__(self, url: str) -> None:
        self._closed = False
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            self._where = parsed.render_as_string(hide_password=True)
            self.engine = _engine(parsed)
        except ModuleNotFoundError as error:
            if error.name == "psycopg":
                extras.require("server")
            raise StorageError(
                f"The database's driver is not installed ({error.name}). Install it, or correct PERSONA_DATABASE_URL."
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise StorageError(f"The database URL cannot be used ({error}). Correct PERSONA_DATABASE_URL.") from error
        self.is_server = self.engine.dialect.name != "sqlite"
        # Several reads of one block see one state of things; SQLite's transactions do so anyway.
        one_view: Any = {"isolation_level": "REPEATABLE READ"} if self.is_server else {}
        self._turn: AbstractContextManager[Any] = nullcontext() if self.is_server else threading.RLock()
        self._reader = self.engine.execution_options(persona_begin="BEGIN", **one_view)
        self._glancer = self.engine.execution_options(persona_begin=None)
        with self._said(), self.engine.begin() as connection:
            _migrate(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or not at all."""
        # SQLite lets one writer in, whoever asks at the right moment: of many, one may wait without end. Here they take turns.
        with self._said(), self._in_turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        for _ in range(_TRIES):
            give_way()
            with self._turn:
                # Of many who waited for their turn it may have come while a reply is being made: that goes first.
                if not gives_way():
                    with stays():
                        yield
                    return
        with self._turn, stays():
            yield

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent view for reading; it does not wait for writers."""
        give_way()
        with self._said(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Open a connection for one statement that reads: it sees one state of things by itself."""
        give_way()
        with self._said(), self._glancer.connect() as connection:
            yield connection

    def compact(self) -> None:
        """Write the file anew, without what was deleted from it.

        On a server this is its own vacuum, which leaves files to the server: see GUARANTEES.md.
        """
        is_file = not self.is_server
        with self._said():
            raw = self.engine.raw_connection()
            try:
                if not is_file:
                    raw.driver_connection.autocommit = True  # type: ignore[union-attr] # psycopg's
                cursor = raw.cursor()
                for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)") if is_file else ("VACUUM",):
                    cursor.execute(statement)
                cursor.close()
            except self.engine.dialect.loaded_dbapi.Error as error:
                raise StorageError(_sentence(str(error), self._where)) from error
            finally:
                raw.close()

    def close(self) -> None:
        """Close every connection; what is left behind of a step can write no more."""
        self._closed = True
        self.engine.dispose()

    @contextmanager
    def _said(self) -> Iterator[None]:
        if self._closed:
            raise StorageError("The journal is closed: the program is ending.")
        try:
            yield
        except DBAPIError as error:
            raise StorageError(_sentence(str(error.orig), self._where)) from error
        except sqlite3.Error as error:
            # Of a BEGIN, which goes to the driver.
            raise StorageError(_sentence(str(error), self._where)) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_S}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock at once: two that read first and write later would deadlock.
        begin = connection.get_execution_options().get("persona_begin", "BEGIN IMMEDIATE")
        if begin is not None:
            # On the driver's own connection: SQLAlchemy's way to it takes ten times as long, a hundred times a turn.
            connection.connection.driver_connection.execute(begin)  # type: ignore[union-attr] # it is open by now

    return engine


def alembic_config(connection: Connection) -> tuple[Config, set[str]]:
    """Return what migrates the tables behind a connection, and the revisions that this program knows."""
    config = _config()
    config.attributes["connection"] = connection
    return config, set(_revisions())


def newest_schema() -> str:
    """Return the revision of the tables that this program writes."""
    return _revisions()[0]


@cache
def _revisions() -> tuple[str, ...]:
    """Return every revision that this program knows, newest first.

    They are read once a process: reading the scripts takes as long as opening everything else of an up-to-date journal.
    """
    return tuple(revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Of several processes that start at once, one migrates.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
    config, known = alembic_config(connection)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StorageError(
            f"The journal was written by a newer version of this program (schema {current}). "
            "Update the program; nothing was changed."
        )
    if current != newest_schema():
        command.upgrade(config, "head")


def _sentence(reason: str, where: str) -> str:
    lowered = reason.lower()
    if "full" in lowered:
        return f"The disk that holds the journal is full ({where}). Free some space; nothing of this step was written."
    if "readonly" in lowered or "read-only" in lowered:
        return f"The journal cannot be written ({where} is read-only). Make the folder writable, or set PERSONA_DATA_DIR."
    if "malformed" in lowered or "not a database" in lowered:
        return f"The journal file is damaged ({where}: {reason}). Put back a copy of it, or move it away to begin anew."
    return f"The journal cannot be used ({where}: {reason}). Check the folder, its space and its rights (PERSONA_DATA_DIR)."
