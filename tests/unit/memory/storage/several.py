"""Several processes on one SQLite file, in this process, for tests of leases and of the registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update

from memory.memory import Memory
from memory.storage.engine import Database
from memory.storage.host_schema import host_processes, leases
from memory.storage.hosts import Hosts
from memory.storage.leases import LASTS_S, Leases
from memory.storage.server_time import ServerTime


@dataclass(frozen=True)
class Process:
    """A process of a host, as other processes see it."""

    hosts: Hosts
    leases: Leases

    @classmethod
    def begin(cls, database: Database, folder: Path) -> Process:
        folder.mkdir(exist_ok=True)
        hosts = Hosts(database, folder)
        return cls(hosts, Leases(database, hosts))

    def end(self) -> None:
        self.leases.close()
        self.hosts.close()


def share(memory: Memory) -> Process:
    """Let a memory do as if other processes used its journal too; `Memory.close` ends it."""
    process = Process.begin(memory._database, memory.folder)
    memory.hosts, memory.leases = process.hosts, process.leases
    return process


def unseen(database: Database, process: Process, seconds: float) -> None:
    """Let it be some seconds ago that a process was last seen."""
    its = host_processes.c.id == process.hosts.process_id
    with database.write() as connection:
        connection.execute(update(host_processes).where(its).values(seen=ServerTime(-seconds)))


def unrenewed(database: Database, seconds: float) -> None:
    """Let all leases end this much earlier than they would if they had just been renewed."""
    with database.write() as connection:
        connection.execute(update(leases).values(until=ServerTime(LASTS_S - seconds)))
