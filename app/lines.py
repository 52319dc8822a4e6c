"""One line a user: a user's jobs run one after another, in the order they came; different users' run side by side."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Job = Callable[[], None]


class Lines:
    """A thread pool that keeps each user's jobs in order.

    Args:
        threads: How many users are served at once.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="persona-reply")
        self._waiting: dict[str, deque[Job]] = {}
        self._lock = threading.Lock()

    def submit(self, user_id: str, job: Job) -> None:
        """Run `job` after the user's earlier ones; a job must not raise."""
        with self._lock:
            line = self._waiting.setdefault(user_id, deque())
            line.append(job)
            if len(line) == 1:
                self._pool.submit(self._run, user_id)

    def close(self) -> None:
        """Wait for all jobs; no new ones may come."""
        self._pool.shutdown(wait=True)

    def _run(self, user_id: str) -> None:
        while True:
            with self._lock:
                job = self._waiting[user_id][0]
            job()
            with self._lock:
                line = self._waiting[user_id]
                line.popleft()
                if not line:
                    del self._waiting[user_id]
                    return
