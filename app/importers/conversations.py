"""What every reader of a format yields: conversations of messages, and why something was left out (values)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Who wrote a message."""

    ME = "me"
    """The person whose memory this is."""
    ASSISTANT = "assistant"
    """A model or a character that answers the person."""
    OTHER = "other"
    """Another person, or anyone in a talk between people whose own name is not known yet."""


@dataclass(frozen=True)
class Picture:
    """A picture of a message.

    Attributes:
        name: Its name in the source, for errors.
        read: Returns its bytes; called only when the message is stored.
        time: When it was taken or sent, if the source says so; None: as its message.
    """

    name: str
    read: Callable[[], bytes]
    time: datetime | None = None


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        time: When it was said, with a zone.
        role: Who wrote it.
        text: The words; empty for a picture alone.
        speaker: The writer's name in the source; empty if it has none.
        pictures: Its pictures.
    """

    time: datetime
    role: Role
    text: str
    speaker: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """A conversation, or a part of a long one, with its messages in the order in which they were last seen.

    Attributes:
        id: The source's id, or a name that is unique in the source. The parts of a long conversation have one id.
        title: Its title in the source; empty if it has none.
        messages: The messages.
        between_people: Whether people talk with each other: then a message is a turn of its own. Otherwise a message of the
            person and the answers that follow are one turn.
        has_seconds: Whether the source's times have seconds; without, a message of the same minute may be the same message.
    """

    id: str
    title: str
    messages: tuple[Message, ...]
    between_people: bool = False
    has_seconds: bool = True


@dataclass
class LeftOut:
    """What a reader leaves out, and why.

    Attributes:
        counts: How many messages (or conversations) by reason, in words for the person ("tool calls", "no time", …).
        places: For some of them the conversation and the key that did not fit, for `--dry-run`.
    """

    counts: Counter[str] = field(default_factory=Counter)
    places: list[str] = field(default_factory=list)

    def add(self, reason: str, place: str = "", number: int = 1) -> None:
        """Count something that is left out.

        Args:
            reason: Why, as a plural noun for the person: "hidden messages", "messages without a time".
            place: Which conversation and which key.
            number: How many.
        """
        self.counts[reason] += number
        if place and len(self.places) < _MOST_PLACES:
            self.places.append(f"{place}: {reason}")


_MOST_PLACES = 50


@dataclass(frozen=True)
class Choices:
    """What the person said about a source.

    Attributes:
        zone: The zone of times without one (an IANA name); None: this machine's.
        me: The person's own name in talk between people; empty: to be found.
        day_first: Whether the day stands before the month in dates of two numbers; None: the whole file decides.
    """

    zone: str | None = None
    me: str = ""
    day_first: bool | None = None
