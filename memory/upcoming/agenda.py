"""The agenda: which of the named days are still ahead, each listed once, and their wording (pure).

If several sentences name the same thing on one day, one of them is listed. Cancelled things, and things moved to another day,
are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from memory.consent.sensitive import topic_of
from memory.core import clock
from memory.core.records import Record, Trace
from memory.core.tokenize import COMMON, words_of
from memory.upcoming.date_words import COUNTS, MONTHS, SHORT_WEEKDAYS, UNITS, WEEKDAYS
from memory.upcoming.dates_ahead import next_time
from memory.upcoming.plan_words import ALL_OF_IT, COMMON_IN_PLANS, OFF
from memory.upcoming.plans import Kind

DAYS = 7
"""By default, the agenda covers this many days ahead."""
SOON = 2
"""The first reply of a day may bring up things of at most this many days ahead."""
_MAX_BROUGHT_UP = 2
"""One reply may bring up at most this many things."""
_MIN_PREFIX_LETTERS = 4
"""A word of at least this many letters matches any word that begins with it: `Zahnarzt` and `Zahnarzttermin`."""


@dataclass(frozen=True)
class Dated:
    """A stored day that a message or a fact names.

    Attributes:
        source: The id of the message or the fact.
        turn: The id of the message, or of the message that the fact was extracted from.
        said: When it was said, in the speaker's time zone.
        text: The sentence that names the day.
        first: The day, or the first day of a period.
        last: The last day of a period; otherwise the same day.
        hour: The time of day as HH:MM; None: not given.
        yearly: Whether it recurs every year.
        about: Whether the day is only approximate.
        kind: What the sentence says about the plan; see `plans.Kind`.
        sensitive: Whether it is marked as sensitive.
        mentioned: The day for which a reply has brought it up; None: no reply has.
    """

    source: str
    turn: str
    said: datetime
    text: str
    first: date
    last: date
    hour: str | None = None
    yearly: bool = False
    about: bool = False
    kind: Kind = "plan"
    sensitive: bool = False
    mentioned: date | None = None

    @property
    def is_fact(self) -> bool:
        """Whether the source is a fact that a model extracted from the message."""
        return self.source != self.turn


class Upcoming(Record):
    """One thing that is coming up.

    Attributes:
        id: The id of the message or the fact that says so.
        kind: `turn` for a message, `semantic` for a fact.
        day: The day, or the first day of a period; of something yearly, the next one.
        last: The last day of a period; otherwise the same day.
        hour: The time of day as HH:MM, in the zone it was said in; None: not given.
        days: Days from today; 0 is today.
        text: The sentence that says so, word for word.
        time: When it was said.
        yearly: Whether it recurs every year.
        about: Whether the day is only approximate.
        sensitive: Whether it is sensitive. It is then listed, but not brought up unasked.
        mentioned: Whether a reply has brought it up.
        sources: The ids of all messages and facts that say so.
        turn_id: The id of the message in which it was said.
    """

    id: str
    kind: Literal["turn", "semantic"]
    day: date
    last: date
    hour: str | None
    days: int
    text: str
    time: datetime
    yearly: bool = False
    about: bool = False
    sensitive: bool = False
    mentioned: bool = False
    sources: tuple[str, ...] = ()
    turn_id: str = ""


def coming(rows: Sequence[Dated], now: datetime, days: int = DAYS) -> list[Upcoming]:
    """Return what is coming up, the nearest day first.

    Args:
        rows: The stored days that are near enough, and everything cancelled or moved since the first of them was said.
        now: The present, in the person's time zone, which decides when a day begins.
        days: How many days ahead; 0 is today alone.
    """
    today = now.date()
    told: list[list[Dated]] = []
    for row in sorted((row for row in rows if row.kind in ("plan", "moved")), key=lambda row: (row.said, row.source)):
        day = _day(row, today)
        if _last(row, today) < today or day > today + timedelta(days=days) or _is_over(row, now) or _is_off(row, rows):
            continue
        group = next((group for group in told if any(_is_the_same(row, other, today) for other in group)), None)
        if group is None:
            told.append([row])
        else:
            group.append(row)
    found = [_told(group, today) for group in told]
    return sorted(found, key=lambda one: (one.day, one.hour or "", one.time, one.id))


def to_bring_up(entries: Iterable[Upcoming], turn: str) -> list[Upcoming]:
    """Return what a reply may bring up by itself: things soon, not sensitive, not brought up before, not from this message.

    Args:
        entries: What is coming up, the nearest day first.
        turn: The id of the message that is answered.
    """
    able = (one for one in entries if one.days <= SOON and not one.sensitive and not one.mentioned and turn not in one.sources)
    return list(able)[:_MAX_BROUGHT_UP]


def when(entry: Upcoming) -> str:
    """Return the day in words: `tomorrow, Sunday 6 December at 09:00`."""
    day = f"{entry.day:%A} {entry.day.day} {entry.day:%B}"
    if entry.day.year != (entry.day - timedelta(days=entry.days)).year:
        day = f"{day} {entry.day.year}"
    if entry.last > entry.day:
        day = f"{day} to {entry.last:%A} {entry.last.day} {entry.last:%B}"
    hour = f" at {entry.hour}" if entry.hour else ""
    near = {0: "today, ", 1: "tomorrow, "}.get(entry.days, "")
    around = "around " if entry.about and entry.last == entry.day and not near else ""
    return f"{near}{around}{day}{hour}"


def left_to_tell(trace: Trace) -> list[str]:
    """Return a sentence for each upcoming thing that the prompt showed and the reply did not mention."""
    return [f"Coming up {one.when}: “{one.text}”" for one in trace.due if not one.said]


def away(entry: Upcoming) -> str:
    """Return the distance in words: `today`, `tomorrow`, `in 3 days`; `now` for a period that has begun."""
    if entry.days < 0:
        return "now"
    return {0: "today", 1: "tomorrow"}.get(entry.days, f"in {entry.days} days")


def shares_a_word(one: str, other: str) -> bool:
    """Return whether two sentences share a word that names neither a day nor anything common."""
    mine, theirs = _content(one), _content(other)
    return any(_is_close(word, also) for word in mine for also in theirs)


_NO_CONTENT = COMMON | COMMON_IN_PLANS | frozenset([*MONTHS, *WEEKDAYS, *SHORT_WEEKDAYS, *COUNTS, *UNITS])


def _content(text: str) -> set[str]:
    return {
        word for word in words_of(text.replace("’", "'")) if word not in _NO_CONTENT and not word.isdigit() and _counts(word)
    }


def _counts(word: str) -> bool:
    return len(word) > 2 or not word.isascii()  # noqa: PLR2004 - a letter or two are no name of anything in our letters


def _is_close(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _MIN_PREFIX_LETTERS and long.startswith(short))


def _day(row: Dated, today: date) -> date:
    return next_time(row.first, today) if row.yearly else row.first


def _last(row: Dated, today: date) -> date:
    return _day(row, today) if row.yearly else row.last


def _is_over(row: Dated, now: datetime) -> bool:
    """Return whether its hour has passed, in the time zone that it was said in."""
    if row.hour is None or row.yearly or row.last != row.first:
        return False
    hour, minute = map(int, row.hour.split(":"))
    return datetime.combine(row.first, time(hour, minute), row.said.tzinfo).timestamp() < now.timestamp()


def _is_off(row: Dated, rows: Sequence[Dated]) -> bool:
    """Return whether a later message cancelled it or moved it to another day."""
    return any(_takes_back(other, row, rows) for other in rows if _is_later(other, row))


def _is_later(other: Dated, row: Dated) -> bool:
    return other.said.timestamp() >= row.said.timestamp() and other.turn != row.turn


def _takes_back(other: Dated, row: Dated, rows: Sequence[Dated]) -> bool:
    if row.yearly or other.kind == "plan":
        return False
    if other.kind == "moved":
        return other.first != row.first and shares_a_word(other.text, row.text)
    there = other.kind == "off" and other.first <= row.last and row.first <= other.last
    if there and ALL_OF_IT.search(other.text):
        return True
    if not shares_a_word(OFF.sub(" ", other.text), row.text):
        return False
    # If a plan with the same word is on the day that was cancelled, that plan is meant and not this one.
    named = other.kind == "off" and any(
        one.first <= other.last and other.first <= one.last and shares_a_word(other.text, one.text)
        for one in rows
        if one.kind in ("plan", "moved") and _is_later(other, one)
    )
    return there or not named


def _is_the_same(one: Dated, other: Dated, today: date) -> bool:
    if _day(one, today) != _day(other, today):
        overlap = one.turn == other.turn and one.first <= other.last and other.first <= one.last
        return overlap and shares_a_word(one.text, other.text)
    return (one.turn == other.turn and one.is_fact != other.is_fact) or shares_a_word(one.text, other.text)


def _told(group: Sequence[Dated], today: date) -> Upcoming:
    """Return one entry for a group: in the person's words rather than a model's, and in the latest of them."""
    best = max(group, key=lambda row: (not row.is_fact, not row.about, row.said, row.source))
    day = _day(best, today)
    return Upcoming(
        id=best.source,
        kind="semantic" if best.is_fact else "turn",
        day=day,
        last=_last(best, today),
        hour=best.hour or next((row.hour for row in group if row.hour), None),
        days=(day - today).days,
        text=best.text,
        time=best.said,
        yearly=best.yearly,
        about=best.about,
        # Any sentence of the group may contain the sensitive word.
        sensitive=any(row.sensitive or topic_of(row.text) is not None for row in group),
        mentioned=any(row.mentioned == _day(row, today) for row in group),
        turn_id=best.turn,
        sources=tuple(dict.fromkeys(name for row in group for name in (row.source, row.turn))),
    )


def day_begins(now: datetime) -> datetime:
    """Return the first instant of the day of `now`, in its time zone; if the clock skips midnight, the first that exists."""
    return datetime.combine(now.date(), time.min, now.tzinfo or clock.zone_of(None))
