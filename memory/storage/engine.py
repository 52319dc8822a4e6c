"""The SQL connection: engine, migrations, and transactions whose errors are readable messages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
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

TextRule = Callable[[str], object]
_BUSY_S = 30
_MAX_YIELDS = 4
"""Background work gives way to replies at most this many times before it writes."""
MIGRATING = threading.Lock()
"""Held while a journal is migrated: alembic keeps its connection in variables of its modules, which threads would mix up."""
_MIGRATION_LOCK_KEY = 7_311_001
"""Key of PostgreSQL's advisory lock for migrations; any number that no other program uses."""


class Database:
    """An open journal database, migrated to the newest revision.

    Args:
        url: An SQLAlchemy URL: `sqlite:///FILE` or `postgresql+psycopg://…`.
        shows_wish: Says whether a message contains a wish about writing; a migration of older journals marks such messages.

    Raises:
        StorageError: The database cannot be opened, or a newer program wrote it.
    """

    def __init__(self, url: str, *, shows_wish: TextRule | None = None) -> None:
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
        # All reads of one block must see the same state; SQLite's transactions ensure this by themselves.
        one_view: Any = {"isolation_level": "REPEATABLE READ"} if self.is_server else {}
        self._turn: AbstractContextManager[Any] = nullcontext() if self.is_server else threading.RLock()
        self._reader = self.engine.execution_options(persona_begin="BEGIN", **one_view)
        self._glancer = self.engine.execution_options(persona_begin=None)
        with self._readable_errors(), self.engine.begin() as connection:
            _migrate(connection, shows_wish)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or rolled back on an error."""
        # SQLite allows one writer at a time in no fixed order, so one of many could wait forever. Here they take turns.
        with self._readable_errors(), self._in_turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        for _ in range(_MAX_YIELDS):
            give_way()
            with self._turn:
                # A reply may have started while this thread waited for its turn: the reply goes first.
                if not gives_way():
                    with stays():
                        yield
                    return
        with self._turn, stays():
            yield

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction for reading, with a consistent view of the data; it does not wait for writers."""
        give_way()
        with self._readable_errors(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Open a connection for a single reading statement, which has a consistent view without a transaction."""
        give_way()
        with self._readable_errors(), self._glancer.connect() as connection:
            yield connection

    def compact(self) -> None:
        """Rewrite the database file without deleted data.

        On a server this runs the server's own VACUUM; what happens to files is up to the server, see GUARANTEES.md.
        """
        is_file = not self.is_server
        with self._readable_errors():
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
        """Close all connections; a step that still runs can no longer write."""
        self._closed = True
        self.engine.dispose()

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        if self._closed:
            raise StorageError("The journal is closed: the program is ending.")
        try:
            yield
        except DBAPIError as error:
            raise StorageError(_sentence(str(error.orig), self._where)) from error
        except sqlite3.Error as error:
            # Raised by a BEGIN, which is sent to the driver directly.
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
        # A writer takes its lock at once: two transactions that read first and write later would deadlock.
        begin = connection.get_execution_options().get("persona_begin", "BEGIN IMMEDIATE")
        if begin is not None:
            # On the driver's own connection: SQLAlchemy's path to it takes ten times as long, a hundred times a turn.
            connection.connection.driver_connection.execute(begin)  # type: ignore[union-attr] # it is open by now

    return engine


def alembic_config(connection: Connection, shows_wish: TextRule | None) -> tuple[Config, set[str]]:
    """Return alembic's configuration for a connection, and the revisions that this program knows.

    Args:
        connection: The connection of the migration.
        shows_wish: As in `Database`.
    """
    config = _config()
    config.attributes |= {"connection": connection, "shows_wish": shows_wish}
    return config, set(_revisions())


def newest_schema() -> str:
    """Return the newest schema revision, which this program writes."""
    return _revisions()[0]


@cache
def _revisions() -> tuple[str, ...]:
    """Return all schema revisions that this program knows, newest first.

    They are read once per process: reading the scripts takes as long as everything else in opening an up-to-date journal.
    """
    return tuple(revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _migrate(connection: Connection, shows_wish: TextRule | None) -> None:
    if connection.dialect.name == "postgresql":
        # If several processes start at the same time, only one of them migrates.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK_KEY})"))
    config, known = alembic_config(connection, shows_wish)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StorageError(
            f"The journal was written by a newer version of this program (schema {current}). "
            "Update the program; nothing was changed."
        )
    if current != newest_schema():
        with MIGRATING:
            command.upgrade(config, "head")


def _sentence(reason: str, where: str) -> str:
    lowered = reason.lower()
    if "full" in lowered:
        return f"The disk that holds the journal is full ({where}). Free some space; nothing of this step was written."
    if "readonly" in lowered or "read-only" in lowered:
        return f"The journal cannot be written ({where} is read-only). Make the folder writable, or set PERSONA_DATA_DIR."
    if "malformed" in lowered or "not a database" in lowered:
        return (
            f"The journal file is damaged ({where}: {reason}). Restore a copy of it, or move it away to start with a new one."
        )
    return f"The journal cannot be used ({where}: {reason}). Check the folder's free space and permissions (PERSONA_DATA_DIR)."
