"""Imports a file, a folder or a zip of another program: looks into it, and writes it into memory (I/O)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app.importers.conversations import Choices, Conversation, LeftOut, Role
from app.importers.opening import open_source
from app.importers.recognition import by_name, has_facts, recognise
from app.importers.turns import can_be_right, lines_of
from app.importers.who import me_in, named
from memory.core.errors import InvalidInput
from memory.imports.lines import Source
from memory.imports.reasons import EARLIER, ODD_TIMES

if TYPE_CHECKING:
    from app.importers.facts import Fact
    from app.importers.recognition import FactsFormat, Format
    from memory.imports.lines import Import, ImportedLine, ReadingDepth
    from memory.memory import Memory

_MOST_NAMED = 8
_TWO_NUMBERS = frozenset({"whatsapp"})
"""Formats whose dates are numbers in an order that depends on the phone."""


@dataclass(frozen=True)
class Wanted:
    """What the person wants of a source.

    Attributes:
        choices: What they said about it.
        format: The name of its format; empty: it is recognised.
        since: Only what is not older; None: everything.
        depth: How much of it the model reads.
    """

    choices: Choices = field(default_factory=Choices)
    format: str = ""
    since: datetime | None = None
    depth: ReadingDepth = "sessions"


@dataclass
class Seen:
    """What was read of a source so far.

    Attributes:
        left_out: What was left out, and why.
        conversations: The ids of the conversations.
        messages: Number of messages, with those that are left out after they were read (`memory.imports.reasons`).
        newest: Time of the newest message; None if there is none.
        people: Messages by the name of their writer, in talk between people.
        me: The same for those that the person wrote, as far as that is known.
        has_me: Whether the person wrote one of the messages.
        facts: What another program remembered; only some formats have it.
    """

    left_out: LeftOut = field(default_factory=LeftOut)
    conversations: set[str] = field(default_factory=set)
    messages: int = 0
    newest: datetime | None = None
    people: Counter[str] = field(default_factory=Counter)
    me: Counter[str] = field(default_factory=Counter)
    has_me: bool = False
    facts: Iterator[Fact] = field(default_factory=lambda: iter(()))

    def note(self, conversation: Conversation) -> None:
        """Count a conversation, or a part of one."""
        self.conversations.add(conversation.id)
        self.messages += len(conversation.messages)
        self.has_me |= any(message.role is Role.ME for message in conversation.messages)
        times = [one.time for one in conversation.messages if can_be_right(one.time, photo=bool(one.pictures))]
        self.newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        if conversation.between_people:
            self.people.update(message.speaker for message in conversation.messages)
            self.me.update(message.speaker for message in conversation.messages if message.role is Role.ME)

    @property
    def my_name(self) -> str:
        """Who of the people who write is the person: the name, or several; empty if that is not known or not needed."""
        return ", ".join(name for name, _ in self.me.most_common(_MOST_NAMED) if name)

    def check_since(self, since: datetime | None) -> None:
        """Refuse a first day that is later than all messages.

        Raises:
            InvalidInput: It is.
        """
        if since is None or self.newest is None or self.newest >= since or not self.left_out.counts[EARLIER]:
            return
        number = self.messages - self.left_out.counts[ODD_TIMES]
        raise InvalidInput(
            f"{f'All {number:,} messages are' if number > 1 else 'The one message is'} older than {since:%Y-%m-%d}: "
            f"{f'the newest is of {self.newest:%Y-%m-%d}' if number > 1 else f'it is of {self.newest:%Y-%m-%d}'}. Nothing was "
            "written. Name an earlier day with --since, or leave it out."
        )


def import_history(
    memory: Memory, path: Path, user_id: str, wanted: Wanted, on_progress: Callable[[str, int], None] | None = None
) -> dict[str, Any]:
    """Import a source, and return what was done, as `persona import --json` prints it.

    Args:
        memory: The memory.
        path: A file, a folder or a zip.
        user_id: The user whose history it is.
        wanted: What the person wants of it.
        on_progress: Called with the step (`read`, `write`) and the number of messages.

    Raises:
        InvalidInput: The source is not recognised, or cannot be read. Nothing was written.
    """
    began = time.monotonic()
    # What an interrupted import left over: this one compares its messages with it.
    memory.imports.resume()
    with opened(path, wanted) as (format_, conversations, seen):
        if has_facts(format_):
            noted = ((fact.text, fact.time if fact.time and can_be_right(fact.time) else None) for fact in seen.facts)
            source = Source(format_.NAME, path.name, skipped=lambda: dict(seen.left_out.counts))
            done = memory.imports.add_facts(user_id, source, noted, memory.items)
            return _told(memory, user_id, done, "", began)
        lines = _lines(memory, user_id, conversations, seen, wanted, on_progress)
        source = Source(
            format_.NAME, path.name, lambda: len(seen.conversations), lambda: seen.messages, lambda: dict(seen.left_out.counts)
        )
        begun = memory.imports.begin(user_id, source, lines, wanted.depth)
    done = memory.imports.write(user_id, begun.id, lambda number: on_progress("write", number) if on_progress else None)
    return _told(memory, user_id, done, seen.my_name, began)


def unused(wanted: Wanted, format_: str, me: str) -> list[str]:
    """Return a sentence about each option that had nothing to do in a source that was read.

    Args:
        wanted: What the person wanted of it.
        format_: The name of its format.
        me: Who of a talk between people is the person; empty: there is no such talk.
    """
    told = []
    given, day_first = wanted.choices.me, wanted.choices.day_first
    if given and not me:
        told.append("There is no talk between people in it, so --me had nothing to do.")
    elif given and not any(_is_called(name, given) for name in (me, *me.split(", "))):
        told.append(f"The file itself says who you are, {me}, so --me had nothing to do.")
    if day_first is not None and format_ not in _TWO_NUMBERS:
        option = "--day-first" if day_first else "--month-first"
        told.append(f"The dates in it can be read in one way only, so {option} had nothing to do.")
    return told


def _is_called(name: str, given: str) -> bool:
    try:
        return bool(me_in(Counter([name]), "", given))
    except InvalidInput:
        return False


def report(done: Import) -> dict[str, Any]:
    """Return an import as the contract's object, without what the moment says."""
    return {
        "id": done.id or None, "format": done.format, "conversations": done.conversations, "messages": done.messages,
        "added": done.added, "added_messages": done.added_messages, "skipped": done.skipped,
        "from": done.first.isoformat() if done.first else None, "to": done.last.isoformat() if done.last else None,
    }  # fmt: skip


