"""Search results as one list of dated lines, for models of every size in layout `cache` (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from graph.language.message_kind import only_asks
from graph.prompts.budgets import estimate_tokens
from graph.prompts.data_text import as_entry, as_message
from graph.prompts.day_words import dated
from memory.core.records import Recalled, Spoken
from memory.search.asked_relation import relation_asked

NOTES = "Notes of what they told you before"
_KINDS = {"procedural": "habit", "core": "profile", "semantic": "noted", "photo": "photo"}


def day(time: datetime) -> str:
    """Return a day as notes begin: `2026-03-03 Tue`."""
    return f"{time:%Y-%m-%d %a}"


def line_of(entry: Recalled, marks: Mapping[str | None, str] | None = None) -> str:
    """Return a memory as one line: when it was said, and the words."""
    if entry.talk:
        return "\n".join(_line_of_talk(one) for one in entry.talk)
    mark = f" [{as_entry(marks[entry.photo_id])}]" if marks and entry.photo_id in marks else ""
    return f"[{day(entry.time)}] ({_KINDS.get(entry.kind, 'noted')}) {as_entry(_in_one_line(entry.text))}{mark}"


def fitted_lines(found: Sequence[Recalled], tokens: int) -> list[Recalled]:
    """Return the most relevant memories that fit, in the given order."""
    kept: set[int] = set()
    for entry in sorted(found, key=lambda one: -one.score):
        size = estimate_tokens(line_of(entry))
        if size <= tokens:
            kept.add(id(entry))
            tokens -= size
    return [entry for entry in found if id(entry) in kept]


def informative(message: str, found: Sequence[Recalled]) -> list[Recalled]:
    """Return the memories that contain information, for a small model, which answers from everything that it is shown.

    Earlier questions contain none. If the message asks for a name (of a dog, a sister), nothing is kept unless one memory
    mentions the owner.
    """
    told = [entry for entry in found if not _only_asked(entry)]
    whose = relation_asked(message)
    return told if whose is None or any(whose.is_in(entry.text) for entry in told) else []


def _only_asked(entry: Recalled) -> bool:
    return bool(entry.talk) and all(not one.reply and only_asks(one.text) for one in entry.talk)


def _line_of_talk(one: Spoken) -> str:
    words = dated(_quoted(one.text), one.time)
    # A friend's words, from an imported talk, stay the friend's.
    who = f"{_quoted(one.other)} wrote to them: " if one.other else ""
    parts = [f'[{day(one.time)}] {who}"{words}"']
    if one.reply:
        parts.append(f'You answered: "{_quoted(one.reply)}"')
    return " ".join([*parts, *map(as_entry, one.corrected)])


def _quoted(text: str) -> str:
    return as_message(_in_one_line(text)).replace('"', "'")


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
