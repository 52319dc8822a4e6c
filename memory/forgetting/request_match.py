"""Finds the texts that tell of the subject that a person asked to forget, by its names and words (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from memory.core import clock
from memory.core.temporal import named_window
from memory.core.time_window import TimeWindow
from memory.core.tokenize import COMMON, searchable
from memory.index.bm25 import stems

_WORD = re.compile(r"\w+", re.UNICODE)
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_EMPTY = COMMON | frozenset(
    "yours old whole all stuff thing things some new ever never also mein meine meinen meiner meinem unser unsere der die das den dem des ich dir "
    "du mon ma mes notre nos le la les un une je mi mis nuestro nuestra el los las yo mio mia miei mie il lo gli una io meu minha os as o eu "
    "mijn onze het een ik de del di da do live name names".split()
)  # fmt: skip
_DETERMINERS = frozenset(
    "my our the a der die das den dem des ein eine einen mein meine meinen meiner meinem unser unsere".split()
)
RELATIONS = frozenset(
    "brother sister mother father mum mom dad son daughter wife husband partner boyfriend girlfriend friend ex boss colleague neighbour neighbor "
    "uncle aunt cousin flatmate dog cat bird parrot pet horse bruder schwester mutter vater freund freundin chef kollege kollegin hund katze "
    "frère soeur sœur mère père ami amie chien chat hermano hermana amigo amiga perro gato fratello sorella amico amica cane gatto".split()
)
_POSSESSIVE = re.compile(r"\w['’]s? \w|\b(?:of|von|de|di)\b", re.IGNORECASE)
STATED = re.compile(
    r"\b(?:is|are|was|were|am|has|had|have|lives?|works?|likes?|loves?|hates?|goes|went|moved|got|ist|war|hat|est|était|es|era|tem|heeft)\b",
    re.IGNORECASE,
)
"""Verbs of a statement ("that Jonas is vegan"). The request then means the whole statement, not only the name."""
_CALLED = r"(?:is |was |are |heißt |est |se )?(?:called|named|name is|heißt|s'appelle|llama|si chiama)\s+"
_SYNONYMS = (
    {"mum", "mom", "mother", "mummy", "mommy"},
    {"dad", "father", "daddy"},
    {"phone", "telephone", "mobile"},
    {"ex", "exes"},
)
_DAYS_IN_ENGLISH = {
    "heute": "today", "gestern": "yesterday", "aujourd'hui": "today", "hier": "yesterday", "hoy": "today", "ayer": "yesterday", "oggi": "today",
    "ieri": "yesterday", "hoje": "today", "ontem": "yesterday", "vandaag": "today", "gisteren": "yesterday",
}  # fmt: skip
_TIME = re.compile(
    r"(?:(?:on|in|at|this|last|earlier|since|during|over|the|past|late|early|of|ago|before|few|two|three|four|five|six|seven|\d+|today|yesterday|tonight|"
    r"morning|afternoon|evening|night|hours?|days?|weeks?|weekend|months?|years?|minutes?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|"
    r"february|march|april|may|june|july|august|september|october|november|december|\d{4}-\d\d-\d\d)\b[\s,]*)+",
    re.IGNORECASE,
)  # fmt: skip
_MAX_NAMING_CHARACTERS = 300
"""At most this many characters: a longer text is not searched for the name of the subject."""
_DECLINED, _ENDING = 4, 2
"""A name of at least 4 letters may have a case ending of at most 2 letters."""
_MIN_SHARE = 0.5


@dataclass(frozen=True)
class Sought:
    """A subject to forget, in the person's own words.

    Attributes:
        subject: How the person calls it: `Jonas`, `my sister`, `yesterday`.
    """

    subject: str

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in the subject, in lower case."""
        words = _WORD.findall(searchable(self.subject))
        if not words:
            return frozenset()
        if words[0].lower() not in _DETERMINERS and len(words) == 1:
            return frozenset({words[0].lower()})
        german = words[0].lower() in _DETERMINERS - {"my", "our", "the", "a"}
        capital = {word.lower() for word in words if word[0].isupper() and word.lower() not in _EMPTY and len(word) > 1}
        return frozenset() if german else frozenset(capital)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The other meaningful words of the subject. Words such as `brother` are left out if the subject has a name."""
        every = [
            word
            for word in dict.fromkeys(_WORD.findall(searchable(self.subject).lower()))
            if word not in _EMPTY and len(word) > 1
        ]
        rest = [word for word in every if word not in self.names]
        return tuple(word for word in rest if not self.names or word not in RELATIONS)

    def window(self, said: datetime) -> TimeWindow | None:
        """Return the time window that the subject names; None if it names anything but a time.

        Args:
            said: When the request was said.
        """
        subject = _DAYS_IN_ENGLISH.get(self.subject.lower().strip(), self.subject)
        if subject == "this conversation":
            return TimeWindow.half_open(clock.recent_since(said), said)
        if not _TIME.fullmatch(subject.strip()):
            return None
        if re.search(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", subject, re.IGNORECASE):
            begin = said.replace(hour=0, minute=0, second=0, microsecond=0)
            return TimeWindow.half_open(begin, begin + timedelta(days=1))
        if re.fullmatch(r"(?:in |during |over )?(?:the )?(?:last|past) hour", subject.strip(), re.IGNORECASE):
            return TimeWindow.half_open(clock.recent_since(said), said)
        return named_window(subject, said)

    def among(self, texts: Iterable[tuple[str, str]]) -> set[str]:
        """Return the ids of the texts that tell of the subject.

        A name is enough, unless it only says whose thing is meant ("Jonas's birthday"). Without a name, a text must have all
        words of the subject; if no text has all of them, half of them.

        Args:
            texts: Pairs of id and text.
        """
        shares = {name: self._share(text) for name, text in texts}
        if self._by_name_alone:
            return {name for name, share in shares.items() if share > 0}
        whole = {name for name, share in shares.items() if share == 1}
        return whole or {name for name, share in shares.items() if share >= _MIN_SHARE}

    def mainly_among(self, texts: Iterable[tuple[str, str]]) -> set[str]:
        """Return the ids of the messages that are mainly about the subject.

        If the subject has a name, `among` decides. If not, at least half of a message's sentences must tell of the subject.

        Args:
            texts: Pairs of id and text.
        """
        there = list(texts)
        found = self.among(there)
        if self.names:
            return found
        return {name for name, text in there if name in found and self._is_main(text)}

    def is_in(self, text: str) -> bool:
        """Return whether a text tells of the subject."""
        share = self._share(text)
        return share > 0 if self._by_name_alone else share == 1

    def called(self, texts: Iterable[str]) -> set[str]:
        """Return the names that texts give to the subject: "my ex is called Dana" gives "my ex" the name Dana."""
        return {
            name
            for text in texts
            if len(text) <= _MAX_NAMING_CHARACTERS and self._share(text) == 1
            for name in self._called(text)
        }

    @property
    def _by_name_alone(self) -> bool:
        return bool(self.names) and not (self.words and (_POSSESSIVE.search(self.subject) or STATED.search(self.subject)))

    def _is_main(self, text: str) -> bool:
        parts = [part for part in re.split(r"(?<=[.!?…])\s+|\n+", text) if _WORD.search(part)]
        return sum(self._share(part) == 1 for part in parts) * 2 >= len(parts)

    def _share(self, text: str) -> float:
        """Return the share of the subject's words that a text has, 0 to 1; 0 if it has none of the names."""
        plain = searchable(text).lower()
        if _UNSPACED.search(self.subject):
            return float("".join(searchable(self.subject).lower().split()) in "".join(plain.split()))
        found_words = set(_WORD.findall(plain))
        named = [any(_is_name(name, word) for word in found_words) for name in self.names]
        if self.names and not any(named):
            return 0.0
        has = [any(_is_word(word, one) for one in found_words) for word in self.words]
        parts = [*([True] if self.names else []), *has]
        return sum(parts) / len(parts) if parts else 0.0

    def _called(self, text: str) -> set[str]:
        if self.names or not self.words or self.words[-1] not in RELATIONS:
            return set()
        noun, name = re.escape(self.words[-1]), r"(?P<name>[A-ZÀ-Þ]\w+)"
        patterns = (rf"\b(?i:{noun})\b(?:\W+\w+){{0,2}}?\W+(?i:{_CALLED}){name}", rf"\b(?i:{noun}),? {name}", rf"{name},? (?:is |, )?(?i:my|the user's) (?i:{noun})\b")  # fmt: skip
        return {
            match["name"] for pattern in patterns for match in re.finditer(pattern, text) if match["name"].lower() not in _EMPTY
        }


def _is_name(name: str, word: str) -> bool:
    if name == word or (word.startswith(name) and word[len(name) :] == "s"):
        return True
    # Names in other scripts may have a case ending.
    return (
        not name.isascii()
        and len(name) >= _DECLINED
        and word[: len(name) - 1] == name[:-1]
        and abs(len(word) - len(name)) <= _ENDING
    )


def _is_word(word: str, other: str) -> bool:
    if word == other or any({word, other} <= same for same in _SYNONYMS):
        return True
    return word.isascii() and other.isascii() and stems(word) == stems(other)
