"""User queues: the jobs of one user run in order, and those of different users in parallel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.2


@dataclass(frozen=True)
class Job:
    """Something to do for a user.

    Attributes:
        run: Does it; it must not raise.
        place: Its place among the user's jobs, which may arrive in another order; None: after those that wait already.
        may_start: Says whether it may start now; it is asked again until it says yes, and must not raise.
    """

    run: Callable[[], None]
    place: int | None = None
    may_start: Callable[[], bool] = lambda: True


class UserQueue:
    """Runs each user's jobs in order, in one thread per user that lives while the user has jobs.

    The threads are daemons, unlike those of a thread pool: a program that ends must not wait for a silent model.

    Args:
        at_once: The number of users served at the same time; others wait.
    """

    def __init__(self, at_once: int) -> None:
        self._places = threading.Semaphore(at_once)
        self._waiting: dict[str, list[Job]] = {}
        self._changed = threading.Condition()

    def submit(self, user_id: str, job: Job) -> None:
        """Run a job after the user's earlier jobs."""
        with self._changed:
            line = self._waiting.setdefault(user_id, [])
            line.insert(_place_in(line, job), job)
            if len(line) == 1:
                threading.Thread(target=self._run, args=(user_id,), name="persona-reply", daemon=True).start()
            else:
                self._changed.notify_all()

    def close(self, timeout_s: float) -> bool:
        """Wait for all jobs; return False if `timeout_s` seconds pass first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def _run(self, user_id: str) -> None:
        while True:
            job = self._next(user_id)
            with self._places:
                job.run()
            with self._changed:
                line = self._waiting[user_id]
                line.remove(job)
                if not line:
                    del self._waiting[user_id]
                    self._changed.notify_all()
                    return

    def _next(self, user_id: str) -> Job:
        """Return the user's first job, once it may start. One with an earlier place may arrive while it waits."""
        pause = _FIRST_PAUSE_S
        while True:
            with self._changed:
                job = self._waiting[user_id][0]
            if job.may_start():
                return job
            with self._changed:
                if self._waiting[user_id][0] is job:
                    self._changed.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)


def _place_in(line: list[Job], job: Job) -> int:
    """Return where a job goes in a line; a job without a place stays behind the one that it came after."""
    if job.place is None:
        return len(line)
    later = (number for number, one in enumerate(line) if one.place is not None and one.place > job.place)
    return next(later, len(line))
