"""Stretches of time in German, French, Spanish, Chinese, Japanese and Hindi ("vom 3. bis 7. Mai", "圣诞节之前"; pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from memory.core.named_days import Days
from memory.core.time_meanings import Phrase
from memory.core.time_phrases import MAX_CHARACTERS, phrases, without_quotations
from memory.core.time_rules import folded

# Looking ahead only, so that a stretch is found behind other words that begin like one.
_BOTH = tuple(
    re.compile(rf"\b(?:{before})(?=(?P<begin>.{{1,40}}?)\s+(?:{between})\s+(?P<end>\S.*))", re.DOTALL)
    for before, between in (
        (r"(?:vom|von|zwischen)\s+(?:dem\s+)?", r"(?:bis(?:\s+zum)?|und)(?:\s+dem)?"),
        (r"(?:du|de|entre)\s+(?:le\s+)?|d'", r"au|(?:a|et)(?:\s+le)?"),
        (r"(?:del?|desde|entre)\s+(?:el\s+)?", r"(?:al?|hasta|y)(?:\s+el)?"),
    )
)
_TO = re.compile("到|至|から")
_BOTH_IN_HINDI = re.compile(r"(?P<begin>(?:\d+\s+)?\S+)\s+से\s+(?P<end>(?:\d+\s+)?\S+)\s+तक")
_ONE = re.compile(
    r"\b(?:(?P<before>vor|avant|antes\s+del?)|(?P<after>nach|apres|despues\s+del?)|(?P<since>seit|depuis|desde))\s+"
    # These are days: `the day before yesterday`, `three weeks ago`.
    r"(?!hier|demain|ayer|hace\b)(?:(?:la|dem|der)\s+)?(?=(?P<end>\S.*))",
    re.DOTALL,
)
_COUNTED_FROM = re.compile(r"\b(?:tage?|wochen?|abend|kurz|jours?|semaines?|veille|juste|dias?|semanas?|justo)\s+$")
"""`A week after Christmas` is a day, not a stretch."""
_ONE_AT_THE_END = re.compile(r"(?P<before>[之以]前|の前|より前)|(?P<after>[之以][后後]|の後|より後)|(?P<since>以来|以來|以降)")
_LEADS = ("{}", "am {}", "im {}", "zu {}", "le {}", "en {}", "a {}", "el {}", "{} में", "{} को")
"""What the end of a stretch needs to be a phrase of its own."""
_YEAR_OF_BOTH = re.compile(r"(?:\d{1,2}\W+)?(?:de )?[a-z]+ ((?:del? )?(?:19|20)\d\d)\b")
_LONGEST_END = 60
_BARE = re.compile(r"(\d{1,2})(?:\.|er)?")
_BARE_DAY = re.compile(r"(\d{1,2})[日号號]")


class Stretch(NamedTuple):
    """A stretch of days; None where it has no end. It is empty where its ends are the wrong way round."""

    first: date | None
    end: date | None


def stretch_in_other_words(text: str, said: Phrase) -> Stretch | None:
    """Return the first stretch of time that a text names by ends that can be read; None if there is none."""
    plain = folded(without_quotations(text[-MAX_CHARACTERS:]))
    for begin, end in _pairs(plain, said):
        if stretch := _between(begin, end, plain, said):
            return stretch
    for one in _ONE.finditer(plain):
        if not _COUNTED_FROM.search(plain[: one.start()]) and (days := _read(one["end"], plain, said)):
            return _open(one, days)
    for one in _ONE_AT_THE_END.finditer(plain):
        for phrase in phrases(plain, said):
            if phrase.end == one.start() and phrase.days:
                return _open(one, phrase.days)
    return None


def _pairs(plain: str, said: Phrase) -> Iterator[tuple[str, str]]:
    """Yield what may be the two ends of a stretch."""
    for pattern in (*_BOTH, _BOTH_IN_HINDI):
        for both in pattern.finditer(plain):
            yield both["begin"], both["end"]
    for to in _TO.finditer(plain):
        before = plain[: to.start()]
        for one in phrases(before, said):
            if one.end == len(before):
                yield before[one.start :], plain[to.end() :]


def _between(begin: str, end: str, text: str, said: Phrase) -> Stretch | None:
    # In `vom 3. bis 7. Mai` the month is that of both, and in `2025年5月3日到7日` too.
    if bare := _BARE.fullmatch(begin):
        begin = re.sub(r"\d+", bare[1], end, count=1)
    elif day := _BARE_DAY.match(end):
        end = re.sub(r"\d+(?=[日号號])", day[1], begin, count=1)
    first = _read(begin, text, said)
    last = _read(end, text, said) if first else None
    if first is None or last is None:
        return None
    if year := _YEAR_OF_BOTH.match(end):
        first = _read(f"{begin} {year[1]}", text, said) or first
    return Stretch(first[0], last[1])


def _open(one: re.Match[str], days: Days) -> Stretch:
    """Return the stretch on one side of some days."""
    if one["before"]:
        return Stretch(None, days[0])
    return Stretch(days[1] if one["after"] else days[0], None)


def _read(end: str, text: str, said: Phrase) -> Days | None:
    """Return the days of the phrase with which an end of a stretch begins."""
    for lead in _LEADS:
        phrase = next(phrases(lead.format(end[:_LONGEST_END]), said, text), None)
        if phrase is not None and phrase.start == 0 and phrase.days is not None:
            return phrase.days
    return None
