"""Events of a reply in progress."""

from __future__ import annotations

from dataclasses import dataclass

from memory.core.records import Recalled as Memory
from memory.core.records import Turn


@dataclass(frozen=True)
class Received:
    """The message is in the journal (off the record: accepted); `stop` takes its `turn.id`."""

    turn: Turn


@dataclass(frozen=True)
class Thinking:
    """A delta of the model's thought."""

    text: str


@dataclass(frozen=True)
class Retrieving:
    """The model starts a retrieval round, with a query and a time window."""

    query: str
    start_time: str | None = None
    end_time: str | None = None


@dataclass(frozen=True)
class Recalled:
    """The memories found by the retrieval round, in time order."""

    memories: tuple[Memory, ...]


@dataclass(frozen=True)
class AnswerDelta:
    """A delta of the reply."""

    text: str


@dataclass(frozen=True)
class Answered:
    """The reply is committed: the turn is acknowledged."""

    turn: Turn


Event = Received | Thinking | Retrieving | Recalled | AnswerDelta | Answered