def _told(memory: Memory, user_id: str, done: Import, me: str, began: float) -> dict[str, Any]:
    return {
        **report(done), "me": me, "waiting": memory.imports.waiting(user_id, done.id) if done.id else 0,
        "pending": memory.work.count(user_id), "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _lines(
    memory: Memory,
    user_id: str,
    conversations: Iterator[Conversation],
    seen: Seen,
    wanted: Wanted,
    on_progress: Callable[[str, int], None] | None,
) -> Iterator[ImportedLine]:
    for conversation in conversations:
        for line in lines_of(conversation, seen.left_out, wanted.since, partial(memory.consent.unkept, user_id)):
            if on_progress is not None:
                on_progress("read", line.messages)
            yield line
    seen.check_since(wanted.since)
    if seen.people and not seen.has_me:
        raise InvalidInput(
            "It is a talk between people, and which of them is you is not said. Name yourself with --me: "
            f"{named(seen.people)}. Nothing was written."
        )


@contextmanager
def opened(path: Path, wanted: Wanted) -> Iterator[tuple[Format, Iterator[Conversation], Seen]]:
    """Open a source, and yield its format, its conversations, and what is noted while they are read."""
    with open_source(path) as source:
        format_ = by_name(wanted.format) if wanted.format else recognise(source)
        seen = Seen()
        if has_facts(format_):
            seen.facts = cast("FactsFormat", format_).read_facts(source, seen.left_out)
            yield format_, iter(()), seen
            return

        def read() -> Iterator[Conversation]:
            for conversation in format_.read(source, wanted.choices, seen.left_out):
                seen.note(conversation)
                yield conversation

        yield format_, read(), seen
