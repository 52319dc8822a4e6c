"""The SQL connection: engine, migrations, and transactions whose errors are readable messages."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from memory.core import extras
from memory.core.errors import StorageError
from memory.core.priority import give_way, gives_way, stays
from memory.storage import fences

TextRule = Callable[[str], object]
Migrates = Literal["always", "if empty", "never"]
"""When opening a database migrates it. With several hosts: if it is empty; `persona migrate` does the rest."""
_BUSY_S = 30
_MAX_YIELDS = 4
"""Background work gives way to replies at most this many times before it writes."""
MIGRATING = threading.Lock()
"""Held while a journal is migrated: alembic keeps its connection in variables of its modules, which threads would mix up."""
_NOTICE_CUT_OFF = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Parameters of libpq, in seconds and milliseconds."""
_SERVER_NOTICES = {
    "idle_in_transaction_session_timeout": 120_000,
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
}
"""The server, too, must notice that a host is cut off: the locks of its transactions would otherwise be kept for hours."""
_SIZE = text("SELECT pg_database_size(current_database())")
_VACUUMED_BYTES = 2 * 2**30
"""A VACUUM reads all of a database: a larger one is not vacuumed for each thing that is forgotten."""
_NO_CONNECTION = ("08", "25P03", "28", "3D", "57P")
"""How the SQLSTATE of an error begins if the server takes no connection, or ended this one."""
_TOO_MANY = ("too many clients", "too many connections", "connection slots")
_IDLE_S = 1.0
_POOL = {"pool_size": 16, "max_overflow": 16, "pool_timeout": 60}
"""Connections of one process; a service of several hosts plans PostgreSQL's `max_connections` by them."""
_MIGRATION_LOCK_KEY = 7_311_001
"""Key of PostgreSQL's advisory lock for migrations; any number that no other program uses."""


class Database:
    """An open journal database, migrated to the newest revision.

    Args:
        url: An SQLAlchemy URL: `sqlite:///FILE` or `postgresql+psycopg://…`.
        shows_wish: Says whether a message contains a wish about writing; a migration of older journals marks such messages.
        migrates: When it is migrated to the newest revision. With `never`, its revision is not even checked.

    Attributes:
        is_server: Whether other hosts may use it too.
        process_id: Who answers the messages that are stored from here, where several processes share the journal; else None.

    Raises:
        StorageError: The database cannot be opened, a newer program wrote it, or it has to be migrated first.
    """

    process_id: str | None = None

    def __init__(self, url: str, *, shows_wish: TextRule | None = None, migrates: Migrates = "always") -> None:
        self._closed = False
        self._here = threading.local()
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
        except ValueError:
            # A piece of a password could be in its words.
            raise StorageError(
                "PERSONA_DATABASE_URL cannot be read. Special characters of a password are written as %40 and the like."
            ) from None
        except (ArgumentError, NoSuchModuleError) as error:
            raise StorageError(f"The database URL cannot be used ({error}). Correct PERSONA_DATABASE_URL.") from error
        self.is_server = self.engine.dialect.name != "sqlite"
        # All reads of one block must see the same state; SQLite's transactions ensure this by themselves.
        one_view: Any = {"isolation_level": "REPEATABLE READ"} if self.is_server else {}
        self._turn: AbstractContextManager[Any] = nullcontext() if self.is_server else threading.RLock()
        self._reader = self.engine.execution_options(persona_begin="BEGIN", **one_view)
        # It connects at its first use.
        self._aside = _engine(parsed, pool_size=1, max_overflow=0) if self.is_server else None
        # One statement needs no transaction, which on a server is two more ways there and back.
        alone: Any = {"isolation_level": "AUTOCOMMIT"} if self.is_server else {}
        self._glancer = self.engine.execution_options(persona_begin=None, **alone)
        try:
            with self._readable_errors(), self.engine.begin() as connection:
                if migrates == "always" or (migrates == "if empty" and _is_current_or_empty(connection)):
                    _migrate(connection, shows_wish)
        except BaseException:
            self.close()
            raise

    def schema(self) -> str | None:
        """Return the revision of the database now; None if it is empty."""
        with self.glance() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def obstacle(self) -> str:
        """Return in a sentence why the journal cannot be used now; empty if it can."""
        try:
            revision = self.schema()
        except StorageError as error:
            return error.message
        return _newer(revision) if revision not in _revisions() else ""

    @contextmanager
    def write(self, user_id: str | None = None) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or rolled back on an error.

        Args:
            user_id: The person whose rows it writes. On a server the writes of one person then have one order: without it, two
                transactions could wait for each other's rows for good. None: rows of several people, or of nobody.

        Raises:
            LeaseLost: This thread works under a lease of the person (`memory.storage.fences`) that was taken over.
        """
        # SQLite allows one writer at a time in no fixed order, so one of many could wait forever. Here they take turns.
        with self._readable_errors(), self._in_turn(), self.engine.begin() as connection:
            if user_id is not None and self.is_server:
                fences.enter(connection, user_id)
            self._here.is_writing = True
            try:
                yield connection
            finally:
                self._here.is_writing = False

    @property
    def is_writing(self) -> bool:
        """Whether this thread is within `write`. It must not wait for another thread then, which may wait for its end."""
        return getattr(self._here, "is_writing", False)

    @contextmanager
    def write_at_once(self) -> Iterator[Connection]:
        """Open a transaction like `write`, on a server over a connection that nothing else uses.

        It never waits until another thread gives its connection back, so a busy process can still say that it lives.
        """
        if self._aside is None:
            with self.write() as connection:
                yield connection
            return
        with self._readable_errors(), self._aside.begin() as connection:
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

        On a server this runs the server's own VACUUM, unless the database is so large that this is better left to its own
        schedule; what happens to files is up to the server, see GUARANTEES.md.
        """
        is_file = not self.is_server
        if self.is_server:
            with self.glance() as connection:
                if connection.execute(_SIZE).scalar_one() > _VACUUMED_BYTES:
                    return
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
                raise StorageError(_sentence(error, self._where)) from error
            finally:
                raw.close()

    def close(self) -> None:
        """Close all connections; a step that still runs can no longer write."""
        self._closed = True
        self.engine.dispose()
        if self._aside is not None:
            self._aside.dispose()

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        if self._closed:
            raise StorageError("The journal is closed: the program is ending.")
        try:
            yield
        except DBAPIError as error:
            raise StorageError(_sentence(error.orig or error, self._where)) from error
        except PoolTimeout as error:
            raise StorageError("The journal is too busy: no connection to it became free. Try again, or add hosts.") from error
        except sqlite3.Error as error:
            # Raised by a BEGIN, which is sent to the driver directly.
            raise StorageError(_sentence(error, self._where)) from error


