"""Which topics, and which lines of profile and habits, were made of something sensitive: they carry its mark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from memory.consent.sensitive import Topic
from memory.core.records import SPOKEN, Episode, Procedure, ProfileEntry
from memory.core.tokenize import terms
from memory.storage.memory_rows import MemoryRecord
from memory.storage.schema import memories, turns

_SAID = select(turns.c.id, turns.c.text, turns.c.held, turns.c.sensitive).where(
    turns.c.user_id == bindparam("user"), turns.c.session == bindparam("session"), turns.c.state.in_(SPOKEN)
)
_FACTS = select(memories.c.text, memories.c.sensitive).where(
    memories.c.user_id == bindparam("user"), memories.c.source.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True)
class Told:
    """What one session told: the texts of each mark, and the words of the others.

    Attributes:
        turns: The marks of its turns, by id.
        words: The marks of the words that only sensitive texts of it have.
    """

    turns: Mapping[str, str]
    words: Mapping[str, str]


def told_in(connection: Connection, user_id: str, session: int) -> Told:
    """Read what a session told that is sensitive."""
    said = connection.execute(_SAID, {"user": user_id, "session": session}).all()
    marks = {row.id: row.sensitive for row in said if row.sensitive}
    if not marks:
        return Told({}, {})
    facts = connection.execute(_FACTS, {"user": user_id, "ids": [row.id for row in said]}).all()
    texts = [(row.text, row.sensitive) for row in (*said, *facts)]
    plain = {word for text, mark in texts if not mark for word in terms(text)}
    return Told(marks, {word: mark for text, mark in texts if mark for word in terms(text) if word not in plain})


def topic_mark(episode: Episode, told: Told) -> str | None:
    """Return the mark of a topic: that of any of its turns."""
    return next((told.turns[name] for name in episode.turn_ids if name in told.turns), None)


def line_marks(
    lines: Mapping[str, str], kept: Iterable[MemoryRecord], told: Told, judge: Callable[[str], Topic | None]
) -> dict[str, str | None]:
    """Return the marks of lines: by what they tell, or by words that only something sensitive of their session has.

    Args:
        lines: Profile and habits, by key.
        kept: Those that were there before; a line that says the same keeps its mark.
        told: What the session told.
        judge: Says what sensitive thing a text tells of.
    """
    there = {
        (one.key, one.value if isinstance(one, ProfileEntry) else one.text): one.sensitive
        for one in kept
        if isinstance(one, ProfileEntry | Procedure)
    }
    return {
        key: there[key, text] if (key, text) in there else _shared(text, told) or line_mark(key, text, judge)
        for key, text in lines.items()
    }


def line_mark(key: str, text: str, judge: Callable[[str], Topic | None]) -> str | None:
    """Return the mark of one line, read as its person would say it."""
    # A habit is a whole sentence; a line of the profile is a value.
    said = text if " " in text.strip() and text.strip().endswith(".") else f"My {key.replace('_', ' ')} is {text}"
    return judge(said)


def _shared(text: str, told: Told) -> str | None:
    """Return the mark of the words that a line has of something sensitive, where half of its words are that."""
    words = terms(text)
    marks = [told.words[word] for word in words if word in told.words]
    return marks[0] if marks and 2 * len(marks) >= len(words) else None
