"""LoCoMo's conversations as distributed (snap-research, CC BY-NC 4.0; not part of this repository)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from app.malformed import Place, read_json
from evals.datasets.corrections import Corrections, name_of, same_words
from evals.datasets.evidence import Asked, Conversation, Said
from memory.core.errors import InvalidInput

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
"""Category 5 (adversarial) has nothing to find."""
_Made = TypeVar("_Made")
_SESSION = re.compile(r"session_(\d+)")
_EVIDENCE = re.compile(r"D\d+:\d+")
_LAST_YEAR = 9_000
_TIME = "%I:%M %p on %d %B, %Y"


def load(path: Path, corrections: Corrections | None = None, *, doubled: bool = False) -> list[Conversation]:
    """Load a file of conversations; questions without one well-formed evidence id are left out.

    Args:
        path: The file.
        corrections: Corrections of its golds.
        doubled: Count a question that stands twice in its conversation twice.

    Raises:
        InvalidInput: The file cannot be read, or is no LoCoMo file; or a correction does not fit it.
    """
    conversations = each(path, lambda number, entry: _conversation(number, entry, doubled=doubled), corrections)
    if not any(conversation.questions for conversation in conversations):
        raise InvalidInput(f"{path} has no question of categories 1 to 4 with evidence. Give --data a LoCoMo file.")
    return conversations


def each(path: Path, make: Callable[[int, dict[str, Any]], _Made], corrections: Corrections | None = None) -> list[_Made]:
    """Load a file, and call `make` with the index and the content of each of its conversations, corrected.

    Raises:
        InvalidInput: The file cannot be read, or is no LoCoMo file; or a correction does not fit it.
    """
    entries = read_json(path, "--data: it takes a LoCoMo file")
    if not isinstance(entries, list):
        raise Place(path).wrong("this is not a list of LoCoMo conversations. Check --data.")
    made = []
    for number, entry in enumerate(corrections.applied(entries) if corrections else entries):
        try:
            made.append(make(number, entry))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"this is no conversation of LoCoMo ({type(error).__name__}: {error}). Check --data."
            raise Place(path, (number,)).wrong(problem) from error
    return made


def turns_of(entry: dict[str, Any]) -> list[Said]:
    """Return the turns of a conversation in order, all turns of a session at the session's time."""
    talk = entry["conversation"]
    turns = []
    for session in sorted(int(match[1]) for match in map(_SESSION.fullmatch, talk) if match):
        key = f"session_{session}_date_time"
        try:
            time = datetime.strptime(talk[key].strip(), _TIME)  # noqa: DTZ007 - it names no zone
        except ValueError as error:
            msg = f"{key} is {talk[key]!r}; it looks like '1:56 pm on 8 May, 2023'"
            raise ValueError(msg) from error
        if time.year > _LAST_YEAR:
            msg = f"session {session} is said to be in {time.year}"
            raise ValueError(msg)
        turns += [_said(turn, time.replace(tzinfo=UTC), f"session_{session}") for turn in talk[f"session_{session}"]]
    return turns


def _conversation(number: int, entry: dict[str, Any], *, doubled: bool) -> Conversation:
    turns = turns_of(entry)
    known = {turn.id for turn in turns}
    questions = []
    for asked in entry["qa"] if doubled else [one for _, one in asked_once(entry["qa"])]:
        evidence = tuple(dict.fromkeys(name for name in _EVIDENCE.findall(" ".join(asked["evidence"])) if name in known))
        if asked["category"] in CATEGORIES and evidence:
            questions.append(Asked(text_of(asked["question"]), CATEGORIES[asked["category"]], evidence))
    return Conversation(name_of(number, entry), tuple(turns), tuple(questions))


def asked_once(qa: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Return a conversation's questions with their indices, each question once.

    Twelve questions of the whole set appear twice, some of them once with an answer and once as adversarial, where the right
    reply would be that there is none. The first answerable one counts.
    """
    kept: dict[str, tuple[int, dict[str, Any]]] = {}
    for place, asked in sorted(enumerate(qa), key=lambda one: one[1]["category"] not in CATEGORIES):
        kept.setdefault(same_words(text_of(asked["question"])), (place, asked))
    return sorted(kept.values(), key=lambda one: one[0])


def text_of(value: object) -> str:
    """Return a text that must not be empty."""
    if not isinstance(value, str) or not value.strip():
        msg = f"a question is {value!r}, and no text"
        raise TypeError(msg)
    value.encode()
    return value


def _said(turn: dict[str, Any], time: datetime, session: str) -> Said:
    caption = f" [{turn['blip_caption']}]" if turn.get("blip_caption") else ""
    return Said(turn["dia_id"], time, f"{turn['speaker']}: {turn['text']}{caption}", session=session)
