"""User queues: the jobs of one user run in order, and those of different users in parallel."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Job = Callable[[], None]


class UserQueue:
    """Runs each user's jobs in order, in one thread per user that lives while the user has jobs.

    The threads are daemons, unlike those of a thread pool: a program that ends must not wait for a silent model.

    Args:
        at_once: The number of users served at the same time; others wait.
    """

    def __init__(self, at_once: int) -> None:
        self._places = threading.Semaphore(at_once)
        self._waiting: dict[str, deque[Job]] = {}
        self._changed = threading.Condition()

    def submit(self, user_id: str, job: Job) -> None:
        """Run `job` after the user's earlier jobs; a job must not raise."""
        with self._changed:
            line = self._waiting.setdefault(user_id, deque())
            line.append(job)
            if len(line) == 1:
                threading.Thread(target=self._run, args=(user_id,), name="persona-reply", daemon=True).start()

    def close(self, timeout_s: float) -> bool:
        """Wait for all jobs; return False if `timeout_s` seconds pass first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def _run(self, user_id: str) -> None:
        with self._places:
            while True:
                with self._changed:
                    job = self._waiting[user_id][0]
                job()
                with self._changed:
                    line = self._waiting[user_id]
                    line.popleft()
                    if not line:
                        del self._waiting[user_id]
                        self._changed.notify_all()
                        return
