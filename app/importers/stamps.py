"""Reads the times of exports: seconds or milliseconds since 1970, and ISO texts (pure)."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo

UNREADABLE_TIMES = "unreadable times, whose messages follow the one before"
"""Why a time is left out that a file names; see `app.importers.fields.Filling`."""
_LARGEST_SECONDS = 1e11
"""A larger number counts milliseconds or less: as seconds it would be the year 5138."""
_LARGEST_NUMBER = 10**20
_YEARS = range(1990, 2200)
"""A time outside of these comes from a clock that was never set."""
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?")


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the time that a value of an export names, or None if it names none.

    Args:
        value: A number or a text of digits: seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their
            size. Any other text: ISO 8601.
        zone: The zone of the result. A text with an offset of its own other than zero keeps it; a text without one is
            wall-clock time in this zone.
    """
    try:
        stamp = _stamp(value, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return stamp if stamp is not None and stamp.year in _YEARS else None


def _stamp(value: object, zone: tzinfo) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _since_1970(value, zone)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _since_1970(float(text), zone)
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        # Through UTC and back: a time inside a daylight-saving gap becomes a time that clocks showed.
        return stamp.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return stamp if stamp.utcoffset() else stamp.astimezone(zone)


def _since_1970(number: float, zone: tzinfo) -> datetime | None:
    if not math.isfinite(number) if isinstance(number, float) else abs(number) > _LARGEST_NUMBER:
        return None
    seconds = float(number)
    while seconds > _LARGEST_SECONDS:
        seconds /= 1000
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
