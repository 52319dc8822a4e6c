"""Finds the future days that a text names: "on Sunday", "14 March at 9", "in two weeks", "am 14.3.", "下周五" (pure).

The date library that searches use understands English only, and resolves dates in the past. This module understands each
language's own words (decision 060). A weekday is the next one after the day on which it was said, with or without `next` before
it, as in searches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta

from dateutil.relativedelta import relativedelta

from memory.core.named_days import named_days
from memory.upcoming.date_words import CHINESE_DAYS, CHINESE_DIGITS, COUNTS, MONTHS, SHORT_WEEKDAYS, UNITS, WEEKDAYS


@dataclass(frozen=True)
class Named:
    """A day, or a short period, that a text names.

    Attributes:
        first: The day, or the first day of the period.
        last: The last day of a week or a weekend; otherwise the same day.
        start: The offset in the text where its words begin.
        end: The offset where they end.
        yearless: Whether it names a day and a month but no year.
        about: Whether the day is only approximate.
        today: Whether it is the day on which it was said.
    """

    first: date
    last: date
    start: int
    end: int
    yearless: bool = False
    about: bool = False
    today: bool = False


def _any(words: object) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))  # type: ignore[call-overload] # an iterable of words


_MONTH, _WEEKDAY, _COUNT, _UNIT = _any(MONTHS), _any(WEEKDAYS), _any(COUNTS), _any(UNITS)
_YEAR = r"(?:(?:,?\s+|\s+de[l]?\s+)(?P<year>20\d\d|19\d\d)\b)?"
_CN_NUMBER = r"[零一二两三四五六七八九十]{1,3}|\d{1,3}"
_ISO = re.compile(r"\b(?P<year>(?:19|20)\d\d)[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})\b")
_DAY_MONTH = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º)?\s*(?:of\s+|de\s+)?(?P<month>{_MONTH})\b\.?{_YEAR}", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    rf"\b(?P<month>{_MONTH})\.?\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:|\s*(?:am|pm)\b){_YEAR}", re.IGNORECASE
)
_DOTTED = re.compile(
    r"(?P<lead>\b(?:am|bis|zum|den|dem|der|vom|ab|on|el)\s+)?\b(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?:\s?(?P<year>(?:19|20)\d\d)\b)?",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"\b(?P<one>\d{1,2})/(?P<other>\d{1,2})(?:/(?P<year>(?:19|20)\d\d))?\b(?!/)")
_THE_NTH = re.compile(
    r"\b(?:on|by|until|till|before) the (?P<day>\d{1,2})(?:st|nd|rd|th)\b"
    r"(?!\s+(?:of|floor|grade|century|street|avenue|page|time))",
    re.IGNORECASE,
)
_CN_DATE = re.compile(r"(?:(?P<year>(?:19|20)\d\d)年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号號]")
_IN_SOME = re.compile(
    r"\b(?:in|en|dentro de|within)\s+(?:about\s+|etwa\s+|unos\s+|unas\s+)?(?:a\s+(?=couple|few))?"
    rf"(?P<count>\d{{1,3}}|{_COUNT})\s+(?:of\s+)?(?P<unit>{_UNIT})\b"
    rf"|\b(?P<count2>\d{{1,3}}|{_COUNT})\s+(?P<unit2>days?|weeks?)\s+(?:from now|from today)\b",
    re.IGNORECASE,
)
_CN_IN_SOME = re.compile(rf"(?P<count>{_CN_NUMBER})\s?(?P<unit>天|日|周|週|个?星期|个?礼拜|个月)(?:之后|以后|后|內|内)")
_WORDS = re.compile(
    r"(?P<d2>\b(?:the )?day after tomorrow\b|\bübermorgen\b|\bpasado mañana\b|(?<!大)后天)|(?P<d3>大后天)"
    r"|(?P<d1>\btomorrow\b|(?<!la )(?<!esta )(?<!pasado )\bmañana\b|明天|明早|明晚)"
    r"|(?P<d0>\b(?:today|tonight|this (?:morning|afternoon|evening)|heute|hoy|esta (?:tarde|noche))\b|今天|今晚|今早)",
    re.IGNORECASE,
)
_MORGEN = re.compile(
    "".join(f"(?<!{word} )" for word in ("eute", "estern", "eden", "iesen", "uten", "m", "chsten"))
    + r"\bmorgen\b|\A\s*Morgen\b(?=\s+[a-zäöü])"
)
"""`morgen` in the sense of tomorrow, not of morning."""
_ON_A_WEEKDAY = re.compile(
    r"(?:\b(?P<lead>(?:todos )?los|cada|every|each|most|any|last|past|previous|since"
    r"|seit|desde|black|ruby|ash|shrove|super|letzten|vergangenen|jede[nr]|(?:el )?pasado"
    r"|not(?: on)?)"
    r"\s+)?(?:\b(?P<week>(?:a|one) week (?:on|from)\s+|in a week on\s+))?"
    rf"\b(?P<name>{_WEEKDAY})(?:abend|morgen|vormittag|mittag|nachmittag|nacht)?\b(?P<after>\s+pasado)?(?P<gone>\s+week\b)?",
    re.IGNORECASE,
)
_SHORT = re.compile(rf"(?:\b(?:on|next|this|coming|by|until)\s+|,\s*)(?P<name>{_any(SHORT_WEEKDAYS)})\b\.?", re.IGNORECASE)
_CN_WEEKDAY = re.compile(r"(?P<which>下下|下|这|本|每|上|上上)?个?(?:周|週|星期|礼拜)(?P<name>[一二三四五六日天])")
_WEEK = re.compile(
    r"\bnext week\b(?!end)|\bnächste[rn]? woche\b|\b(?:la )?(?:próxima semana|semana que viene)\b"
    r"|下个?(?:周|星期|礼拜)(?![一二三四五六日天末])",
    re.IGNORECASE,
)
_WEEKEND_ABROAD = re.compile(
    r"\b(?P<next>nächste[sn]? wochenende|(?:el )?(?:próximo fin de semana|fin de semana que viene))\b|(?P<next2>下周末)"
    r"|\b(?:am|dieses|kommendes) wochenende\b|\b(?:este|el) fin de semana\b|(?:这|本)?周末",
    re.IGNORECASE,
)
_FEAST = re.compile(
    r"\b(?:this|next|coming|the|at|on|over|for|by|before|until)\s+(?:weekend|christmas(?: eve| day)?|easter(?: sunday| monday)?"
    r"|good friday|new year['’]?s(?: eve| day)?|valentine['’]?s(?: day)?|hallowe['’]?en|thanksgiving|boxing day)\b"
    r"(?!\s+(?:of|in|after)\b)"
    r"|\b(?:christmas eve|christmas day|new year['’]?s eve|good friday|easter monday|valentine['’]?s day|boxing day)\b",
    re.IGNORECASE,
)
_MAY_NAME_ONE = re.compile(
    rf"\d|[日周週天今明后]|星期|礼拜|\b(?:{_WEEKDAY})|\b(?:in|en|dentro|within|mon|tue|wed|thu|fri|sat|sun)\b|tomorrow|today"
    r"|tonight|this|weekend|week\b|woche|semana|morgen|heute|hoy|mañana|christmas|easter|new year|valentine|hallowe"
    r"|thanksgiving|good friday|boxing day",
    re.IGNORECASE,
)
_TOGETHER = re.compile(r"[\s,(]*(?:on|am|the|den|dem|el)?\s*", re.IGNORECASE)
_DAY, _WEEK_LONG, _SATURDAY = timedelta(days=1), timedelta(weeks=1), 5
_COUNT_LIMIT = 100


def days_named(text: str, said: date) -> list[Named]:
    """Return the days that a text names, in the order of their words. Of overlapping words, the longest count.

    Args:
        text: A sentence.
        said: The day on which it was said, in the speaker's time zone.
    """
    if _MAY_NAME_ONE.search(text) is None:
        return []
    found: list[Named] = []
    for rule in _RULES:
        try:
            found += rule(text, said)
        except (OverflowError, ValueError):
            # The words name a day that the calendar does not have.
            continue
    kept: list[Named] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    joined: list[Named] = []
    for one in sorted(kept, key=lambda one: one.start):
        if joined and _TOGETHER.fullmatch(text[joined[-1].end : one.start]):
            one = _joined(joined.pop(), one)  # noqa: PLW2901 - with the one before it, it is one day
        joined.append(one)
    return joined


def _joined(one: Named, other: Named) -> Named:
    """Return the day that two adjacent names mean together: `Sunday, 14 March`, or `next week on Tuesday`."""
    week = next((each for each in (one, other) if each.last - each.first == 6 * _DAY), None)
    if week is None:
        return other
    day = week.first + (other if week is one else one).first.weekday() * _DAY
    return Named(day, day, one.start, other.end)


def _dates(text: str, said: date) -> Iterator[Named]:
    for rule in (_ISO, _DAY_MONTH, _MONTH_DAY, _CN_DATE):
        for match in rule.finditer(text):
            name = match["month"].lower()
            yield from _dated(match, said, match["year"], MONTHS.get(name) or int(name), int(match["day"]))
    for match in _DOTTED.finditer(text):
        if match["lead"] or match["year"]:
            yield from _dated(match, said, match["year"], int(match["month"]), int(match["day"]))
    for match in _SLASHED.finditer(text):
        one, other = int(match["one"]), int(match["other"])
        # 5/6 is in June in some countries and in May in others, or a fraction. A year and a number above 12 make it clear.
        if match["year"] and (one > 12 or other > 12):  # noqa: PLR2004 - months
            yield from _dated(match, said, match["year"], min(one, other), max(one, other))
    for match in _THE_NTH.finditer(text):
        wanted = int(match["day"])
        for months in range(3):
            first = (said + relativedelta(months=months)).replace(day=1)
            stamp = first + relativedelta(day=wanted)
            if stamp.day == wanted and stamp > said:
                yield Named(stamp, stamp, *match.span())
                break


def _dated(match: re.Match[str], said: date, year: str | None, month: int, day: int) -> Iterator[Named]:
    """Yield the named date; without a year, the next such day, which may be today."""
    if year:
        stamp = _day(int(year), month, day)
    else:
        years = range(said.year, min(said.year + 9, MAXYEAR))
        stamp = next((one for number in years if (one := _day(number, month, day)) and one >= said), None)
    if stamp is not None:
        yield Named(stamp, stamp, *match.span(), yearless=not year, today=stamp == said)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _relative(text: str, said: date) -> Iterator[Named]:
    for match in _WORDS.finditer(text):
        days = int((match.lastgroup or "d0")[1:])
        yield Named(said + days * _DAY, said + days * _DAY, *match.span(), today=days == 0)
    for match in _MORGEN.finditer(text):
        yield Named(said + _DAY, said + _DAY, *match.span())
    for match in _IN_SOME.finditer(text):
        count, unit = match["count"] or match["count2"], (match["unit"] or match["unit2"]).lower()
        yield from _after(match, said, int(count) if count.isdigit() else COUNTS[count.lower()], UNITS[unit])
    for match in _CN_IN_SOME.finditer(text):
        unit = {"天": "days", "日": "days", "个月": "months"}.get(match["unit"], "weeks")
        yield from _after(match, said, _chinese(match["count"]), unit)


def _after(match: re.Match[str], said: date, count: int, unit: str) -> Iterator[Named]:
    if 0 < count < _COUNT_LIMIT:
        length = {"fortnights": relativedelta(weeks=2 * count)}.get(unit) or relativedelta(**{unit: count})
        stamp = said + length
        yield Named(stamp, stamp, *match.span(), about=unit != "days")


def _chinese(said: str) -> int:
    if said.isdigit():
        return int(said)
    tens, mark, ones = said.partition("十")
    if not mark:
        return CHINESE_DIGITS.get(said, 0)
    return CHINESE_DIGITS.get(tens, 1) * 10 + CHINESE_DIGITS.get(ones, 0)


def _weekdays(text: str, said: date) -> Iterator[Named]:
    for match in _ON_A_WEEKDAY.finditer(text):
        if match["lead"] or match["after"] or match["gone"]:
            continue
        stamp = _next(said, WEEKDAYS[match["name"].lower()]) + (_WEEK_LONG if match["week"] else timedelta(0))
        yield Named(stamp, stamp, *match.span())
    for match in _SHORT.finditer(text):
        stamp = _next(said, SHORT_WEEKDAYS[match["name"].lower()])
        yield Named(stamp, stamp, *match.span())
    monday = said - said.weekday() * _DAY
    for match in _CN_WEEKDAY.finditer(text):
        place = CHINESE_DAYS[match["name"]]
        # In Chinese a week begins on Monday: 下周五 is the Friday of the next week.
        match match["which"]:
            case "下" | "下下":
                stamp = monday + len(match["which"]) * _WEEK_LONG + place * _DAY
            case None | "这" | "本":
                stamp = _next(said, place)
            case _:
                continue
        yield Named(stamp, stamp, *match.span())


def _next(said: date, weekday: int) -> date:
    """Return the next such weekday after a day."""
    return said + ((weekday - said.weekday() - 1) % 7 + 1) * _DAY


def _periods(text: str, said: date) -> Iterator[Named]:
    monday = said + (7 - said.weekday()) * _DAY
    for match in _WEEK.finditer(text):
        yield Named(monday, monday + 6 * _DAY, *match.span(), about=True)
    for match in _WEEKEND_ABROAD.finditer(text):
        this = said + ((_SATURDAY - said.weekday()) * _DAY)
        first = this + (_WEEK_LONG if match["next"] or match["next2"] else timedelta(0))
        yield Named(max(first, said), first + _DAY, *match.span())
    for match in _FEAST.finditer(text):
        days = named_days(match[0], said, "", "future")
        if days is not None:
            yield Named(max(days[0], said), days[1] - _DAY, *match.span())


_RULES: tuple[Callable[[str, date], Iterator[Named]], ...] = (_dates, _relative, _weekdays, _periods)


def in_year(day: date, year: int) -> date:
    """Return the date of a yearly day in a year. 29 February becomes 28 February in years that are no leap years."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def next_time(day: date, today: date) -> date:
    """Return the next date of a yearly day, which may be today."""
    this = in_year(day, today.year)
    return this if this >= today or today.year == MAXYEAR else in_year(day, today.year + 1)
