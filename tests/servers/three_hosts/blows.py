"""What befalls a host in the middle of a reply and of background work, and how long until others have done what it left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.servers.three_hosts.cluster import Cluster
from tests.servers.three_hosts.crowd import Crowd
from tests.servers.three_hosts.hosts import BOUND_S, Host
from tests.servers.three_hosts.people import Balancer
from tests.servers.three_hosts.records import Records, until

_REPLIES = 3
"""A host is struck while it writes so many replies."""


@dataclass(frozen=True)
class Blow:
    """What happened to a host.

    Attributes:
        what: What it was.
        replies: How many replies it was writing.
        steps: How many pieces of background work it was doing.
        taken_s: After how many seconds others had taken all of this over.
        done_s: After how many seconds all of it was done, which depends on the machine's speed too.
    """

    what: str
    replies: int
    steps: int
    taken_s: float
    done_s: float


class Blows:
    """Strikes hosts.

    Args:
        cluster: The hosts.
        records: The journal.
        balancer: Sends people to the host that is struck.
        crowd: The people.

    Attributes:
        done: What happened.
    """

    def __init__(self, cluster: Cluster, records: Records, balancer: Balancer, crowd: Crowd) -> None:
        self.done: list[Blow] = []
        self._crowd = crowd
        self._folder = cluster.calls.parent
        self._records = records
        self._balancer = balancer

    def strike(self, what: str, host: Host, upto: tuple[int, int], blow: Callable[[], None]) -> list[str]:
        """Strike a host while it writes replies and does work, and note what came of it; returns the ids of its processes.

        Args:
            what: What the blow is.
            host: The host.
            upto: How many messages everybody says before the replies that it interrupts, and with these.
            blow: Strikes.
        """
        # Work that another host has begun would keep this one from the same people's work.
        until(lambda: not self._records.left()["work"], BOUND_S, self._records.left)
        processes = self._records.processes(host)
        with self._held("semantic"):
            with self._all_to(host):
                self._crowd.begin(upto[0])
                until(lambda: self._records.held(processes).work, BOUND_S, host.said)
            self._crowd.finish()
            with self._held("reasoning"):
                with self._all_to(host):
                    self._crowd.begin(upto[1])
                    until(lambda: len(self._records.held(processes).turns) >= _REPLIES, BOUND_S, host.said)
                held = self._records.held(processes)
                blow()
        assert held.turns
        assert held.work
        taken = until(lambda: self._records.is_taken(held, processes), BOUND_S, lambda: self._records.of(held))
        done = taken + until(lambda: self._records.is_over(held), BOUND_S, lambda: self._records.of(held))
        self.done.append(Blow(what, len(held.turns), len(held.work), round(taken, 1), round(done, 1)))
        return processes

    @contextmanager
    def _all_to(self, host: Host) -> Iterator[None]:
        self._balancer.only = host
        try:
            yield
        finally:
            self._balancer.only = None

    @contextmanager
    def _held(self, step: str) -> Iterator[None]:
        """Let the model answer no call of a step."""
        hold = self._folder / f"hold-{step}"
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()
