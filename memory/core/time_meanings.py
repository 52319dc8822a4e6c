"""What a phrase about time means: functions from its numbers and names to days (pure). Weeks begin on Monday."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from memory.core.named_days import Days, Prefer, named_days

Unit = Literal["days", "weeks", "months", "years"]
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_SATURDAY, _DECEMBER = 5, 12
_HALF_A_WEEK = 3 * _DAY


@dataclass(frozen=True)
class Phrase:
    """The numbers and names in a phrase, and how it was said.

    Attributes:
        today: The day on which it was said.
        zone: The time zone where it was said: it decides when summer is.
        prefer: Which month or date is meant if the text does not say.
        ahead: Whether the text looks ahead: it decides which weekday is meant.
        weekday: 0 is Monday.
        month: 1 is January.
        count: A few is three.
        unit: What is counted.
        day: The day of the month.
        year: The year, if it is named.
        feast: The English name of a feast or a season.
    """

    today: date
    zone: str = ""
    prefer: Prefer = "past"
    ahead: bool = False
    weekday: int = 0
    month: int = 1
    count: int = 3
    unit: Unit = "days"
    day: int = 1
    year: int | None = None
    feast: str = ""


Meaning = Callable[[Phrase], Days]


def day(offset: int) -> Meaning:
    """Return the meaning of words like `yesterday`."""
    return lambda said: _one(said.today + offset * _DAY)


def day_either_way(distance: int) -> Meaning:
    """Return the meaning of words that look back or ahead, as Hindi's: one for `yesterday` and `tomorrow`."""
    return lambda said: _one(said.today + (distance if said.ahead else -distance) * _DAY)


def _one(only: date) -> Days:
    return only, only + _DAY


def ago(said: Phrase) -> Days:
    """Return the days of `three weeks ago`."""
    return _about(said, -said.count)


def ahead(said: Phrase) -> Days:
    """Return the days of `in three weeks`."""
    return _about(said, said.count)


def counted(meaning: Meaning, count: int, unit: Unit) -> Meaning:
    """Return a meaning for a phrase whose number is not what it says, like the fifteen days of two French weeks."""
    return lambda said: meaning(Phrase(said.today, count=count, unit=unit))


def _about(said: Phrase, count: int) -> Days:
    """Return a day, seven days around one, a month or a year, as far away as was said."""
    middle = said.today + _length(count, said.unit)
    match said.unit:
        case "days":
            return _one(middle)
        case "weeks":
            return middle - _HALF_A_WEEK, middle + _HALF_A_WEEK + _DAY
        case "months":
            return _month(middle.year, middle.month)
        case "years":
            return _year(middle.year)


def up_to_now(said: Phrase) -> Days:
    """Return the days of `the last two weeks`, today included."""
    return said.today - _length(said.count, said.unit), said.today + _DAY


def from_now(said: Phrase) -> Days:
    """Return the days of `the next two weeks`, today included."""
    return said.today, said.today + _length(said.count, said.unit) + _DAY


def _length(count: int, unit: Unit) -> relativedelta:
    lengths: dict[str, float] = {unit: count}
    return relativedelta(**lengths)


def weekday(said: Phrase) -> Days:
    """Return the nearest such weekday on the side that the text looks to; not today."""
    return next_weekday(said) if said.ahead else last_weekday(said)


def last_weekday(said: Phrase) -> Days:
    """Return the last such weekday before today."""
    return _one(said.today - ((said.today.weekday() - said.weekday - 1) % 7 + 1) * _DAY)


def next_weekday(said: Phrase) -> Days:
    """Return the next such weekday after today."""
    return _one(said.today + ((said.weekday - said.today.weekday() - 1) % 7 + 1) * _DAY)


def weekday_of_week(offset: int) -> Meaning:
    """Return the meaning of `Friday of last week` (-1), of this week (0) or of a later one."""
    return lambda said: _one(_monday(said) + offset * _WEEK + said.weekday * _DAY)


def _monday(said: Phrase) -> date:
    return said.today - said.today.weekday() * _DAY


