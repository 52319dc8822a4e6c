"""Stretches of time that a question names by their ends: "between March and May", "after 4 June" (pure).

The rules here are for English; `time_stretches` has those for other languages.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from memory.core.named_days import zone_key
from memory.core.temporal import named_window
from memory.core.time_meanings import Phrase
from memory.core.time_phrases import MAX_CHARACTERS
from memory.core.time_stretches import Stretch, stretch_in_other_words
from memory.core.time_window import TimeWindow

_DAY_WORD = (
    r"(?:the\s+)?(?:\d|(?:last|this|yesterday|mon|tues|wednes|thurs|fri|satur|sun|january|february|march|april|may|june|july|august|"
    r"september|october|november|december|christmas|easter|new year)(?:day)?\b)"
)
"""How the end of a stretch begins. `After work`, `before the film` and `since then` name no day."""
_BOTH = re.compile(
    rf"\b(?:between\s+(?P<a>{_DAY_WORD}.*?)\s+and|from\s+(?P<b>{_DAY_WORD}.*?)\s+(?:to|until|till|through))\s+(?P<end>{_DAY_WORD}.*)",
    re.IGNORECASE | re.DOTALL,
)
_ONE = re.compile(
    # `The day before yesterday` and `a week after Christmas` are days, not stretches.
    rf"(?<!day )(?<!days )(?<!night )(?<!week )(?<!weeks )(?<!month )(?<!months )(?<!year )(?<!years )(?<!just )(?<!right )"
    rf"(?<!shortly )(?<!morning )(?<!evening )\b(?P<side>after|since|before)\s+(?P<end>{_DAY_WORD}.*)",
    re.IGNORECASE | re.DOTALL,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def asked_window(text: str, asked: datetime) -> TimeWindow | None:
    """Return the time window that a question is about: the stretch whose ends it names, or else the first time that it names.

    Args:
        text: The question.
        asked: When it was asked, in its zone. A stretch without an end ends there, or never if it begins later.
    """
    text = text[-MAX_CHARACTERS:]
    if found := _stretch(text, asked):
        return found
    other = stretch_in_other_words(text, Phrase(asked.date(), zone_key(asked.tzinfo)))
    try:
        return _window(other, asked) if other else named_window(text, asked)
    except (OverflowError, ValueError):
        # No clock counts to such a day.
        return None


def _window(days: Stretch, asked: datetime) -> TimeWindow | None:
    first, end = (
        None if day is None else datetime(day.year, day.month, day.day, tzinfo=asked.tzinfo).timestamp() for day in days
    )
    if first is None or end is None:
        return _open_window(first, end, asked)
    return TimeWindow(first, end) if first < end else None


def _stretch(text: str, asked: datetime) -> TimeWindow | None:
    if both := _BOTH.search(text):
        begin, year = both["a"] or both["b"], _YEAR.search(both["end"])
        last = _read(both["end"], asked)
        # In `from 3 May to 7 May 2025`, the year is that of both.
        for said in (begin, f"{begin} {year[0]}") if year else (begin,):
            first = _read(said, asked)
            if first is not None and last is not None and first.start < last.end:
                return TimeWindow(first.start, last.end)
    one = _ONE.search(text)
    end = _read(one["end"], asked) if one else None
    if one is None or end is None:
        return None
    if one["side"].lower() == "before":
        return _open_window(None, end.start, asked)
    return _open_window(end.end if one["side"].lower() == "after" else end.start, None, asked)


def _open_window(start: float | None, end: float | None, asked: datetime) -> TimeWindow:
    if start is None:
        return TimeWindow(-math.inf, math.inf if end is None else end)
    now = asked.timestamp()
    return TimeWindow(start, now if start < now else math.inf)


def _read(end: str, asked: datetime) -> TimeWindow | None:
    # A bare name of a month is one only after such a word.
    return named_window(f"since {end}", asked)
