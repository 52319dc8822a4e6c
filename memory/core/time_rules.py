"""Rules for phrases about time in one language: templates, their meanings, and the words that fill them (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from memory.core.named_days import Days
from memory.core.time_meanings import Meaning, Phrase, Unit

_LATIN_ACCENTS = re.compile("[\u0300-\u036f]")
_CENTURY = 2000
_NUKTA = "\u093c"
_CANDRABINDU, _ANUSVARA = "\u0901", "\u0902"
_WORD = re.compile(r"[\w\u0900-\u097f]+")
_HAN_DIGITS = {char: place for place, char in enumerate("零一二三四五六七八九")} | {"两": 2, "兩": 2, "几": 3, "幾": 3, "数": 3}
_HAN_NUMBER = r"十[一二三四五六七八九]|[二三四五六七八九]十[一二三四五六七八九]?|[一二两兩三四五六七八九十几幾数]"

HAN_MONTHS = " ".join(f"(?:0?{number}|{word})月" for number, word in enumerate((*"一二三四五六七八九十", "十一", "十二"), 1))
"""Patterns for January to December in Chinese and Japanese, separated by spaces."""
NO_NUMBER = r"(?<![\d一二两兩三四五六七八九十几幾])"
"""No number stands before."""


def folded(text: str) -> str:
    """Return a text as rules are written: lower case, without accents, in one way of writing each sign of Hindi."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    plain = _LATIN_ACCENTS.sub("", parts).replace(_NUKTA, "").replace(_CANDRABINDU, _ANUSVARA)
    return unicodedata.normalize("NFC", plain)


def edged(text: str) -> str:
    """Return a text with `_` around each word and nothing else between them; signs of Hindi are parts of words."""
    return f"_{'_'.join(_WORD.findall(text))}_"


class Rule(NamedTuple):
    """A template and what it means.

    Attributes:
        template: A pattern in which `<weekday>`, `<month>`, `<count>`, `<unit>`, `<day>`, `<number>` (of a month), `<year>`,
            `<yy>` (its last two digits) and `<feast>` stand for words of the language, and a space for any spaces.
        meaning: The days; None: the words are no time, and no other rule may use them (`every Friday`).
        unsure: Whether the words mean something else in another language, so that more words of this one are needed.
    """

    template: str
    meaning: Meaning | None
    unsure: bool = False


class Found(NamedTuple):
    """A phrase in a text; `days` is None if it is no time."""

    start: int
    end: int
    days: Days | None


@dataclass(frozen=True)
class Language:
    """The words of a language, all as `folded` returns them, and its rules.

    Attributes:
        weekdays: Patterns for Monday to Sunday, separated by spaces.
        months: Patterns for January to December, separated by spaces.
        counts: Words for numbers; digits need none.
        units: Patterns for what is counted.
        feasts: Patterns for feasts and seasons, with their English names.
        rules: Of rules that match at one place, the one with the longest match counts.
        may_name: Parts of words, one of which every text with a time has; `_` is an edge of a word. Looking for them first
            saves the run of the rules.
        ahead: Words that look ahead.
        behind: Words that look back; they count more than those that look ahead.
        own_words: Frequent words that no other language has.
        before: What must not stand before a phrase.
        after: What must not stand after it.
    """

    weekdays: str
    months: str
    counts: Mapping[str, int]
    units: Mapping[str, Unit]
    feasts: Mapping[str, str]
    rules: Sequence[Rule]
    may_name: str
    ahead: str
    behind: str
    own_words: str = ""
    before: str = r"(?<!\w)"
    after: str = r"(?!\w)"

    def found(self, text: str, words: str, said: Phrase, whole: str) -> Iterator[Found]:
        """Yield the phrases in a text.

        Args:
            text: The text, folded.
            words: Its words, as `edged` returns them.
            said: How it was said.
            whole: The folded text of which it is a part: its words tell whether it looks ahead and which language it is in.
        """
        if not any(part in words for part in self._parts):
            return
        ahead = bool(self._ahead.search(whole)) and not self._behind.search(whole)
        if said.prefer == "past" and ahead:
            said = replace(said, prefer="future")
        said = replace(said, ahead=ahead or said.prefer == "future")
        sure = self.speaks(whole)
        for pattern, rule in self._patterns:
            if rule.unsure and not sure:
                continue
            for match in pattern.finditer(text):
                try:
                    days = rule.meaning(self._filled(match, said)) if rule.meaning else None
                except (OverflowError, ValueError):
                    # The calendar has no such day.
                    continue
                yield Found(*match.span(), days)

    def speaks(self, text: str) -> bool:
        """Return whether a folded text has a word that no other language has."""
        return bool(self._own_words and self._own_words.search(text))

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Rule]]:
        names = {
            "weekday": self.weekdays.replace(" ", "|"),
            "month": self.months.replace(" ", "|"),
            "count": "|".join((r"\d{1,3}", *self.counts, _HAN_NUMBER)),
            "unit": "|".join(self.units),
            "day": rf"\d{{1,2}}|{_HAN_NUMBER}",
            "number": r"\d{1,2}",
            "year": r"(?:19|20)\d\d",
            "yy": r"\d\d",
            "feast": "|".join(self.feasts),
        }
        patterns = []
        for rule in self.rules:
            template = rule.template.replace(" ", r"\s+")
            for name, words in names.items():
                template = template.replace(f"<{name}>", f"(?P<{name}>{words})")
            patterns.append((re.compile(f"{self.before}(?:{template}){self.after}"), rule))
        return patterns

    @cached_property
    def _parts(self) -> Sequence[str]:
        return self.may_name.split()

    @cached_property
    def _ahead(self) -> re.Pattern[str]:
        return re.compile(f"{self.before}(?:{self.ahead}){self.after}")

    @cached_property
    def _behind(self) -> re.Pattern[str]:
        return re.compile(f"{self.before}(?:{self.behind}){self.after}")

    @cached_property
    def _own_words(self) -> re.Pattern[str] | None:
        return re.compile(f"{self.before}(?:{self.own_words}){self.after}") if self.own_words else None

    def _filled(self, match: re.Match[str], said: Phrase) -> Phrase:
        """Return the phrase with the numbers and names that a template found."""
        values: dict[str, Any] = {}
        for name, word in match.groupdict().items():
            if word is None:
                continue
            match name:
                case "weekday":
                    values[name] = _place(self.weekdays, word)
                case "month":
                    values[name] = _place(self.months, word) + 1
                case "number":
                    values["month"] = int(word)
                case "yy":
                    values["year"] = _CENTURY + int(word)
                case "unit":
                    values[name] = _of(self.units, word)
                case "feast":
                    values[name] = _of(self.feasts, word)
                case _:
                    values[name] = self._number(word)
        return replace(said, **values)

    def _number(self, word: str) -> int:
        if word.isdigit():
            return int(word)
        found = next((number for pattern, number in self.counts.items() if re.fullmatch(pattern, word)), None)
        return _han_number(word) if found is None else found


def _place(patterns: str, word: str) -> int:
    return next(place for place, pattern in enumerate(patterns.split()) if re.fullmatch(pattern, word))


def _of(patterns: Mapping[str, Any], word: str) -> Any:
    return next(value for pattern, value in patterns.items() if re.fullmatch(pattern, word))


def _han_number(word: str) -> int:
    tens, ten, ones = word.partition("十")
    if not ten:
        return _HAN_DIGITS[word]
    return _HAN_DIGITS.get(tens, 1) * 10 + _HAN_DIGITS.get(ones, 0)
