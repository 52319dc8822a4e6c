"""Imports a file, a folder or a zip of another program: looks into it, and writes it into memory (I/O)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app.importers.conversations import Choices, Conversation, LeftOut, Role
from app.importers.opening import open_source
from app.importers.recognition import by_name, has_facts, recognise
from app.importers.turns import lines_of
from memory.core.errors import InvalidInput
from memory.imports.service import Source

if TYPE_CHECKING:
    from app.importers.facts import Fact
    from app.importers.recognition import FactsFormat, Format
    from memory.imports.lines import Import, ImportedLine, ReadingDepth
    from memory.memory import Memory

_MOST_NAMED = 8


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
        messages: Number of messages.
        people: Messages by the name of their writer, in talk between people.
        has_me: Whether one of them is known to be the person.
        facts: What another program remembered; only some formats have it.
    """

    left_out: LeftOut = field(default_factory=LeftOut)
    conversations: set[str] = field(default_factory=set)
    messages: int = 0
    people: Counter[str] = field(default_factory=Counter)
    has_me: bool = False
    facts: Iterator[Fact] = field(default_factory=lambda: iter(()))

    def note(self, conversation: Conversation) -> None:
        """Count a conversation, or a part of one."""
        self.conversations.add(conversation.id)
        self.messages += len(conversation.messages)
        self.has_me |= any(message.role is Role.ME for message in conversation.messages)
        if conversation.between_people:
            self.people.update(message.speaker for message in conversation.messages)


def import_history(
    memory: Memory, path: Path, user_id: str, wanted: Wanted, on_progress: Callable[[str, int], None] | None = None
) -> dict[str, Any]:
    """Import a source, and return what was done, as `persona import --json` prints it.

    Args:
        memory: The memory.
        path: A file, a folder or a zip.
        user_id: The user whose history it is.
        wanted: What the person wants of it.
        on_progress: Called with the step (`read`, `write`) and the number of turns.

    Raises:
        InvalidInput: The source is not recognised, or cannot be read. Nothing was written.
    """
    began = time.monotonic()
    # What an interrupted import left over: this one compares its messages with it.
    memory.imports.resume()
    with opened(path, wanted) as (format_, conversations, seen):
        if has_facts(format_):
            noted = ((fact.text, fact.time) for fact in seen.facts)
            source = Source(format_.NAME, path.name, skipped=lambda: dict(seen.left_out.counts))
            done = memory.imports.add_facts(user_id, source, noted, memory.items)
            return {**report(done), "pending": memory.work.count(user_id), "seconds": round(time.monotonic() - began, 1)}
        lines = _lines(memory, user_id, conversations, seen, wanted, on_progress)
        source = Source(
            format_.NAME, path.name, lambda: len(seen.conversations), lambda: seen.messages, lambda: dict(seen.left_out.counts)
        )
        begun = memory.imports.begin(user_id, source, lines, wanted.depth)
    done = memory.imports.write(user_id, begun.id, lambda rows: on_progress("write", rows) if on_progress else None)
    return {**report(done), "pending": memory.work.count(user_id), "seconds": round(time.monotonic() - began, 1)}


def report(done: Import) -> dict[str, Any]:
    """Return an import as the contract's object, without what the moment says."""
    return {
        "id": done.id, "format": done.format, "conversations": done.conversations, "messages": done.messages,
        "added": done.added, "skipped": done.skipped,
        "from": done.first.isoformat() if done.first else None, "to": done.last.isoformat() if done.last else None,
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
        for line in lines_of(conversation, seen.left_out, wanted.since):
            if memory.consent.unkept(user_id, line.text) is not None:
                seen.left_out.add(NOT_KEPT)
                continue
            if on_progress is not None:
                on_progress("read", 1)
            yield line
    if seen.people and not seen.has_me:
        raise InvalidInput(
            "It is a talk between people, and which of them is you is not said. Name yourself with --me: "
            f"{_named(seen.people)}. Nothing was written."
        )


NOT_KEPT = "sensitive messages, which you chose not to keep"


def _named(people: Counter[str]) -> str:
    named = [f"{name} ({count})" for name, count in people.most_common(_MOST_NAMED) if name]
    more = len(people) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


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
