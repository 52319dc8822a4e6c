"""Events of a reply in progress, from the moment its message is accepted."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graph.events import AnswerDelta, Recalled, ReplyEvent, Retrieving, Thinking
from memory.core.records import Turn

__all__ = ["AnswerDelta", "Answered", "Deliver", "Event", "Recalled", "Received", "Retrieving", "Thinking", "events_of"]


@dataclass(frozen=True)
class Received:
    """The message is in the journal (off the record: accepted); `stop` takes its `turn.id`."""

    turn: Turn


@dataclass(frozen=True)
class Answered:
    """The reply is committed: the turn is acknowledged."""

    turn: Turn


Event = Received | ReplyEvent | Answered
Deliver = Callable[[Event | Exception], None]
"""Takes the events of one reply, in order; the last one is `Answered`, or the error why there is no reply."""


def events_of(begin: Callable[[Deliver], object]) -> Iterator[Event]:
    """Begin a reply before this returns, and return its events as they arrive.

    Args:
        begin: Begins the reply; what it is given takes the events.

    Raises:
        PersonaError: Before the first event: the reply did not begin. During the events: the reply failed.
    """
    arrived: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
    begin(arrived.put)
    return _arriving(arrived)


def _arriving(arrived: queue.SimpleQueue[Event | Exception]) -> Iterator[Event]:
    while True:
        event = arrived.get()
        if isinstance(event, Exception):
            raise event
        yield event
        if isinstance(event, Answered):
            return
