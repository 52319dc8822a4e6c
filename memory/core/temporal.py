"""The time window that a question names ("last Tuesday", "for June", "at Christmas"), relative to the time of the question.

The rules here are for English; `time_phrases` has those for other languages.
"""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

from memory.core.named_days import Days, Prefer, named_days, zone_key
from memory.core.time_phrases import MAX_CHARACTERS, days_of_phrase
from memory.core.time_window import TimeWindow

_LANGUAGES = ["en"]
_one_at_a_time = threading.Lock()
"""The library keeps its parser state in global variables, so only one thread may use it at a time."""
_IS_A_TIME = {"year", "month", "day"}
_NO_TIME = frozenset(
    """
    now second sec mon tue wed thu fri sat sun january february march april may june july august september october november
    december jan feb mar apr jun jul aug sep sept oct nov dec
    """.split()
)
"""Words that may be something else or a person's name, unless a word of `_LEADS` precedes them or a number is beside them."""
_LEADS = frozenset(
    """
    in on at last next this early mid late since until till by during of before after past coming from between around for
    """.split()
)
_COUNTED = {"every", "each", "per", "once", "twice"}
_NAMES = frozenset("april may june august jan mar mon tue wed thu fri sat sun dec".split())
"""After `for` these may be a person's name or something else (`a present for June`), unless the text is about plans."""
_LASTING = re.compile(
    r"\bfor\s+(?:(?:about|over|nearly|almost|around|only|just|at\s+least|more\s+than)\s+){0,2}(?:the\s+)?(?!last\b|past\b|next\b)"
    r"(?:\d+|an?|half\s+an?|(?:an?\s+)?(?:few|couple\s+of)|several|some|many|\w+)\s+(?:(?:more|whole|full)\s+)?"
    r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|weekends|fortnights?|months?|years?|decades?)\b(?!\s+of\b)(?:\s+now\b)?",
    re.IGNORECASE,
)
"""A duration is no period by itself, and the library would merge it with a time that follows."""
_PLANNED = re.compile(
    r"\b(?:plan(?:s|ned|ning)?|scheduled?|upcoming|coming\s+up|agenda|calendar|due|deadline|appointments?|booked|reminders?|remind|"
    r"will|shall|going\s+to|(?:have|need|got)\s+to|must|have\s+i\s+got|do\s+i\s+have|i\s+have\s+on|what['’]?s\s+on|what\s+is\s+on|"
    r"(?:am|are)\s+(?:i|we)\b)",
    re.IGNORECASE,
)
_ASKED_NOW = re.compile(
    r"^(?:and |so |hello,? |hi,? )?(?:(?:what|who|where|when|which|how)(?:['’]s)?(?: \w+)? "
    r"(?:is|are|am|do|does|should|can|could|shall|happens?|comes?|goes|need)\b"
    r"|who['’]s\b|what['’]s\b|is|are|am|do|does|should|can|anything|any)\b",
    re.IGNORECASE,
)
"""A question in the present tense: a day that it names lies in the future."""
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth"
    " twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
