"""Write the date after a relative day ("tomorrow", "last Friday"), so that a model need not calculate it (pure).

Only plain arithmetic and English words: a note is made before the first word of a reply, and the date library takes
milliseconds for each phrase. An ambiguous day ("next Friday", "the weekend after next") stays as it was said.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = "|".join(_NAMES)
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_COUNT = rf"(?:{'|'.join(_NUMBERS)}|\d{{1,2}})"
_RELATIVE = re.compile(
    r"\b(?:"
    r"(?P<near>the day after tomorrow|the day before yesterday|yesterday|today|tonight|tomorrow|last night|"
    r"this (?:morning|afternoon|evening))"
    rf"|(?:on )?(?P<day_of_week>{_WEEKDAY}) next week|next week,? (?:on )?(?P<week_day>{_WEEKDAY})"
    rf"|(?P<which>last|this|on) (?P<day>{_WEEKDAY})"
    r"|(?P<span>(?:last|this|next) (?:weekend|week|month|year))"
    rf"|in (?P<ahead>{_COUNT}) (?P<ahead_unit>day|week)s?|(?P<back>{_COUNT}) (?P<back_unit>day|week)s? ago"
    r")\b",
    re.IGNORECASE,
)
_DAYS_FROM_NOW = {"the day after tomorrow": 2, "tomorrow": 1, "yesterday": -1, "last night": -1, "the day before yesterday": -2}
_WEEKS = {"last": -1, "this": 0, "next": 1}
_MAX_DATED_WORDS = 3
"""Maximum number of words that get a date in one text."""
_SATURDAY, _SUNDAY = 5, 6
_WEEK_DAYS = 7


def dated(text: str, said: datetime) -> str:
    """Return a text with the date after each relative time word, such as `tomorrow (2026-05-02)`.

    Args:
        text: What was said.
        said: When it was said, in its zone.
    """
    left = _MAX_DATED_WORDS

    def _date(match: re.Match[str]) -> str:
        nonlocal left
        if left == 0:
            return match[0]
        left -= 1
        try:
            return f"{match[0]} ({_meant(match, said.date())})"
        except (OverflowError, ValueError):
            return match[0]

    return _RELATIVE.sub(_date, text)


def _meant(match: re.Match[str], day: date) -> str:
    monday = day - timedelta(days=day.weekday())
    if named := match["near"]:
        return str(day + timedelta(days=_DAYS_FROM_NOW.get(named.lower(), 0)))
    if weekday := match["day_of_week"] or match["week_day"]:
        return str(monday + timedelta(days=_WEEK_DAYS + _NAMES.index(weekday.lower())))
    if match["which"]:
        away = (_NAMES.index(match["day"].lower()) - day.weekday()) % _WEEK_DAYS
        return str(day + timedelta(days=away - _WEEK_DAYS if match["which"].lower() == "last" else away))
    if span := match["span"]:
        return _span(span.lower(), day, monday)
    count, unit = match["ahead"] or match["back"], match["ahead_unit"] or match["back_unit"]
    days = (_NUMBERS.get(count.lower()) or int(count)) * (_WEEK_DAYS if unit.lower() == "week" else 1)
    return str(day + timedelta(days=days if match["ahead"] else -days))


def _span(span: str, day: date, monday: date) -> str:
    which, unit = span.split()
    weeks = _WEEKS[which]
    if unit == "year":
        return f"{date(day.year + weeks, 1, 1):%Y}".zfill(4)
    if unit == "month":
        month = day.year * 12 + day.month - 1 + weeks
        return str(date(month // 12, month % 12 + 1, 1))[:7]
    first = monday + timedelta(weeks=weeks)
    start, end = (_SATURDAY, _SUNDAY) if unit == "weekend" else (0, _SUNDAY)
    return f"{first + timedelta(days=start)} to {first + timedelta(days=end):%m-%d}"
