"""Sensitivity marks of derived memories: topics, profile lines and habits carry the mark of what they were made from."""

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
    """The sensitive content of one session.

    Attributes:
        turns: The marks of its sensitive turns, by turn id.
        words: The marks of the words that only its sensitive texts have, by word.
    """

    turns: Mapping[str, str]
    words: Mapping[str, str]


def told_in(connection: Connection, user_id: str, session: int) -> Told:
    """Return the sensitive content of a session."""
    said = connection.execute(_SAID, {"user": user_id, "session": session}).all()
    marks = {row.id: row.sensitive for row in said if row.sensitive}
    if not marks:
        return Told({}, {})
    facts = connection.execute(_FACTS, {"user": user_id, "ids": [row.id for row in said]}).all()
    texts = [(row.text, row.sensitive) for row in (*said, *facts)]
    plain = {word for text, mark in texts if not mark for word in terms(text)}
    return Told(marks, {word: mark for text, mark in texts if mark for word in terms(text) if word not in plain})


def topic_mark(episode: Episode, told: Told) -> str | None:
    """Return the mark of a topic: the mark of its first sensitive turn; None if it has none."""
    return next((told.turns[name] for name in episode.turn_ids if name in told.turns), None)


def line_marks(
    lines: Mapping[str, str], kept: Iterable[MemoryRecord], told: Told, judge: Callable[[str], Topic | None]
) -> dict[str, str | None]:
    """Return the marks of lines by key: from words that only sensitive texts of their session have, or from their own content.

    Args:
        lines: Profile lines and habits, by key.
        kept: The lines before the rewrite. A line that says the same keeps its mark.
        told: The sensitive content of the session.
        judge: Returns the sensitive topic of a text, or None.
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
    """Return the mark of one line, judged as a sentence that the person could say."""
    # A habit is already a sentence. A profile line is a value, and needs its key.
    said = text if " " in text.strip() and text.strip().endswith(".") else f"My {key.replace('_', ' ')} is {text}"
    return judge(said)


def _shared(text: str, told: Told) -> str | None:
    """Return the mark of a line's sensitive words, if they are at least half of its words."""
    words = terms(text)
    marks = [told.words[word] for word in words if word in told.words]
    return marks[0] if marks and 2 * len(marks) >= len(words) else None