def week(offset: int) -> Meaning:
    """Return the meaning of `last week` (-1), `this week` (0) and so on."""
    return lambda said: (_monday(said) + offset * _WEEK, _monday(said) + (offset + 1) * _WEEK)


def weekend_of_week(offset: int) -> Meaning:
    """Return the meaning of `last weekend` (-1), `this weekend` (0) and so on."""
    return lambda said: _weekend(_monday(said) + offset * _WEEK)


def weekend(said: Phrase) -> Days:
    """Return this weekend if it has begun or lies ahead, and otherwise the last one."""
    begun = said.today.weekday() >= _SATURDAY
    return _weekend(_monday(said) if begun or said.ahead else _monday(said) - _WEEK)


def _weekend(monday: date) -> Days:
    return monday + _SATURDAY * _DAY, monday + _WEEK


def month_at(offset: int) -> Meaning:
    """Return the meaning of `last month` (-1), `this month` (0) and so on."""
    return lambda said: _about(Phrase(said.today, unit="months"), offset)


def year_at(offset: int) -> Meaning:
    """Return the meaning of `last year` (-1), `this year` (0) and so on."""
    return lambda said: _year(said.today.year + offset)


def year(said: Phrase) -> Days:
    """Return the year that is named."""
    return _year(said.year or said.today.year)


def month(said: Phrase) -> Days:
    """Return the month that is named: in its year, or the last one that has begun, or the next one that is not over."""
    this = said.today.year
    if said.year:
        return _month(said.year, said.month)
    if said.prefer == "past" and said.month > said.today.month:
        return _month(this - 1, said.month)
    return _month(this + (said.prefer == "future" and said.month < said.today.month), said.month)


def last_month_named(said: Phrase) -> Days:
    """Return the last such month that is over."""
    return _month(said.today.year - (said.month >= said.today.month), said.month)


def next_month_named(said: Phrase) -> Days:
    """Return the next such month that has not begun."""
    return _month(said.today.year + (said.month <= said.today.month), said.month)


def month_of_year(offset: int) -> Meaning:
    """Return the meaning of `March of last year` (-1) and so on."""
    return lambda said: _month(said.today.year + offset, said.month)


def _month(of: int, number: int) -> Days:
    return date(of, number, 1), date(of + number // _DECEMBER, number % _DECEMBER + 1, 1)


def _year(number: int) -> Days:
    return date(number, 1, 1), date(number + 1, 1, 1)


def date_named(said: Phrase) -> Days:
    """Return the date that is named: in its year, or the last one, today included, or the next one."""
    if said.year:
        return _one(date(said.year, said.month, said.day))
    this = said.today.year
    # Eight years have a 29 February.
    years = {"past": range(this, max(this - 9, 0), -1), "future": range(this, min(this + 9, MAXYEAR))}.get(said.prefer, (this,))
    for number in years:
        try:
            found = date(number, said.month, said.day)
        except ValueError:
            continue
        if said.prefer == "current_period" or (found <= said.today if said.prefer == "past" else found >= said.today):
            return _one(found)
    msg = "The calendar has no such day."
    raise ValueError(msg)


def date_of_year(offset: int) -> Meaning:
    """Return the meaning of `3 March of last year` (-1) and so on."""
    return lambda said: _one(date(said.today.year + offset, said.month, said.day))


def feast(which: Literal["at", "last", "this", "next"]) -> Meaning:
    """Return the meaning of a feast or a season, after `which` or in the year that is named, by the rules for English."""
    return lambda said: _feast(said, f"{which} {said.feast} {said.year or ''}".rstrip())


def feast_of_year(offset: int) -> Meaning:
    """Return the meaning of `last year's summer` (-1) and so on."""
    return lambda said: _feast(said, f"at {said.feast} {said.today.year + offset}")


def _feast(said: Phrase, in_english: str) -> Days:
    days = named_days(in_english, said.today, said.zone, said.prefer)
    if days is None:
        msg = f"The rules for English know no {said.feast}."
        raise ValueError(msg)
    return days
