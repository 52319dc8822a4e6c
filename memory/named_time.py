"""The time that a question names ("last Tuesday", "in March", "on 7 May 2023"), resolved against when it was asked."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

_LANGUAGES = ["en"]
_LONGEST = 500
"""Characters: a longer text is no question, and the library takes its time with it."""
_one_at_a_time = threading.Lock()
"""The library keeps what it reads with in one place for all threads."""
_IS_A_TIME = {"year", "month", "day"}
_NO_TIME = {"now", "may", "march", "mon", "sun", "sat", "sec", "second"}
"""Words that are more often something else, unless a word like `in` stands before them or a number behind them."""
_DAY = timedelta(days=1)
_HALF_A_WEEK = timedelta(days=3)


@dataclass(frozen=True)
class Period:
    """From `first` (inclusive) to `last` (exclusive), in seconds since 1970."""

    first: float
    last: float

    def holds(self, at: float) -> bool:
        """Say whether an instant lies in it."""
        return self.first <= at < self.last

    def nearness(self, at: float, days: float) -> float:
        """Return 1 inside, and less the farther away: 1/e at a distance of `days`."""
        distance = max(self.first - at, at - self.last, 0.0)
        return math.exp(-distance / 86_400 / days)


def named_period(text: str, asked: datetime, prefer: Literal["past", "current_period"] = "past") -> Period | None:
    """Return the period that a question names, the first if there are several; None where it names none.

    Args:
        text: The question.
        asked: When it was asked, in its zone: `yesterday` is the day before.
        prefer: A month without a year is the last of that name, as in questions, or that of the same year, as in notes.
    """
    base = asked.replace(tzinfo=None)
    for span, data in _found(text, base, prefer):
        parts = set(data.parts or ())
        if not parts & _IS_A_TIME or _is_something_else(span):
            continue
        try:
            first, last = _bounds(data.date_obj, parts, data.period)
            return Period(first.replace(tzinfo=asked.tzinfo).timestamp(), last.replace(tzinfo=asked.tzinfo).timestamp())
        except (OverflowError, ValueError):
            continue
    return None


def _is_something_else(span: str) -> bool:
    return span.lower().split()[0] in _NO_TIME and not any(char.isdigit() for char in span)


def _bounds(stamp: datetime, parts: set[str], period: str) -> tuple[datetime, datetime]:
    start = stamp.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        # 'Two weeks ago' is said of a day somewhere around it.
        return start - _HALF_A_WEEK, start + _HALF_A_WEEK + _DAY
    if "day" in parts:
        return start, start + _DAY
    if "month" in parts:
        start = start.replace(day=1)
        return start, (start + timedelta(days=32)).replace(day=1)
    start = start.replace(month=1, day=1)
    return start, start.replace(year=start.year + 1)


def _found(text: str, base: datetime, prefer: str) -> list[tuple[str, Any]]:
    """Search with a well-kept library; it takes a millisecond, and a tenth of a second the first time."""
    from dateparser.date import DateDataParser
    from dateparser.search import search_dates

    if len(text) > _LONGEST:
        return []
    settings: Any = {"RELATIVE_BASE": base, "PREFER_DATES_FROM": prefer, "RETURN_AS_TIMEZONE_AWARE": False}
    with _one_at_a_time:
        try:
            spans = search_dates(text, languages=_LANGUAGES, settings=settings) or []
            reader = DateDataParser(languages=_LANGUAGES, settings=settings)
            return [(span, reader.get_date_data(span)) for span, _ in spans]
        except Exception:  # noqa: BLE001 - what a named time adds is a hint: no text may keep a search from being made
            return []