def _engine(url: URL, **pool: int) -> Engine:
    if url.get_backend_name() != "sqlite":
        # A host that is cut off must notice it: otherwise its threads wait for an answer for hours.
        noticing: dict[str, Any] = {name: value for name, value in _NOTICE_CUT_OFF.items() if name not in url.query}
        if "options" not in url.query:
            noticing["options"] = " ".join(f"-c {name}={value}" for name, value in _SERVER_NOTICES.items())
        engine = create_engine(url, hide_parameters=True, connect_args=noticing, **(_POOL | pool))
        _ping_idle(engine)
        return engine
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


def _ping_idle(engine: Engine) -> None:
    """Check a connection before its use if it was idle for a while: the server may have been restarted.

    SQLAlchemy's own check asks each time, which is one more way there and back for each statement of a reply.
    """

    @event.listens_for(engine, "checkin")
    def _left(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _used_again(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", math.inf) > _IDLE_S:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                # The pool then opens another one.
                raise DisconnectionError from error


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
        raise StorageError(_newer(current))
    if current != newest_schema():
        with MIGRATING:
            command.upgrade(config, "head")


def _is_current_or_empty(connection: Connection) -> bool:
    """Return True, or refuse a journal of an older program: other hosts may still run that program."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current != newest_schema() and current in _revisions():
        raise StorageError(
            f"The journal has the older schema {current}, and this program needs {newest_schema()}. Run `persona migrate` "
            "once; hosts of the older version stop serving then."
        )
    return True


def _newer(revision: str | None) -> str:
    return (
        f"The journal was written by a newer version of this program (schema {revision}). "
        "Update the program; nothing was changed."
    )


def _is_cut_off(error: BaseException) -> bool:
    """Return whether an error of PostgreSQL's driver is about the connection, and not about a statement."""
    state = getattr(error, "sqlstate", None)
    # Without a state, the server did not say it: the driver could not connect, or the connection broke.
    return state.startswith(_NO_CONNECTION) if state else type(error).__name__ in ("OperationalError", "InterfaceError")


def _sentence_of_server(error: BaseException) -> str:
    # Callers of the server read this, too: it names no host, database or user.
    if any(words in str(error).lower() for words in _TOO_MANY):
        return "The database has no free connection. Raise its max_connections, or run fewer programs."
    if _is_cut_off(error):
        return "The database does not answer. Start it again, or correct PERSONA_DATABASE_URL."
    return f"The journal's database refused a statement ({str(error).splitlines()[0]}). Look at its log."


def _sentence(error: BaseException, where: str) -> str:
    reason = str(error)
    lowered = reason.lower()
    if where.startswith("postgresql"):
        return _sentence_of_server(error)
    if "full" in lowered:
        return f"The disk that holds the journal is full ({where}). Free some space; nothing of this step was written."
    if "readonly" in lowered or "read-only" in lowered:
        return f"The journal cannot be written ({where} is read-only). Make the folder writable, or set PERSONA_DATA_DIR."
    if "malformed" in lowered or "not a database" in lowered:
        return (
            f"The journal file is damaged ({where}: {reason}). Restore a copy of it, or move it away to start with a new one."
        )
    return f"The journal cannot be used ({where}: {reason}). Check the folder's free space and permissions (PERSONA_DATA_DIR)."
