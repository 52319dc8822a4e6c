"""What an import is made of, and what is known of it afterwards (values)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from memory.core.records import Record

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
    """

    time: datetime
    text: str
    reply: str
    conversation: str
    speaker: str | None = None
    by_other: bool = False
    pictures: tuple[ImportedPicture, ...] = ()
    has_seconds: bool = True


class Import(Record):
    """An import, as it is listed.

    Attributes:
        id: Its id.
        format: The format of its source.
        name: The name of the file or folder.
        at: When it was begun.
        state: `writing`: it goes on, also after a restart. `done`. `undoing`: it is being removed.
        depth: How much of it the model reads.
        conversations: Number of conversations in the source.
        messages: Number of messages in the source.
        added: Number of turns that were added so far.
        skipped: Number of messages that were left out, by reason.
        first: Time of the oldest message; None if there is none.
        last: Time of the newest message; None if there is none.
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
