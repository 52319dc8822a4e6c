"""On a model that runs on this machine, a reply comes first: bookkeeping waits, and gives way when it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReplyFirst:
    """Lets background calls start only while no reply is being written."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._replies = 0

    @contextmanager
    def reply(self) -> Iterator[None]:
        """Hold background calls back for the length of the block."""
        with self._changed:
            self._replies += 1
        try:
            yield
        finally:
            with self._changed:
                self._replies -= 1
                self._changed.notify_all()

    @property
    def wanted(self) -> bool:
        """Say whether a reply is being written: a background call should give way."""
        return self._replies > 0

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no reply is being written; returns False when `timeout` seconds went by first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._replies == 0, timeout)
