"""Reads the times of SillyTavern's messages, in the forms of all its years (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields

_HUMANIZED = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\s?@\s?(?P<hour>\d{1,2})h\s?(?P<minute>\d{1,2})m"
    r"(?:\s?(?P<second>\d{1,2})s(?:\s?(?P<milli>\d{1,3})ms)?)?"
)
_ENGLISH = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}), (?P<year>\d{4}) (?P<hour>\d{1,2}):(?P<minute>\d{2}) ?(?P<half>[ap]m)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST_SECONDS = 99_999_999_999
"""A larger number since 1970 is one of milliseconds."""


@dataclass(frozen=True)
class Said:
    """When a message was said, and whether the seconds are known."""

    time: datetime
    has_seconds: bool = True


def said_at(value: Any, zone: tzinfo) -> Said | None:
    """Return the time that a message states.

    Args:
        value: Milliseconds or seconds since 1970 (a number or a text), `2024-5-6 @12h 30m 15s 123ms`,
            `May 6, 2024 12:30pm`, or an ISO time.
        zone: The zone of the result. The second and the third form are what the clock of the person's machine showed.
    """
    number = fields.whole_number(value)
    if number is not None:
        time = fields.from_unix(number, zone, per_second=1 if number <= _LONGEST_SECONDS else 1000)
        return Said(time) if time else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if match := _HUMANIZED.fullmatch(text):
        return _shown(
            match, int(match["month"]), int(match["hour"]), f"{int(match['second']):02}" if match["second"] else "", zone
        )
    if (match := _ENGLISH.fullmatch(text)) and match["month"][:3].lower() in _MONTHS:
        hour = int(match["hour"]) % 12 + (12 if match["half"].lower() == "pm" else 0)
        return _shown(match, _MONTHS.index(match["month"][:3].lower()) + 1, hour, "", zone)
    time = fields.from_text(text, zone)
    return Said(time) if time else None


def _shown(match: re.Match[str], month: int, hour: int, second: str, zone: tzinfo) -> Said | None:
    """Return the time that a clock in a zone showed; None if there is no such time."""
    text = f"{match['year']}-{month:02}-{int(match['day']):02} {hour:02}:{int(match['minute']):02}:{second or '00'}"
    time = fields.from_text(text, zone)
    return Said(time, has_seconds=bool(second)) if time else None
