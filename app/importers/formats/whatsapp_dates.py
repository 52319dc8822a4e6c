"""Decides by a whole WhatsApp chat which number of its dates is the day, and turns dates into days (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from app.importers.formats.whatsapp_stamps import Stamp
from memory.core.errors import InvalidInput


class AmbiguousDates(InvalidInput):
    """Nothing in a chat says whether the day or the month stands first; the person has to say it."""

    code = "ambiguous_dates"


class Order(StrEnum):
    """The order of the numbers of a date."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    YEAR_FIRST = "year first"


@dataclass(frozen=True)
class Decided:
    """The order of a chat's dates, and what decided it, in words for the person."""

    order: Order
    why: str


Numbers = tuple[int, int, int]
_FIRST_YEAR, _LAST_YEAR = 2009, 2199
"""WhatsApp began in 2009."""
_THAI = 543
_PERSIAN_YEARS, _ISLAMIC_YEARS, _THAI_YEARS = range(1388, 1426), range(1430, 1481), range(2552, 2743)
_TAIWAN_YEARS, _SHORT_THAI_YEARS = range(100, 151), range(52, 100)
_DAY = timedelta(days=1)
_ENOUGH_DATES = 4
"""Fewer dates than this say nothing by how far they lie apart."""
_CLOSER = 8
_MISREAD = 2
"""At most one of this number of dates may be impossible: a date that was pasted into a message."""


@lru_cache(maxsize=10_000)
def day_of(numbers: Numbers, order: Order) -> date | None:
    """Return the day that the numbers of a date mean in an order; None if there is no such day in the years of WhatsApp.

    Years of two digits, and of the Buddhist, the Persian and Taiwan's calendar are understood.
    """
    first, second, third = numbers
    match order:
        case Order.DAY_FIRST:
            year, month, day = third, second, first
        case Order.MONTH_FIRST:
            year, month, day = third, first, second
        case Order.YEAR_FIRST:
            year, month, day = first, second, third
    try:
        found = _persian(year, month, day) if year in _PERSIAN_YEARS else date(_year(year), month, day)
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _year(written: int) -> int:
    if written in _SHORT_THAI_YEARS:
        return 2500 + written - _THAI
    if written in _THAI_YEARS:
        return written - _THAI
    if written in _TAIWAN_YEARS:
        return 1911 + written
    return 2000 + written if written < _SHORT_THAI_YEARS.start else written


def _persian(year: int, month: int, day: int) -> date:
    """Return the day of a date of the Persian calendar: six months of 31 days, five of 30, one of 29 or 30.

    Raises:
        ValueError: There is no such day.
    """
    longer, months = 6, 12
    length = 31 if month <= longer else 30 if month < months or _is_persian_leap(year) else 29
    if not (1 <= month <= months and 1 <= day <= length):
        raise ValueError(f"no day {day} in month {month}")
    before = 31 * (month - 1) if month <= longer else 31 * longer + 30 * (month - 1 - longer)
    years = sum(366 if _is_persian_leap(one) else 365 for one in range(1388, year))
    return date(2009, 3, 21) + (years + before + day - 1) * _DAY


def _is_persian_leap(year: int) -> bool:
    cycle, leaps = 33, 8
    return (25 * year + 11) % cycle < leaps


