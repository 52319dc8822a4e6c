"""Says what is in a source before anything is written: conversations, times, languages, people, and what would be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.importers.importing import Wanted, opened
from app.importers.person import Person
from app.importers.turns import can_be_right, lines_of
from app.importers.who import named
from graph.language.language_id import guess
from memory.imports import reasons
from memory.imports.facts import known
from memory.imports.foreseeing import foresee
from memory.imports.staging import Added

if TYPE_CHECKING:
    from app.importers.conversations import Conversation, Message
    from app.importers.importing import Seen
    from memory.imports.lines import ImportedLine, ReadingDepth

_SAMPLED_CHARACTERS = 2_000
_NOTHING = Added(0, 0, 0, 0, 0, 0)


@dataclass
class Previewed:
    """One conversation of a source.

    Attributes:
        id: The source's id.
        title: Its title.
        messages: Number of its messages, with those that would be left out.
        turns: Number of the turns that they become, with those that are here already.
        first: Time of the oldest of these messages whose time can be right.
        last: Time of the newest of them.
        people: The names of those who write in it, the most talkative first.
        sample: The beginning of what is said.
    """

    id: str
    title: str
    messages: int = 0
    turns: int = 0
    first: datetime | None = None
    last: datetime | None = None
    counted: Counter[str] = field(default_factory=Counter)
    sample: str = ""

    @property
    def people(self) -> list[str]:
        """Return the names of those who write in it, the most talkative first."""
        return [name for name, _ in self.counted.most_common() if name]

    @property
    def language(self) -> str:
        """Return the code of its language; empty if that cannot be told."""
        return guess(self.sample)[0] if self.sample.strip() else ""

    @property
    def span(self) -> str:
        """Return its first and its last day."""
        return span_of(self.first, self.last)

    def note_message(self, message: Message) -> None:
        """Count a message. One that would be left out counts too: the number and the days are of all messages."""
        self.messages += 1
        if can_be_right(message.time, photo=bool(message.pictures)):
            self.first = min(self.first or message.time, message.time)
            self.last = max(self.last or message.time, message.time)

    def note(self, line: ImportedLine) -> None:
        """Count a line."""
        self.turns += 1
        if len(self.sample) < _SAMPLED_CHARACTERS:
            self.sample += f"{line.text}\n"

    def as_json(self) -> dict[str, Any]:
        """Return it as `persona import --dry-run --json` prints it."""
        return {
            "id": self.id, "title": self.title, "messages": self.messages, "turns": self.turns, "people": self.people,
            "language": self.language, "from": _iso(self.first), "to": _iso(self.last),
        }  # fmt: skip


@dataclass(frozen=True)
class Preview:
    """What is in a source, and what an import of it would do; messages and turns are counted as in an `Import`.

    Attributes:
        format: The format's name.
        label: What a person calls the format.
        conversations: The conversations, newest first.
        left_out: What would be left out, by reason.
        places: Where some of them are.
        people: Messages by the name of their writer, in talk between people.
        knows_me: Whether one of them is known to be the person.
        me: Who that is; empty if nobody.
        facts: Number of facts, in a list of what another program remembered.
        added: What would be added; nothing in a list of facts.
    """

    format: str
    label: str
    conversations: tuple[Previewed, ...]
    left_out: dict[str, int]
    places: tuple[str, ...]
    people: dict[str, int] = field(default_factory=dict)
    knows_me: bool = False
    me: str = ""
    facts: int = 0
    added: Added = _NOTHING

    @property
    def asks_me(self) -> bool:
        """Return whether the person has to say which of the writers they are."""
        return bool(self.people) and not self.knows_me

    @property
    def writers(self) -> str:
        """Return the names of those who write, with the number of their messages, the most talkative first."""
        return named(self.people)

    def calls(self, depth: ReadingDepth) -> int | None:
        """Return how often the model is asked if it reads as much of what would be added as `depth` says.

        None: it depends on which messages are the person's, and that is not known (`asks_me`).
        """
        if depth == "all" and self.asks_me:
            return None
        sessions = self.added.sessions
        return {
            "none": 0, "sessions": sessions + 2 if sessions else 0, "all": 2 * self.added.own_turns + 3 * sessions,
        }[depth]  # fmt: skip

    @property
    def messages(self) -> int:
        """Return the number of messages, with those that would be left out."""
        return sum(one.messages for one in self.conversations)

    @property
    def turns(self) -> int:
        """Return the number of turns that they become, with those that are here already."""
        return sum(one.turns for one in self.conversations)

    @property
    def sessions(self) -> int:
        """Return the number of sessions that would be added: a pause of an hour ends one."""
        return self.added.sessions

    @property
    def adds(self) -> bool:
        """Return whether an import would add anything."""
        return bool(self.added.turns or self.facts > sum(reasons.of_messages(self.left_out).values()))

    @property
    def first(self) -> datetime | None:
        """Return the time of the oldest message."""
        return min((one.first for one in self.conversations if one.first), default=None)

    @property
    def last(self) -> datetime | None:
        """Return the time of the newest message."""
        return max((one.last for one in self.conversations if one.last), default=None)

    @property
    def span(self) -> str:
        """Return the first and the last day."""
        return span_of(self.first, self.last)

    def as_json(self) -> dict[str, Any]:
        """Return it as `persona import --dry-run --json` prints it: the contract's object, and the conversations."""
        return {
            "format": self.format, "conversations": len(self.conversations), "messages": self.messages + self.facts, "added": 0,
            "skipped": self.left_out, "from": _iso(self.first), "to": _iso(self.last), "pending": 0, "seconds": 0.0,
            "turns": self.turns, "sessions": self.sessions, "would_add": self.added.turns,
            "would_add_messages": self.added.messages, "me": self.me, "of": [one.as_json() for one in self.conversations],
            "places": list(self.places),
        }  # fmt: skip


