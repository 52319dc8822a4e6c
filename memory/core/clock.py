"""Times with the zone they were said in, session boundaries, and the recent window.

All functions are pure except `now` and `instant`, which read the clock, and `agree_with`, which corrects it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tzlocal

from memory.core.errors import InvalidInput

SESSION_GAP = timedelta(minutes=60)
"""A gap of this length or more ends a session; a message's recent window holds the turns closer to it than this."""

_TIME_TEXT = re.compile(
    r"^(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)"
    r"(?P<offset>Z|[+-]\d{2}:?\d{2})?(?:\s+\((?P<day>[A-Za-z]+)\))?(?:\s+(?P<zone>[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*))?$"
)
_DAY_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")


_NOISE = timedelta(seconds=1)
"""A difference between two clocks up to this is no reason to correct one of them."""
_correction = timedelta(0)


def machine_time() -> datetime:
    """Return the instant that this machine's clock shows, without the correction."""
    return datetime.now(UTC)


def instant() -> datetime:
    """Return the present as an instant in UTC, for everything that is stored or compared with what is stored.

    Where several hosts share a journal, it is the present of the journal's database: see `agree_with`.
    """
    return machine_time() + _correction


def agree_with(server: datetime, asked: datetime, answered: datetime) -> timedelta:
    """Correct `instant` and `now` by the clock of a server that all hosts ask; small differences are left alone.

    Args:
        server: What the server's clock showed.
        asked: `machine_time` before the server was asked.
        answered: `machine_time` after its answer.

    Returns:
        The correction that holds from now on.
    """
    global _correction  # noqa: PLW0603 - a process has one clock
    waited = (answered - asked) / 2
    measured = server - (asked + waited)
    # While the answer was on its way, nobody knows what time it was.
    if abs(measured - _correction) > _NOISE + waited:
        _correction = timedelta(0) if abs(measured) <= _NOISE else measured
    return _correction


def go_by_machine() -> None:
    """Take the correction back: the clock is this machine's."""
    global _correction  # noqa: PLW0603 - as above
    _correction = timedelta(0)


def now(zone: str | None = None) -> datetime:
    """Return the current time in a zone; None: the zone of this machine."""
    return instant().astimezone(zone_of(zone))


def parse_time(text: str, zone: str | None = None) -> datetime:
    """Parse a time as a person or a transcript writes it.

    Args:
        text: `YYYY-MM-DD HH:MM`, with optional seconds, UTC offset (`+02:00`, `Z`), weekday in brackets
            and IANA zone name, in this order. `T` may separate date and clock time.
        zone: The zone of a text that names none; None: the zone of this machine.

    Returns:
        An aware datetime. A clock time that a daylight-saving change skips is moved forward by the change;
        for a clock time that occurs twice, the first of the two.

    Raises:
        InvalidInput: The text is not such a time, or the weekday does not match the date.
    """
    return _parsed(text, text, zone)


def parse_start(text: str, zone: str | None = None) -> datetime:
    """Parse a time, or a day alone, which stands for its beginning.

    Args:
        text: As for `parse_time`, or `YYYY-MM-DD`.
        zone: As for `parse_time`.

    Raises:
        InvalidInput: The text is neither; the sentence names it as it was typed.
    """
    return _parsed(f"{text.strip()} 00:00" if _DAY_TEXT.fullmatch(text.strip()) else text, text, zone)


def _parsed(text: str, typed: str, zone: str | None) -> datetime:
    match = _TIME_TEXT.match(text.strip())
    if match is None:
        raise InvalidInput(f"{typed!r} is not a time. Write it as 2026-03-01 09:30, or with an offset: 2026-03-01T09:30+02:00.")
    try:
        stamp = datetime.fromisoformat(f"{match['date']}T{match['clock']}{match['offset'] or ''}")
        if stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=zone_of(match["zone"] or zone))
        elif match["zone"]:
            stamp = stamp.astimezone(zone_of(match["zone"]))
        # Through UTC and back: a time inside a daylight-saving gap becomes a time that clocks showed.
        stamp = stamp.astimezone(UTC).astimezone(stamp.tzinfo)
    except OverflowError as error:
        # Only the first and the last day that there are: with another offset they are of a year that does not exist.
        raise InvalidInput(f"{typed!r} is not a time that exists. Name a time between the years 2 and 9998.") from error
    except ValueError as error:
        raise InvalidInput(f"{typed!r} is not a time that exists ({error}). Write it as 2026-03-01 09:30.") from error
    if match["day"] and not f"{stamp:%A}".lower().startswith(match["day"].lower()):
        raise InvalidInput(
            f"{stamp:%Y-%m-%d} is a {stamp:%A}, not a {match['day']}. Correct the date or leave the weekday out."
        )
    return stamp


def zone_of(name: str | None) -> ZoneInfo | timezone:
    """Return the zone with this name (an IANA name or `+HH:MM`); None: the zone of this machine.

    Raises:
        InvalidInput: There is no such zone.
    """
    if name is None:
        try:
            local = tzlocal.get_localzone()
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInput(
                f"This machine's time zone cannot be read ({error}). Set TZ to a name like Europe/Berlin, or unset it."
            ) from error
        return local if isinstance(local, ZoneInfo) else UTC
    offset = re.fullmatch(r"([+-])(\d{2}):(\d{2})(?::(\d{2}))?", name)
    if offset:
        sign, hours, minutes, seconds = offset.groups()
        delta = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
        if delta < timedelta(hours=24):
            return timezone(-delta if sign == "-" else delta)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(
            f"There is no time zone called {name!r}. Use a name like Europe/Berlin or an offset like +02:00."
        ) from error


def zone_name(stamp: datetime) -> str:
    """Return the zone of `stamp` as a name that `zone_of` accepts.

    Raises:
        InvalidInput: `stamp` has no zone.
    """
    offset = stamp.utcoffset()
    if offset is None:
        raise InvalidInput("A time needs a zone; give it one with parse_time or datetime.astimezone.")
    if isinstance(stamp.tzinfo, ZoneInfo) and stamp.tzinfo.key:
        return stamp.tzinfo.key
    sign = "-" if offset < timedelta(0) else "+"
    seconds = int(abs(offset).total_seconds())
    name = f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}"
    return f"{name}:{seconds % 60:02}" if seconds % 60 else name


def show(stamp: datetime) -> str:
    """Format a time for prompts and people: `YYYY-MM-DD HH:MM (Weekday)`, in its own zone."""
    return f"{stamp.year:04}-{stamp:%m-%d %H:%M (%A)}"


def later(stamp: datetime, passed: timedelta) -> datetime:
    """Return the instant `passed` after `stamp`, in the zone of `stamp`.

    Raises:
        InvalidInput: The result lies after the year 9999.
    """
    try:
        return (stamp.astimezone(UTC) + passed).astimezone(stamp.tzinfo)
    except OverflowError as error:
        raise InvalidInput(f"There is no time that lies {passed} after {show(stamp)}. Begin earlier.") from error


def starts_session(previous: datetime | None, current: datetime) -> bool:
    """Return whether a turn at `current` starts a new session after a turn at `previous`."""
    # In UTC: Python subtracts two times of the same zone as wall clocks, an hour off across a daylight-saving change.
    return previous is None or current.astimezone(UTC) - previous.astimezone(UTC) >= SESSION_GAP


def recent_since(current: datetime) -> datetime:
    """Return the exclusive start of the recent window of a message at `current`, in UTC."""
    try:
        return current.astimezone(UTC) - SESSION_GAP
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
