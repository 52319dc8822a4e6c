"""What the journal says of hosts, people and work, read beside the hosts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from memory.core.records import TurnState
from memory.storage.engine import Database
from memory.storage.host_schema import change_counts, host_processes, leases
from memory.storage.leases import LASTS_S
from memory.storage.schema import memories, personality, refusals, turns, work
from memory.storage.server_time import ServerTime
from tests.servers.three_hosts.hosts import Host

POLL_S = 0.05


@dataclass(frozen=True)
class Held:
    """What a host was doing at one moment.

    Attributes:
        turns: The ids of messages that it was answering.
        work: The ids of the pieces of background work that it was doing.
    """

    turns: frozenset[str]
    work: frozenset[int]


class Records:
    """Reads the journal.

    Args:
        url: The journal's database.
    """

    def __init__(self, url: str) -> None:
        self._db = Database(url, migrates="never")

    def close(self) -> None:
        """Close the connections."""
        self._db.close()

    def processes(self, host: Host) -> list[str]:
        """Return the ids of a host's processes."""
        name = (host.folder / "host-id").read_text().strip()
        return list(self._scalars(select(host_processes.c.id).where(host_processes.c.host_id == name)))

    def held(self, processes: Sequence[str]) -> Held:
        """Return what these processes are doing."""
        mine = leases.c.holder.in_(processes) & (leases.c.until > ServerTime())
        whose = {name: select(leases.c.user_id).where(mine, leases.c.purpose == name) for name in ("reply", "work")}
        answering = select(turns.c.id).where(turns.c.state == TurnState.RECEIVED, turns.c.user_id.in_(whose["reply"]))
        # A person's work is done in order, so the piece in progress is the first one.
        first = select(func.min(work.c.id)).where(work.c.user_id.in_(whose["work"])).group_by(work.c.user_id)
        return Held(frozenset(self._scalars(answering)), frozenset(self._scalars(first)))

    def is_taken(self, held: Held, processes: Sequence[str]) -> bool:
        """Return whether somebody else does what these processes were doing, or it is done."""
        lease = select(leases.c.holder).where(leases.c.holder.in_(processes))
        left = [
            select(turns.c.id).where(
                turns.c.id.in_(held.turns),
                turns.c.state == TurnState.RECEIVED,
                lease.where(leases.c.user_id == turns.c.user_id, leases.c.purpose == "reply").exists(),
            ),
            select(work.c.id).where(
                work.c.id.in_(held.work), lease.where(leases.c.user_id == work.c.user_id, leases.c.purpose == "work").exists()
            ),
        ]
        return not any(self._scalars(query) for query in left)

    def is_over(self, held: Held) -> bool:
        """Return whether somebody did the work, and nobody waits for those answers any more."""
        waits = select(turns.c.id).where(turns.c.id.in_(held.turns), turns.c.state == TurnState.RECEIVED)
        return not self._scalars(waits) and not self._scalars(select(work.c.id).where(work.c.id.in_(held.work)))

    def of(self, held: Held) -> list[Row[Any]]:
        """Return the rows of what a host was doing."""
        return [
            *self._rows(
                select(turns.c.id, turns.c.user_id, turns.c.state, turns.c.process_id).where(turns.c.id.in_(held.turns))
            ),
            *self._rows(select(work).where(work.c.id.in_(held.work))),
            *self._rows(select(leases)),
        ]

    def is_gone(self, processes: Sequence[str]) -> bool:
        """Return whether these processes were not heard of for longer than a lease lasts."""
        seen = host_processes.c.id.in_(processes) & (host_processes.c.seen > ServerTime(-LASTS_S))
        return not self._scalars(select(host_processes.c.id).where(seen))

    def left(self) -> dict[str, int]:
        """Return what is still to be done: background work, and changes that Chroma lacks."""
        behind = select(func.count()).select_from(change_counts).where(change_counts.c.mirrored < change_counts.c.last)
        [waits], [unmirrored] = self._scalars(select(func.count()).select_from(work)), self._scalars(behind)
        return {"work": waits, "not in Chroma": unmirrored}

    def said(self, user: str) -> list[Row[Any]]:
        """Return a person's messages in their order, without those that were replaced."""
        return self._rows(
            select(turns).where(turns.c.user_id == user, turns.c.state != TurnState.REPLACED).order_by(turns.c.at, turns.c.seq)
        )

    def replaced(self) -> int:
        """Return how many messages were answered again."""
        return int(self._scalars(select(func.count()).select_from(turns).where(turns.c.state == TurnState.REPLACED))[0])

    def refused(self) -> int:
        """Return how many steps of background work were refused."""
        return int(self._scalars(select(func.count()).select_from(refusals))[0])

    def timeline(self, user: str) -> list[Row[Any]]:
        """Return the points of a person's personality timeline that count."""
        from memory.personality.timeline import COUNTS

        mine = select(personality).where(personality.c.user_id == user, COUNTS)
        return self._rows(mine.order_by(personality.c.place, personality.c.id))

    def memories(self, user: str) -> list[Row[Any]]:
        """Return everything that was made from a person's messages and is shown."""
        return self._rows(select(memories).where(memories.c.user_id == user, memories.c.hidden_at.is_(None)))

    def position(self, user: str) -> tuple[str, int]:
        """Return the era and the number of a person's newest change."""
        [row] = self._rows(select(change_counts.c.era, change_counts.c.last).where(change_counts.c.user_id == user))
        return row.era, row.last

    def _scalars(self, query: Any) -> list[Any]:
        with self._db.glance() as connection:
            return list(connection.execute(query).scalars())

    def _rows(self, query: Any) -> list[Row[Any]]:
        with self._db.glance() as connection:
            return list(connection.execute(query).all())


def until(true: Callable[[], object], bound_s: float, what: Callable[[], object] = str) -> float:
    """Wait until something is true; returns after how many seconds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < bound_s, what()
        time.sleep(POLL_S)
    return time.monotonic() - began
