"""What an import is made of, and what is known of it afterwards (values)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal

from memory.core.records import Record
from memory.imports import reasons

ReadingDepth = Literal["none", "sessions", "all"]
"""How much the model reads: nothing, a summary of each conversation, or every message."""


@dataclass(frozen=True)
class ImportedPicture:
    """A picture of an imported message.

    Attributes:
        name: Its name in the source, for errors.
        read: Returns its bytes.
    """

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class ImportedLine:
    """One turn of another program's history.

    Attributes:
        time: When it was said, in its zone.
        text: The message; in a talk between people with the speaker's name before it.
        reply: The reply; empty in a talk between people.
        conversation: The source's name of the conversation: its turns form sessions of their own.
        speaker: The name before the text, in a talk between people.
        by_other: Whether another person said it.
        pictures: Its pictures.
        has_seconds: Whether its time has seconds. Without, a stored turn of the same minute may be the same message.
        messages: The number of messages of the source in it, with the replies; 0 where it goes on with the message of the line
            before.
    """

    time: datetime
    text: str
    reply: str
    conversation: str
    speaker: str | None = None
    by_other: bool = False
    pictures: tuple[ImportedPicture, ...] = ()
    has_seconds: bool = True
    messages: int = 1

    @property
    def has_words(self) -> bool:
        """Whether it says more than its speaker's name."""
        return self.text not in ("", f"{self.speaker}:" if self.speaker else "")


@dataclass(frozen=True)
class Source:
    """What is imported.

    All messages of a source are counted, and each of them is in a line or left out: `messages` is the sum of the lines'
    `messages` and of the counts of messages in `skipped` (`reasons.OF_MESSAGES`). What else a file has (tool calls, videos,
    damaged lines) is in `skipped` alone.

    Attributes:
        format: The format's name.
        name: The name of the file or folder.
        conversations: Returns the number of conversations, once all lines are read.
        messages: Returns the number of messages, once all lines are read.
        skipped: Returns how much was left out by reason, once all lines are read.
    """

    format: str
    name: str
    conversations: Callable[[], int] = lambda: 0
    messages: Callable[[], int] = lambda: 0
    skipped: Callable[[], dict[str, int]] = dict


class Import(Record):
    """An import, as it is listed.

    Messages are counted as in the source, and each is in a turn that was added or left out: once it is done, `messages` is
    `added_messages` and the counts of messages in `skipped` (`reasons.OF_MESSAGES`). Turns are counted as they are stored: a
    message with the replies to it is one, and a very long message may be several. In a list of memories, both are memories.

    Attributes:
        id: Its id.
        format: The format of its source.
        name: The name of the file or folder.
        at: When it was begun.
        state: `writing`: it goes on, also after a restart. `done`. `undoing`: it is being removed.
        depth: How much of it the model reads.
        conversations: Number of conversations in the source.
        messages: Number of messages in the source, with those that were left out.
        added: Number of turns (or memories) that were added so far.
        skipped: What was left out, by reason; each reason names what it counts.
        first: Time of the oldest message, in its zone; in UTC where nothing of it is stored, and None if there is none.
        last: Time of the newest message, in the same zone; None if there is none.
        paused: Whether the model's reading of it is paused.
    """

    id: str
    format: str
    name: str
    at: datetime
    state: Literal["writing", "done", "undoing"]
    depth: ReadingDepth
    conversations: int
    messages: int
    added: int
    skipped: dict[str, int]
    first: datetime | None
    last: datetime | None
    paused: bool = False

    @property
    def added_messages(self) -> int:
        """The number of messages in the turns that it adds; while it is written, in all that it will add."""
        return self.messages - sum(reasons.of_messages(self.skipped).values())

    def days(self, here: tzinfo) -> str:
        """Return its first and its last day, one day once; empty if it has no times.

        Args:
            here: The person's zone now, for memories and for what no stored message has a zone of.
        """
        if self.first is None or self.last is None:
            return ""
        # What is stored has a named zone, or the offset that its source had.
        first, last = (one.astimezone(here) if one.tzinfo is UTC else one for one in (self.first, self.last))
        return " to ".join(dict.fromkeys(f"{one.year:04}-{one:%m-%d}" for one in (first, last)))