def preview(path: Path, wanted: Wanted, person: Person | None = None) -> Preview:
    """Read a source to its end, and return what is in it and what an import would do. Nothing is written.

    Args:
        path: A file, a folder or a zip.
        wanted: What is wanted of it.
        person: Whose history it is; None: a person of whom nothing is known yet.

    Raises:
        InvalidInput: The source is not recognised, or cannot be read, or an import would be refused.
    """
    person = person or _NOBODY
    with opened(path, wanted) as (format_, conversations, seen):
        found: dict[str, Previewed] = {}
        foreseen = person.foresee(_lines(conversations, seen, wanted, person, found))
        seen.check_since(wanted.since)
        facts = [fact.text for fact in seen.facts]
        here = person.known_facts(format_.NAME, facts)
        left_out = {**seen.left_out.counts, **foreseen.skipped, **({reasons.KNOWN_FACTS: here} if here else {})}
        newest = sorted(found.values(), key=lambda one: one.last.timestamp() if one.last else 0.0, reverse=True)
        return Preview(
            format_.NAME, format_.LABEL, tuple(newest), left_out, tuple(seen.left_out.places), dict(seen.people), seen.has_me,
            seen.my_name, len(facts), foreseen.added,
        )  # fmt: skip


def _lines(
    conversations: Iterator[Conversation], seen: Seen, wanted: Wanted, person: Person, found: dict[str, Previewed]
) -> Iterator[ImportedLine]:
    """Yield the lines that an import would read, and note what is in them."""
    for conversation in conversations:
        one = found.setdefault(conversation.id, Previewed(conversation.id, conversation.title))
        for message in conversation.messages:
            one.note_message(message)
        one.counted.update(_speakers(conversation))
        for line in lines_of(conversation, seen.left_out, wanted.since, person.unkept):
            one.note(line)
            yield line


_NOBODY = Person(partial(foresee, None, "nobody"), partial(known, None, "nobody"))


def span_of(first: datetime | None, last: datetime | None) -> str:
    """Return a span of time as a person writes it."""
    if first is None or last is None:
        return "no message"
    return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _speakers(conversation: Conversation) -> Iterable[str]:
    return (message.speaker for message in conversation.messages if conversation.between_people)


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