_ORDINAL = re.compile(rf"\bthe ({'|'.join(sorted(_ORDINALS, key=len, reverse=True))}) of (?=[a-z])", re.IGNORECASE)
_PLAN_FOR = re.compile(r"\b(?:(?:did|have|had)\s+(?:i|we|you)\s+plan(?:ned)?|plans?)\s+(?:.{0,40}\s)?for\b", re.IGNORECASE)
"""A planned event lies after the planning."""
_IN_THE_PAST = re.compile(r"\b(?:did|was|were|had|went|used\s+to|last|ago)\b", re.IGNORECASE)
_MIN_LETTERS = 3
"""Shorter texts name no time: `We` does not mean Wednesday."""
_DURATION = re.compile(r"(?:the |a )?(?:\d+|[a-z]+)(?: [a-z]+)? (?:days?|weeks?|months?|years?)", re.IGNORECASE)
_POINTS = re.compile(r"^(?:in|last|next|this|past)\b|\b(?:ago|now|later|before)$", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"(?:on )?(?:the )?\d{1,2}(?:st|nd|rd|th)?", re.IGNORECASE)
_DAY_FIRST = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_COUNT = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_UP_TO_NOW = re.compile(
    rf"\b(?:last|past)\s+(?P<count>\d{{1,3}}|few|{'|'.join(_COUNT)})\s+(?P<unit>day|week|month|year)s?\b"
    r"|\bpast\s+(?P<one>week|month|year)\b",
    re.IGNORECASE,
)
_FROM_NOW = re.compile(
    rf"\b(?:next|coming)\s+(?P<count>\d{{1,3}}|few|couple\s+of|{'|'.join(_COUNT)})\s+(?P<unit>day|week|month|year)s\b",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"\b(\w+day|weekend|week|month|year|tomorrow|tonight)['’]s\b", re.IGNORECASE)
# Without one of these words the library finds no day; checking first saves its run of 1 ms (3 ms for a text as long as a fact).
_MAY_NAME_ONE = re.compile(
    r"\d|\b(?:ago|to(?:day|night|morrow)|yesterday|(?:mid)?night|noon|(?:early )?morning|afternoon|evening|till date|mo|wk|yr"
    r"|(?:centur(?:y|ie)|decade|fortnight|year|month|week|day|hour|hr|min|minute|sec|second)s?"
    r"|(?:mon|tues?|wed|wednes|thur?s?|fri|satu?r?|sun)(?:day)?"
    r"|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b",
    re.IGNORECASE,
)
_FEW_UNITS = 3
_DAY = timedelta(days=1)
_HALF_A_WEEK = timedelta(days=3)


def named_window(text: str, asked: datetime, prefer: Prefer = "past") -> TimeWindow | None:
    """Return the first time window that a question names; None if it names none.

    Args:
        text: The question.
        asked: When it was asked, in its zone: `yesterday` is the day before.
        prefer: The month that a name without a year means: `past`, the last one, as in questions; `current_period`, that of
            the same year, as in notes. In a question about plans ("What is planned for June?") it is the next one.
    """
    # In a long message, the question comes at the end.
    text = text[-MAX_CHARACTERS:]
    zone = zone_key(asked.tzinfo)
    in_other_words = days_of_phrase(text, asked.date(), zone, prefer)
    planned = bool(_PLANNED.search(text) or _ASKED_NOW.match(text))
    if planned and prefer == "past" and (_PLAN_FOR.search(text) or not _IN_THE_PAST.search(text)):
        prefer = "future"
    try:
        if in_other_words is not None:
            return _whole_days(in_other_words, asked)
        if match := _UP_TO_NOW.search(text):
            return _up_to(asked, match)
        if match := _FROM_NOW.search(text):
            return _from(asked, match)
        if days := named_days(text, asked.date(), zone, prefer):
            return _whole_days(days, asked)
    except (OverflowError, ValueError):
        return None
    return _by_library(text, asked, prefer, planned=planned)


def _whole_days(days: Days, asked: datetime) -> TimeWindow:
    first, end = (datetime(day.year, day.month, day.day, tzinfo=asked.tzinfo) for day in days)
    return TimeWindow(first.timestamp(), end.timestamp())


