"""Finds the sentences that tell of a plan, an appointment, a deadline or a yearly day ahead, or that cancel or move one (pure).

The rules use words, in the languages of `dates_ahead`. Questions, and sentences about something past, hypothetical or usual,
tell no plan (decision 060).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from memory.core.tokenize import words_of
from memory.upcoming import plan_words
from memory.upcoming.dates_ahead import Named, days_named

LONGEST = 4_000
"""A message of more characters is not parsed: it is mostly another person's text."""
Kind = Literal["plan", "moved", "off", "all"]
"""What a sentence says. `plan`: there is a plan for the day. `moved`: a plan of another day is moved to this day. `off`: the
plan for the day is cancelled. `all`: a plan is cancelled, without naming its day."""


@dataclass(frozen=True)
class Plan:
    """A day that a sentence names, and what the sentence says about it.

    Attributes:
        first: The day, or the first day of a period.
        last: The last day of a period; otherwise the same day.
        start: The offset in the text where its sentence begins.
        end: The offset where the sentence ends.
        hour: The time of day as HH:MM; None: not given.
        yearly: Whether it recurs every year.
        about: Whether the day is only approximate.
        kind: What the sentence says.
    """

    first: date
    last: date
    start: int
    end: int
    hour: str | None = None
    yearly: bool = False
    about: bool = False
    kind: Kind = "plan"


_SENTENCE = re.compile(r"(?<!\d\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<=[.!?…;])\s+|(?<=[。！？；])|\n+")
_MAX_DAYS = 20
"""At most this many days of one message are kept."""
_LAST_HOUR, _NOON, _EARLIEST, _LAST_MINUTE = 23, 12, 7, 59
_MAX_FRAGMENT_WORDS = 2


def plans_of(text: str, said: datetime, own: str | None = None) -> list[Plan]:
    """Return the plans in a message or a fact, in the order of its sentences.

    Args:
        text: The message or the fact.
        said: When it was said, in the speaker's time zone.
        own: The person's own words in it. Sentences that are not part of them are skipped. None: all are the person's own.
    """
    if len(text) > LONGEST:
        return []
    found: list[Plan] = []
    for start, end in _sentences(text):
        if own is not None and text[start:end] not in own:
            continue
        found += _of_sentence(text[start:end], start, said.date())
    return found[:_MAX_DAYS]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in [*_SENTENCE.finditer(text), None]:
        end = match.start() if match else len(text)
        part = text[start:end]
        if part.strip() and not part.lstrip().startswith(">"):
            yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
        start = match.end() if match else end


def _of_sentence(sentence: str, offset: int, said: date) -> Iterator[Plan]:
    days = days_named(sentence, said)
    start, end = offset, offset + len(sentence)
    if plan_words.OFF.search(sentence):
        if not plan_words.ASKS.search(sentence) and not plan_words.SUPPOSED.search(sentence):
            for one in days or [Named(said, said, 0, 0)]:
                yield Plan(one.first, one.last, start, end, kind="off" if days else "all")
        return
    yearly = bool(plan_words.YEARLY.search(sentence)) and not plan_words.FEAST_OF.search(sentence)
    moved = bool(plan_words.MOVED.search(sentence))
    for one in days:
        if yearly and (one.yearless or one.first < said):
            # The day recurs, so it does not matter that it was in the past.
            if not plan_words.SUPPOSED.search(sentence) and not plan_words.ASKS.search(sentence):
                yield Plan(one.first, one.first, start, end, yearly=True)
        elif _is_plan(sentence, one, moved=moved) and one.last >= said:
            hour = _hour(sentence)
            kind: Kind = "moved" if moved else "plan"
            # `It is my birthday on Sunday` is true of later years too.
            again = yearly and one.first == one.last and not one.about
            yield Plan(one.first, one.last, start, end, hour, yearly=again, about=one.about, kind=kind)


def _is_plan(sentence: str, one: Named, *, moved: bool) -> bool:
    named = plan_words.EVENT.search(sentence) is not None
    reminds = plan_words.REMIND.search(sentence) is not None
    none = (
        plan_words.PARTING.search(sentence)
        or plan_words.NOT_THAT.search(sentence[: one.start])
        or (not named and (len(words_of(sentence)) <= _MAX_FRAGMENT_WORDS or plan_words.FEAST.search(sentence)))
        or (not reminds and (plan_words.ASKS.search(sentence) or plan_words.TASK.search(sentence)))
        or plan_words.SUPPOSED.search(sentence)
        or plan_words.USUAL.search(sentence)
    )
    if none:
        return False
    ahead = moved or plan_words.ARRANGED.search(sentence) or plan_words.STILL_AHEAD.search(sentence)
    if plan_words.PAST.search(sentence) and not ahead:
        return False
    if one.today:
        # A sentence about today often tells how a person feels, which is no plan.
        return named or _hour(sentence) is not None
    return bool(named or reminds or ahead or plan_words.PERSON.search(sentence) or plan_words.PLANNED.search(sentence))


def _hour(sentence: str) -> str | None:
    """Return the time of day that a sentence names, as HH:MM; None if it names none.

    Without `am` or `pm`, an hour before seven is in the afternoon, and in a sentence about an evening every hour is.
    """
    for match in plan_words.HOUR.finditer(sentence):
        said = match.groupdict()
        number = next((said[name] for name in ("h", "h2", "h3", "h4", "h5") if said[name]), None)
        minute = next((said[name] for name in ("m", "m2", "m3", "m4", "m5") if said[name]), "30" if said["cnhalf"] else "00")
        if number is None or int(number) > _LAST_HOUR or int(minute) > _LAST_MINUTE:
            continue
        hour, half = int(number), (said["half"] or said["half2"] or "").lower()[:1]
        evening = not half and plan_words.EVENING.search(sentence)
        loosely = not half and said["h"] and hour < _EARLIEST
        if hour < _NOON and (half == "p" or said["cn"] in ("下午", "晚上") or evening or loosely):
            hour += _NOON
        return f"{0 if half == 'a' and hour == _NOON else hour:02}:{minute}"
    return None
