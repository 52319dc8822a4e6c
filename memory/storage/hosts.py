"""The registry of hosts and their processes, where several hosts share a journal: who is alive, and what time it is."""

from __future__ import annotations

import os
import re
import socket
import tempfile
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from memory.core import clock
from memory.core.errors import StorageError
from memory.storage.engine import Database
from memory.storage.folder_lock import program_name
from memory.storage.host_schema import host_processes, hosts, purge_acks
from memory.storage.server_time import ServerTime

DEAD_AFTER_S = 12.0
"""A process that was not seen for this time, by the database's clock, is dead."""
_INTERVAL_S = 3.0
_RETRY_S = 1.0
_DAY_S = 86_400.0
_ID = re.compile(r"[0-9a-f]{32}")
_MAX_NAME = 200


def is_living(process_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the SQL condition that a process is alive."""
    seen = host_processes.c.seen > ServerTime(-DEAD_AFTER_S)
    return exists().where(host_processes.c.id == process_id, seen)


class Hosts:
    """This host and this process among those that share the journal. A background thread says that the process lives.

    The thread also corrects this process's clock by that of the database (`memory.core.clock`).

    Args:
        database: The journal's database.
        folder: The data folder, where the host's id is kept.

    Attributes:
        host_id: The id of this host. Processes that share the folder have the same.
        process_id: The id of this process.
        is_new: Whether the registry did not know this host. If the folder has index files then, it was removed from the
            registry, and nobody told it meanwhile what was purged.
        has_files: Returns whether the host keeps files of anybody. One that keeps none leaves the registry with its last
            process, so that no purge waits for it.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._db = database
        self.host_id = _host_id(folder)
        self.process_id = database.process_id = uuid.uuid4().hex
        self.is_new = False
        self.has_files: Callable[[], bool] = lambda: not self.is_new
        self._also: list[Callable[[Connection], None]] = []
        self._closed = threading.Event()
        self._register()
        self.beat()
        self._thread = threading.Thread(target=self._go_on, name="persona-heartbeat", daemon=True)
        self._thread.start()

    def with_each_beat(self, do: Callable[[Connection], None]) -> None:
        """Call a function after each heartbeat from now on, in a transaction of its own."""
        self._also.append(do)

    def living(self) -> set[str]:
        """Return the ids of the processes that are alive, on all hosts."""
        query = select(host_processes.c.id).where(host_processes.c.seen > ServerTime(-DEAD_AFTER_S))
        with self._db.glance() as connection:
            return set(connection.execute(query).scalars())

    def living_hosts(self) -> set[str]:
        """Return the ids of the hosts that have a process that is alive."""
        query = select(host_processes.c.host_id).where(host_processes.c.seen > ServerTime(-DEAD_AFTER_S)).distinct()
        with self._db.glance() as connection:
            return set(connection.execute(query).scalars())

    def beat(self) -> None:
        """Say that this process lives, and compare the clocks.

        Raises:
            StorageError: The database does not answer.
        """
        with self._db.write_at_once() as connection:
            seen = update(host_processes).where(host_processes.c.id == self.process_id).values(seen=ServerTime())
            asked = clock.machine_time()
            server: datetime | None = connection.execute(seen.returning(host_processes.c.seen)).scalar()
            answered = clock.machine_time()
            if server is None:
                # Another process of this host took it for dead, because it was cut off for long.
                self._enter(connection)
                connection.execute(insert(host_processes).values(self._row()))
        if server is not None:
            clock.agree_with(server, asked, answered)
        for do in self._also:
            with self._db.write_at_once() as connection:
                do(connection)

    def close(self) -> None:
        """Stop, and leave the registry; the host leaves it too if it keeps no files and this is its last process."""
        self._closed.set()
        self._thread.join()
        clock.go_by_machine()
        with suppress(StorageError), self._db.write() as connection:
            # Another process of this host that begins now waits for this row. If it is gone then, that is a new host.
            connection.execute(select(hosts.c.id).where(hosts.c.id == self.host_id).with_for_update())
            connection.execute(delete(host_processes).where(host_processes.c.id == self.process_id))
            others = select(host_processes.c.id).where(host_processes.c.host_id == self.host_id).limit(1)
            if connection.execute(others).first() is None and not self.has_files():
                connection.execute(delete(purge_acks).where(purge_acks.c.host_id == self.host_id))
                connection.execute(delete(hosts).where(hosts.c.id == self.host_id))

    def _enter(self, connection: Connection) -> bool:
        """Write down this host; returns whether the registry did not know it."""
        name = socket.gethostname()[:_MAX_NAME]
        if connection.execute(update(hosts).where(hosts.c.id == self.host_id).values(name=name)).rowcount:
            return False
        # Another process of this host may do the same at the same moment.
        with suppress(IntegrityError), connection.begin_nested():
            connection.execute(insert(hosts).values(id=self.host_id, name=name, since=ServerTime()))
            return True
        return False

    def _register(self) -> None:
        with self._db.write() as connection:
            self.is_new = self._enter(connection)
            dead = (host_processes.c.host_id == self.host_id) & (host_processes.c.seen < ServerTime(-DEAD_AFTER_S))
            long_dead = host_processes.c.seen < ServerTime(-_DAY_S)
            connection.execute(delete(host_processes).where(dead | long_dead))
            connection.execute(insert(host_processes).values(self._row()))

    def _row(self) -> dict[str, object]:
        program = program_name()[:_MAX_NAME]
        return {"id": self.process_id, "host_id": self.host_id, "program": program, "seen": ServerTime()}

    def _go_on(self) -> None:
        pause = _INTERVAL_S
        while not self._closed.wait(pause):
            try:
                self.beat()
                pause = _INTERVAL_S
            except StorageError:
                # After a failure the next try is soon; what this process held may be taken over meanwhile.
                pause = _RETRY_S


def _host_id(folder: Path) -> str:
    """Return the id in the file `host-id`, which is made once; processes that start at the same time agree.

    Raises:
        StorageError: The file cannot be written, or it is damaged.
    """
    path = folder / "host-id"
    try:
        if not path.exists():
            _make(path)
        found = path.read_text().strip()
    except OSError as error:
        raise StorageError(
            f"The host's id cannot be kept in {path} ({error.strerror or error}). Free some space, or make the folder writable."
        ) from error
    if not _ID.fullmatch(found):
        raise StorageError(f"{path} is damaged: it has to hold 32 hexadecimal digits. Remove it, and this is a new host.")
    return found


def _make(path: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix="host-id-", delete=False) as file:
        part = Path(file.name)
        file.write(uuid.uuid4().hex)
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link does not replace what another process has made meanwhile.
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
