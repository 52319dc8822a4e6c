"""How long something takes, when it ends and how fast it goes, in words (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_SHORT_S = 50.0
_EXACT_MINUTES = 10
_AN_HOUR, _MORE_THAN_AN_HOUR = 56, 73
_FIVE = timedelta(minutes=5)
_EXACT_END_S = 1_800.0
_DAYS_BY_NAME = 7
_WHOLE_RATE = 10.0


def about(seconds: float) -> str:
    """Return a duration as a person says it, such as "about 2 hours"."""
    if seconds < _SHORT_S:
        return "less than a minute"
    if seconds < 1.5 * _HOUR:
        minutes = round(seconds / _MINUTE)
        if _AN_HOUR <= minutes < _MORE_THAN_AN_HOUR:
            return "about an hour"
        return f"about {_counted(minutes if minutes < _EXACT_MINUTES else 5 * round(minutes / 5), 'minute')}"
    if seconds < 2 * _DAY:
        return f"about {_counted(round(seconds / _HOUR), 'hour')}"
    return f"about {_counted(round(seconds / _DAY), 'day')}"


def end(seconds: float, now: datetime) -> str:
    """Return the time when something ends, such as "about 14:30 today".

    Args:
        seconds: What is left of it.
        now: The time, in the zone of the person who reads it.
    """
    ends = now + timedelta(seconds=seconds)
    if seconds >= _EXACT_END_S:
        past = timedelta(minutes=ends.minute % 5, seconds=ends.second, microseconds=ends.microsecond)
        ends += _FIVE - past if past * 2 >= _FIVE else -past
    days = (ends.date() - now.date()).days
    if days >= _DAYS_BY_NAME:
        return f"about {ends.day} {ends:%B %Y}"
    day = "today" if days <= 0 else "tomorrow" if days == 1 else f"on {ends:%A}"
    return f"about {ends:%H:%M} {day}"


def rate(a_minute: float) -> str:
    """Return a rate in a suitable unit, such as "12 a minute"."""
    if a_minute >= _WHOLE_RATE:
        return f"{a_minute:.0f} a minute"
    return f"{a_minute:.1f} a minute" if a_minute >= 1 else f"{a_minute * 60:.1f} an hour"


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit if number == 1 else unit + 's'}"
