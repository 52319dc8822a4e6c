"""Events of a reply in progress, from the moment its message is accepted."""

from __future__ import annotations

from dataclasses import dataclass

from graph.events import AnswerDelta, Recalled, ReplyEvent, Retrieving, Thinking
from memory.core.records import Turn

__all__ = ["AnswerDelta", "Answered", "Event", "Recalled", "Received", "Retrieving", "Thinking"]


@dataclass(frozen=True)
class Received:
    """The message is in the journal (off the record: accepted); `stop` takes its `turn.id`."""

    turn: Turn


@dataclass(frozen=True)
class Answered:
    """The reply is committed: the turn is acknowledged."""

    turn: Turn


Event = Received | ReplyEvent | Answered
