"""The hosts that share a journal, for the person who runs them: who is alive, and who has not purged yet."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, exists, func, select

from memory.core.errors import InvalidInput, NotFound
from memory.storage.engine import Database
from memory.storage.host_schema import host_processes, hosts, purge_acks, purges
from memory.storage.hosts import DEAD_AFTER_S
from memory.storage.server_time import ServerTime


class HostState(BaseModel):
    """A host.

    Attributes:
        id: Its id, from the file `host-id` of its data folder.
        name: Its name in the network.
        since: When it was registered, by the database's clock.
        processes: Its programs that are alive.
        seen: When one of them was last seen; None if all have left.
        purges: Purges that it has not acknowledged: its files may still hold what was forgotten.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    since: datetime
    processes: tuple[str, ...]
    seen: datetime | None
    purges: int


class HostList:
    """Reads and changes the registry of hosts.

    Args:
        database: The journal's database.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[HostState]:
        """Return all hosts, by their names."""
        its_own = (purge_acks.c.purge_id == purges.c.id) & (purge_acks.c.host_id == hosts.c.id)
        acknowledged = exists().where(its_own).correlate(purges, hosts)
        # A host that came later began without files.
        later = select(func.count()).select_from(purges).where(purges.c.at >= hosts.c.since, ~acknowledged)
        waiting = later.correlate(hosts).scalar_subquery()
        last = select(func.max(host_processes.c.seen)).where(host_processes.c.host_id == hosts.c.id).scalar_subquery()
        known = select(hosts, last.label("seen"), waiting.label("purges")).order_by(hosts.c.name, hosts.c.id)
        living = select(host_processes.c.host_id, host_processes.c.program).where(
            host_processes.c.seen > ServerTime(-DEAD_AFTER_S)
        )
        with self._db.read() as connection:
            programs: dict[str, list[str]] = {}
            for host_id, program in connection.execute(living):
                programs.setdefault(host_id, []).append(program)
            rows = connection.execute(known).mappings().all()
        return [HostState(**row, processes=tuple(sorted(programs.get(row["id"], [])))) for row in rows]

    def remove(self, host_id: str) -> None:
        """Remove a host whose files are gone for good: purges no longer wait for it.

        Raises:
            NotFound: There is no such host.
            InvalidInput: One of its programs is alive.
        """
        host = next((one for one in self.all() if one.id == host_id), None)
        if host is None:
            raise NotFound(f"There is no host {host_id}. `persona hosts list` shows all.")
        if host.processes:
            raise InvalidInput(f"The host {host.name} is alive ({', '.join(host.processes)}). Stop its programs first.")
        with self._db.write() as connection:
            connection.execute(delete(purge_acks).where(purge_acks.c.host_id == host_id))
            connection.execute(delete(host_processes).where(host_processes.c.host_id == host_id))
            connection.execute(delete(hosts).where(hosts.c.id == host_id))