def _by_library(text: str, asked: datetime, prefer: Prefer, *, planned: bool) -> TimeWindow | None:
    """Return the time window of the first day, month or year that the date library finds in a text."""
    text = _DAY_FIRST.sub(lambda match: f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}", text)
    text = _ORDINAL.sub(lambda match: f"{_ORDINALS.index(match[1].lower()) + 1} ", text)
    text = _LASTING.sub(lambda match: " " * len(match[0]), _POSSESSIVE.sub(r"\1", text))
    if _MAY_NAME_ONE.search(text) is None:
        return None
    base = asked.replace(tzinfo=None)
    place = 0
    for span, data in _found(text, base, prefer):
        parts = set(data.parts or ())
        place = max(text.find(span, place), 0)
        before = text[:place].split()[-1:]
        if not parts & _IS_A_TIME or _is_something_else(span, before[0].lower() if before else "", planned=planned):
            continue
        try:
            stamp = data.date_obj
            if prefer == "future" and parts == {"month"} and stamp.month == base.month:
                # The current month is not over yet, so it is meant, not next year's.
                stamp = stamp.replace(year=base.year)
            first, last = _bounds(stamp, parts, data.period)
            return TimeWindow(first.replace(tzinfo=asked.tzinfo).timestamp(), last.replace(tzinfo=asked.tzinfo).timestamp())
        except (OverflowError, ValueError):
            continue
    return None


def _is_something_else(span: str, before: str, *, planned: bool) -> bool:
    """Return whether a span that looks like a time is a name, a duration, a number, or something recurring."""
    if (
        len(span) < _MIN_LETTERS
        or before in _COUNTED
        or (_BARE_NUMBER.fullmatch(span) and not (planned and not span.isdigit()))
    ):
        return True
    if before == "for" and span.lower() in _NAMES and not planned:
        return True
    if _DURATION.fullmatch(span) and not _POINTS.search(span):
        return True
    bare = span.isdigit() or (span.lower().split()[0] in _NO_TIME and not any(char.isdigit() for char in span))
    return bare and before not in _LEADS


def _up_to(asked: datetime, match: re.Match[str]) -> TimeWindow:
    """Return the time window up to now for phrases like `in the last two weeks`, today included."""
    midnight = asked.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - _length(match["count"] or "1", match["unit"] or match["one"])
    return TimeWindow(first.timestamp(), (midnight + _DAY).timestamp())


def _from(asked: datetime, match: re.Match[str]) -> TimeWindow:
    """Return the time window from now on for phrases like `for the next two weeks`, today included."""
    midnight = asked.replace(hour=0, minute=0, second=0, microsecond=0)
    return TimeWindow(midnight.timestamp(), (midnight + _length(match["count"], match["unit"]) + _DAY).timestamp())


def _length(count: str, unit: str) -> Any:
    from dateutil.relativedelta import relativedelta

    said = count.lower()
    number = int(said) if said.isdigit() else _COUNT.index(said) + 2 if said in _COUNT else _FEW_UNITS
    units: Any = {f"{unit.lower()}s": number}
    return relativedelta(**units)


def _bounds(stamp: datetime, parts: set[str], period: str) -> tuple[datetime, datetime]:
    start = stamp.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        # "Two weeks ago" may mean any day of about that week.
        return start - _HALF_A_WEEK, start + _HALF_A_WEEK + _DAY
    if "day" in parts:
        return start, start + _DAY
    if "month" in parts:
        start = start.replace(day=1)
        return start, (start + timedelta(days=32)).replace(day=1)
    start = start.replace(month=1, day=1)
    return start, start.replace(year=start.year + 1)


def _found(text: str, base: datetime, prefer: str) -> list[tuple[str, Any]]:
    """Return (text span, parsed date) pairs found by `dateparser`; it takes 1 ms, and 100 ms the first time."""
    from dateparser.date import DateDataParser
    from dateparser.search import search_dates

    settings: Any = {"RELATIVE_BASE": base, "PREFER_DATES_FROM": prefer, "RETURN_AS_TIMEZONE_AWARE": False}
    with _one_at_a_time:
        try:
            spans = search_dates(text, languages=_LANGUAGES, settings=settings) or []
            reader = DateDataParser(languages=_LANGUAGES, settings=settings)
            return [(span, reader.get_date_data(span)) for span, _ in spans]
        except Exception:  # noqa: BLE001 - a named time is only a hint: no text may make a search fail
            return []
