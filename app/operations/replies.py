"""Watches replies by their events: what became of each, and how soon its first word came."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from app.events import AnswerDelta, Answered
from app.operations.logs import facts
from app.operations.model_calls import Waited, kind_of, timed
from memory.core.errors import PersonaError
from memory.core.records import TurnState
from memory.core.spans import span

if TYPE_CHECKING:
    from app.events import Deliver, Event

Outcome = Literal["answered", "stopped", "failed"]
_log = logging.getLogger(__name__)


class ReplyObserver(Protocol):
    """Is told about replies, in the thread that writes them; it must not block."""

    def first_word(self, seconds: float, own_seconds: float) -> None:
        """Take the time from the accepted message to the first word, and the part of it that was not the model's."""

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """Take what became of a reply, and the time from the accepted message to its end."""


class ReplyWatch:
    """Watches the replies of a service.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.observers: list[ReplyObserver] = []
        self._lock = threading.Lock()
        self._in_progress = 0

    @property
    def in_progress(self) -> int:
        """Return how many accepted messages have no reply yet."""
        return self._in_progress

    def reply(self, deliver: Deliver) -> WatchedReply:
        """Watch one reply, from its accepted message on; the result passes its events on."""
        self.count(1)
        return WatchedReply(self, deliver)

    def count(self, more: int) -> None:
        """Change the number of replies in progress."""
        with self._lock:
            self._in_progress += more


class WatchedReply:
    """Passes the events of one reply on, and tells the observers.

    Args:
        watch: Has the observers.
        deliver: Takes the events.
    """

    def __init__(self, watch: ReplyWatch, deliver: Deliver) -> None:
        self._watch = watch
        self._deliver = deliver
        self._accepted = self._began = watch.clock()
        self._waited = Waited()
        self._first: float | None = None

    def __call__(self, event: Event | Exception) -> None:
        """Take an event."""
        if isinstance(event, AnswerDelta) and self._first is None:
            now = self._watch.clock()
            self._first = now - self._accepted
            for observer in self._watch.observers:
                observer.first_word(self._first, max(0.0, now - self._began - self._waited.seconds))
        elif isinstance(event, Answered):
            self._ended("stopped" if event.turn.state is TurnState.STOPPED else "answered")
        elif isinstance(event, Exception):
            self._ended("failed", kind_of(event) if isinstance(event, PersonaError) else type(event).__name__)
        self._deliver(event)

    def around(self, write: Callable[[], None]) -> Callable[[], None]:
        """Return what writes the reply when its turn has come, as a span and with the model's time added up."""

        def run() -> None:
            self._began = self._watch.clock()
            with timed() as self._waited, span("reply"):
                write()

        return run

    def _ended(self, outcome: Outcome, error: str = "") -> None:
        self._watch.count(-1)
        seconds = self._watch.clock() - self._accepted
        first = {} if self._first is None else {"first_word_s": round(self._first, 3)}
        why = {"error": error} if error else {}
        _log.info("reply %s", outcome, extra=facts(outcome=outcome, seconds=round(seconds, 3), **first, **why))
        for observer in self._watch.observers:
            observer.ended(outcome, seconds)