class Dates:
    """What the dates of one chat say about their order. Takes them one after the other and keeps none of them."""

    def __init__(self) -> None:
        self._readings = {order: _Reading(order) for order in Order}
        self._last: Stamp | None = None
        self._changes = 0
        self._year_first = False
        self._islamic = False
        self._two_ways: Stamp | None = None

    def add(self, stamp: Stamp, file_day: date | None = None) -> None:
        """Take the date of the next message.

        Args:
            stamp: Its date and time.
            file_day: The day in the name of a picture of that message, if it has one.
        """
        if file_day is not None:
            for reading in self._readings.values():
                reading.compare(stamp.numbers, file_day)
        if self._last is not None and self._last.numbers == stamp.numbers:
            return
        self._last = stamp
        self._changes += 1
        self._year_first |= stamp.year_first
        self._islamic |= any(number in _ISLAMIC_YEARS for number in stamp.numbers)
        for reading in self._readings.values():
            reading.add(stamp)
        days = [day_of(stamp.numbers, order) for order in (Order.DAY_FIRST, Order.MONTH_FIRST)]
        if self._two_ways is None and None not in days and days[0] != days[1]:
            self._two_ways = stamp

    def decide(self, name: str, day_first: bool | None = None) -> Decided:  # noqa: FBT001 - as in Choices
        """Return the order of the dates, and why.

        Args:
            name: The chat, for errors.
            day_first: What the person said; None: nothing.

        Raises:
            AmbiguousDates: Nothing decides.
            InvalidInput: The dates do not exist in any order, or not in the one that the person said.
        """
        fewest = min(reading.misfits for reading in self._readings.values())
        if fewest * _MISREAD > self._changes or fewest == self._changes:
            raise self._unreadable(name)
        left = [reading for reading in self._readings.values() if reading.misfits == fewest]
        if day_first is not None and any(reading.order != Order.YEAR_FIRST for reading in left):
            return self._as_said(name, day_first)
        if len(left) == 1:
            return Decided(left[0].order, f"{self._misfit(left[0])} can be read in no other way")
        return self._by_more(left) or self._same(left, name)

    def _unreadable(self, name: str) -> InvalidInput:
        if self._islamic:
            return InvalidInput(
                f"The dates of {name!r} are of the Islamic calendar, which is not read. Set the phone to the Gregorian calendar"
                " and export the chat again."
            )
        return InvalidInput(f"The dates of {name!r} do not exist in any order of day and month. Export the chat again.")

    def _as_said(self, name: str, day_first: bool) -> Decided:  # noqa: FBT001 - as in Choices
        said, other = (Order.DAY_FIRST, Order.MONTH_FIRST) if day_first else (Order.MONTH_FIRST, Order.DAY_FIRST)
        reading = self._readings[said]
        if reading.misfit is not None and reading.misfits * _MISREAD > self._changes:
            option, instead = (f"--{order.replace(' ', '-')}" for order in (said, other))
            raise InvalidInput(
                f"The date {reading.misfit.date} in {name!r} cannot be read {said}. Leave out {option}, or say {instead}."
            )
        return Decided(said, "you said so")

    def _misfit(self, reading: _Reading) -> str:
        return next(one.misfit.date for one in self._readings.values() if one is not reading and one.misfit is not None)

    def _by_more(self, left: list[_Reading]) -> Decided | None:
        """Return the order by what else the chat shows: names of pictures, separators, the course of time."""
        by_files = sorted(left, key=lambda one: -one.hits)
        if by_files[0].hits > by_files[1].hits:
            return Decided(by_files[0].order, "the names of its pictures have these dates")
        by_order = {one.order: one for one in left}
        if self._year_first and Order.YEAR_FIRST in by_order:
            return Decided(Order.YEAR_FIRST, "its language writes dates so")
        if self._last and self._last.style.separator != "/" and Order.MONTH_FIRST in by_order and len(left) > 1:
            # No language writes the month first with dots or dashes.
            left = [one for one in left if one.order != Order.MONTH_FIRST]
            if len(left) == 1:
                return Decided(left[0].order, "dates with dots or dashes are written so")
        forward = sorted(left, key=lambda one: one.back)
        if forward[0].back == 0 < forward[1].back or 0 < forward[0].back * 3 <= forward[1].back:
            return Decided(forward[0].order, "only so its dates do not go back")
        close = sorted(left, key=lambda one: one.span)
        if self._changes >= _ENOUGH_DATES and close[0].span * _CLOSER <= close[1].span:
            return Decided(close[0].order, "only so it does not jump by months or years from one message to the next")
        return None

    def _same(self, left: list[_Reading], name: str) -> Decided:
        """Return the day first if all orders that are left mean the same days, or if only the year could stand first.

        Raises:
            AmbiguousDates: They mean different days.
        """
        orders = {reading.order for reading in left}
        two = self._two_ways
        if (
            two is None
            or not {Order.DAY_FIRST, Order.MONTH_FIRST} <= orders
            or (self._last and self._last.style.separator != "/")
        ):
            return Decided(Order.DAY_FIRST if Order.DAY_FIRST in orders else left[0].order, "dates are mostly written so")
        one, other = (day_of(two.numbers, order) for order in (Order.DAY_FIRST, Order.MONTH_FIRST))
        raise AmbiguousDates(
            f"The dates of {name!r} can be read in two ways: {two.date} is {_named(one)} or {_named(other)}."
            " Say --day-first for the one, --month-first for the other."
        )


class _Reading:
    """The dates of a chat in one order: what would be wrong with it."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.misfits = 0
        self.misfit: Stamp | None = None
        self.back = 0
        self.hits = 0
        self._previous: date | None = None
        self._first: date | None = None
        self._last: date | None = None

    @property
    def span(self) -> int:
        return (self._last - self._first).days if self._first and self._last else 0

    def compare(self, numbers: Numbers, file_day: date) -> None:
        day = day_of(numbers, self.order)
        self.hits += day is not None and abs(day - file_day) <= _DAY

    def add(self, stamp: Stamp) -> None:
        day = day_of(stamp.numbers, self.order)
        if day is None:
            self.misfits += 1
            self.misfit = self.misfit or stamp
            return
        # A message that came late may stand a day off.
        self.back += self._previous is not None and day < self._previous - _DAY
        self._previous = day
        self._first = min(self._first or day, day)
        self._last = max(self._last or day, day)


def _named(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else "no day"
