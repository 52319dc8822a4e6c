"""Reads values of JSON whose type is not certain: words, numbers, times, nested keys (pure)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from memory.core import clock
from memory.core.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MOST_DIGITS = 20
_YEARS = range(1990, 2200)
"""A time outside of these comes from a clock that was never set."""


def at(value: Any, *keys: str) -> Any:
    """Return the value under nested keys; None if a key is missing, or if something on the way is no object."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def listed(value: Any) -> list[Any]:
    """Return a list as it is; empty for anything else."""
    return value if isinstance(value, list) else []


def words(value: Any) -> str:
    """Return a text without white space around it and without what cannot be stored; empty for anything but a text."""
    if not isinstance(value, str):
        return ""
    # JSON may hold one half of a pair of surrogates, which is no character.
    return value.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def whole_number(value: Any) -> int | None:
    """Return a number, or a text of digits, as a whole number; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int | float):
        try:
            return int(value)
        except (ValueError, OverflowError):
            return None
    return None


def from_unix(value: Any, zone: tzinfo, *, per_second: int = 1000) -> datetime | None:
    """Return the time of a number since 1970.

    Args:
        value: The number, or a text of digits.
        zone: The zone of the result.
        per_second: How many of its units are a second: 1000 for milliseconds.

    Returns:
        The time; None if there is none, or none of the years 1990 to 2199. Zero stands for a time that is not known.
    """
    number = whole_number(value)
    if number is None or number <= 0:
        return None
    try:
        return _likely((_EPOCH + timedelta(microseconds=number * 1_000_000 // per_second)).astimezone(zone))
    except OverflowError:
        return None


def from_text(value: Any, zone: tzinfo, *, unmarked: tzinfo | None = None) -> datetime | None:
    """Return the time of a text such as `2026-05-06T12:30:15.123Z` or `2026-05-06 12:30:15`.

    Args:
        value: The text.
        zone: The zone of the result.
        unmarked: The zone of a text that names none; None: that of the result.

    Returns:
        The time; None for anything else, for a time that does not exist, and for one outside the years 1990 to 2199.
    """
    if not isinstance(value, str):
        return None
    try:
        stamp = datetime.fromisoformat(value.strip())
        local = stamp.replace(tzinfo=unmarked or zone) if stamp.tzinfo is None else stamp
        # Through UTC: a time inside a daylight-saving gap becomes a time that clocks showed.
        return _likely(local.astimezone(UTC).astimezone(zone))
    except (ValueError, OverflowError):
        return None


def _likely(time: datetime) -> datetime | None:
    return time if time.year in _YEARS else None


class Filling:
    """Fills in the times that messages of one conversation lack, in the order of the conversation.

    A message without a time is one second later than the message before it. The first one has the conversation's own time.
    """

    def __init__(self, own: datetime | None = None) -> None:
        self._next = own

    def filled(self, time: datetime | None) -> datetime | None:
        """Return the time of the next message; None if neither it nor anything before it has one."""
        time = time or self._next
        if time is not None:
            try:
                self._next = clock.later(time, _SECOND)
            except InvalidInput:
                self._next = time
        return time
