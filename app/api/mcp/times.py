"""Times as a client's model writes them, in the person's zone: `YYYY-MM-DD HH:MM`, and for a time window also a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.time_window import TimeWindow

if TYPE_CHECKING:
    from memory.memory import Memory

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AHEAD = timedelta(minutes=5)
"""A given time this far ahead of the clock still counts as now: clients round, and clocks differ."""


def zone_of(memory: Memory, user_id: str) -> str | None:
    """Return the zone in which the person wrote last; None, for this machine's zone, if they never wrote."""
    last = memory.journal.last_time(user_id)
    return clock.zone_name(last) if last is not None else None


def stated(stamp: datetime) -> str:
    """Return a time as it is written here."""
    return f"{stamp.year:04}-{stamp:%m-%d %H:%M}"


def window(since: str | None, until: str | None, zone: str | None) -> TimeWindow:
    """Return the time window between two dates or times, both included; None: no limit on that side.

    Raises:
        InvalidInput: One of them is neither a date nor a time, or they are in the wrong order.
    """
    start = _moment(since, zone) if since else None
    end = _moment(until, zone, after=True) if until else None
    if start is not None and end is not None and start >= end:
        raise InvalidInput(f"The time window ends before it begins: since {since}, until {until}. Exchange them.")
    return TimeWindow.half_open(start, end)


def said_at(time: str | None, zone: str | None) -> datetime | None:
    """Return when something was said; None if that is now, give or take a few minutes.

    Raises:
        InvalidInput: The text is not a time, or the time has not come yet.
    """
    if not time:
        return None
    stamp, now = clock.parse_time(time, zone), clock.now(zone)
    ahead = stamp.timestamp() - now.timestamp()
    if ahead > _AHEAD.total_seconds():
        raise InvalidInput(
            f"{stated(stamp)} has not come yet. `time` is when the person said it; leave it out for now, and write the "
            "day of a coming event into the text."
        )
    return stamp if ahead < -_AHEAD.total_seconds() else None


def _moment(text: str, zone: str | None, *, after: bool = False) -> datetime:
    """Return the first instant of a date or of a minute; with `after`, the first instant after it."""
    is_date = _DATE.fullmatch(text.strip()) is not None
    stamp = clock.parse_time(f"{text.strip()} 00:00" if is_date else text, zone)
    if not after:
        return stamp
    if not is_date:
        return clock.later(stamp, timedelta(minutes=1))
    try:
        # By the calendar: the day on which clocks change does not have 24 hours.
        return stamp + timedelta(days=1)
    except OverflowError as error:
        raise InvalidInput(f"There is no day after {text}. Leave `until` out.") from error
