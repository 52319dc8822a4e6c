"""Weekends, holidays and seasons that a text names ("last weekend", "at Christmas"; pure functions).

The date library recognises none of them. The rules are for English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import MAXYEAR, date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.easter import easter

Prefer = Literal["past", "future", "current_period"]
Days = tuple[date, date]
"""The first day, and the day after the last one."""

_DAY = timedelta(days=1)
_SATURDAY, _MONDAY, _THURSDAY = 5, 0, 3
_COUNT_OF_WORD = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3, "couple": 2}
_WEEKEND = re.compile(
    r"\b(?:(?P<count>\d{1,2}|a|one|two|three|four|five|six|few|couple)(?:\s+of)?\s+weekends?\s+ago"
    r"|(?:the )?(?P<beyond>weekend before last|weekend after next)"
    r"|(?:(?P<which>last|past|previous|this|coming|next)\s+|(?P<the>(?:the|at|on|over|for)\s+))weekend\b(?!\s+(?:of|in|after|before)\b))",
    re.IGNORECASE,
)


def _fixed(month: int, day: int, length: int = 1) -> Callable[[int], Days]:
    return lambda year: (date(year, month, day), date(year, month, day) + length * _DAY)


def _around_easter(first: int, length: int) -> Callable[[int], Days]:
    return lambda year: (easter(year) + first * _DAY, easter(year) + (first + length) * _DAY)


def _thanksgiving(year: int) -> Days:
    """Return the days from the fourth Thursday of November to the Sunday after it (United States)."""
    first = date(year, 11, 1)
    day = first + ((_THURSDAY - first.weekday()) % 7 + 21) * _DAY
    return day, day + 4 * _DAY


def _season(month: int) -> Callable[[int], Days]:
    """Return a function that gives a year's three whole months from `month` on; from December they run into the next year."""

    def _days(year: int) -> Days:
        after = month + 3
        return date(year, month, 1), date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1)

    return _days


_FEASTS: dict[str, Callable[[int], Days]] = {
    r"christmas eve": _fixed(12, 24),
    r"christmas day": _fixed(12, 25),
    r"boxing day": _fixed(12, 26),
    r"christmas|xmas": _fixed(12, 24, 3),
    r"new year['’]?s eve": _fixed(12, 31),
    r"new year(?:['’]?s(?: day)?)?": _fixed(1, 1),
    r"valentine['’]?s(?: day)?": _fixed(2, 14),
    r"good friday": _around_easter(-2, 1),
    r"easter sunday": _around_easter(0, 1),
    r"easter monday": _around_easter(1, 1),
    r"easter": _around_easter(-2, 4),
    r"hallowe['’]?en": _fixed(10, 31),
    r"thanksgiving": _thanksgiving,
}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_SOUTHERN = re.compile(
    r"^(?:Australia|Antarctica)/|^Pacific/(?:Auckland|Chatham|Fiji)|^Africa/(?:Johannesburg|Harare|Maputo|Windhoek|Gaborone)"
    r"|^America/(?:Argentina|Sao_Paulo|Santiago|Montevideo|Asuncion|Punta_Arenas|Buenos_Aires)"
)
_LEAD = r"(?P<lead>at|on|over|for|in|during|since|until|till|by|before|after|around|last|this|next|past|previous|coming)"
_NAMED = re.compile(
    rf"\b(?:{_LEAD}\s+)?(?:(?:the|early|late|mid)\s+)?(?P<name>{'|'.join(_FEASTS)}|{'|'.join(_SEASONS)})\b"
    r"(?:\s+(?:of\s+|in\s+)?(?P<year>\d{4})\b)?",
    re.IGNORECASE,
)
_WITHOUT_LEAD = re.compile(r"\b(?:eve|day|monday|sunday|good friday)$", re.IGNORECASE)
"""These names mean a day wherever they occur; the others need a leading word, since there are Christmas presents, too."""
_OF_THE_PAST = {"last", "past", "previous"}
_OF_THE_FUTURE = {"next", "coming"}


def named_days(text: str, today: date, zone: str, prefer: Prefer) -> Days | None:
    """Return the days of the first weekend, holiday or season that a text names; None if it names none.

    Args:
        text: A question or a note.
        today: The day on which it was said.
        zone: The time zone where it was said: in the southern hemisphere, summer begins in December.
        prefer: Which occurrence is meant if the text does not say: the last, the next, or the nearest.

    Raises:
        OverflowError, ValueError: The days lie outside the calendar.
    """
    weekend = _WEEKEND.search(text)
    for match in _NAMED.finditer(text):
        if weekend is not None and weekend.start() <= match.start():
            break
        name, year, lead = match["name"].lower(), match["year"], (match["lead"] or "").lower()
        if lead or year or _WITHOUT_LEAD.search(name):
            days_of = _days_of(name, zone)
            return days_of(int(year)) if year else _chosen(days_of, today, lead, prefer)
    return _weekend(weekend, today, prefer) if weekend is not None else None


def _days_of(name: str, zone: str) -> Callable[[int], Days]:
    if name in _SEASONS:
        return _season((_SEASONS[name] + 5) % 12 + 1 if _SOUTHERN.search(zone) else _SEASONS[name])
    return next(days_of for feast, days_of in _FEASTS.items() if re.fullmatch(feast, name))


def _chosen(days_of: Callable[[int], Days], today: date, lead: str, prefer: Prefer) -> Days:
    """Choose the year: `last` is over, `next` has not begun, and otherwise `prefer` decides."""
    years = [days_of(year) for year in range(max(today.year - 2, 1), min(today.year + 3, MAXYEAR))]
    if lead in _OF_THE_PAST:
        return max(days for days in years if days[1] <= today)
    if lead in _OF_THE_FUTURE:
        return min(days for days in years if days[0] > today)
    if lead == "this" or prefer == "current_period":
        return min(years, key=lambda days: _distance(days, today))
    if prefer == "future":
        return min(days for days in years if days[1] > today)
    return max(days for days in years if days[0] <= today)


def _distance(days: Days, today: date) -> timedelta:
    return max(days[0] - today, today - days[1] + _DAY, timedelta(0))


def _weekend(match: re.Match[str], today: date, prefer: Prefer) -> Days:
    """Return the Saturday and the Sunday that are meant; weeks begin on Monday."""
    this = today + (_SATURDAY - today.weekday()) * _DAY
    week = timedelta(weeks=1)
    begun = this <= today
    if match["count"]:
        said = match["count"].lower()
        first = this - week * (int(said) if said.isdigit() else _COUNT_OF_WORD[said])
    elif match["beyond"]:
        first = this + 2 * week * (1 if match["beyond"].lower().endswith("next") else -1)
    else:
        match (match["which"] or "").lower():
            case "last" | "past" | "previous":
                first = this - week
            case "next":
                first = this + week
            case "this" | "coming":
                first = this
            case _:
                first = this if begun or prefer == "future" else this - week
                if prefer == "current_period":
                    first = this
    return first, first + 2 * _DAY


def zone_key(zone: object) -> str:
    """Return the IANA name of a time zone; empty for a UTC offset."""
    return zone.key if isinstance(zone, ZoneInfo) else ""
