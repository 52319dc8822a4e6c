"""What a reply tells its caller while it comes."""

from __future__ import annotations

from dataclasses import dataclass

from memory.core.records import Recalled as Memory
from memory.core.records import Turn


@dataclass(frozen=True)
class Received:
    """The message is in the journal (or, off the record, nowhere); `turn.id` is what `stop` takes."""

    turn: Turn


@dataclass(frozen=True)
class Thinking:
    """A piece of the model's thought."""

    text: str


@dataclass(frozen=True)
class Retrieving:
    """The model looks into memory: what for, and in which window."""

    query: str
    start_time: str | None = None
    end_time: str | None = None


@dataclass(frozen=True)
class Recalled:
    """What the look brought, in time order."""

    memories: tuple[Memory, ...]


@dataclass(frozen=True)
class AnswerDelta:
    """A piece of the reply."""

    text: str


@dataclass(frozen=True)
class Answered:
    """The reply is committed: the turn is acknowledged."""

    turn: Turn


Event = Received | Thinking | Retrieving | Recalled | AnswerDelta | Answered
