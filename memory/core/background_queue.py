"""One thread that does something for one person after the other, such as bringing an index file up to the journal."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from memory.core.errors import PersonaError
from memory.core.priority import behind

_log = logging.getLogger(__name__)
_RETRY_S = 5.0


class BackgroundQueue:
    """Does something for those who are asked for, in a thread that gives way to replies.

    Args:
        name: What it does, for the log and the thread.
        step: Does a part of the work for a person; returns whether there is more.
    """

    def __init__(self, name: str, step: Callable[[str], bool]) -> None:
        self._name = name
        self._step = step
        self._waiting: dict[str, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, user_id: str) -> None:
        """Do it for a person, after those that were asked for before."""
        with self._changed:
            self._waiting.setdefault(user_id, None)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=f"persona-{self._name}", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def is_waiting(self, user_id: str) -> bool:
        """Return whether it is not done yet for a person."""
        with self._changed:
            return user_id in self._waiting

    def close(self) -> None:
        """Stop after the part that is being done; the rest is done when it is asked for again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                user_id = next(iter(self._waiting))
            try:
                with behind():
                    more = self._step(user_id)
            except PersonaError as error:
                _log.warning("background work on %s failed (%s); it is tried again", self._name, error.code)
                with self._changed:
                    # Others go first.
                    self._waiting[user_id] = self._waiting.pop(user_id)
                    self._changed.wait_for(lambda: self._closed, _RETRY_S)
                continue
            if not more:
                with self._changed:
                    self._waiting.pop(user_id, None)
                    self._changed.notify_all()
