"""Whether an open reply says what it should, and nothing that it should not: rules that a person can check (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

NOT_KNOWN = (
    "don't know|do not know|don't have|do not have|don't see|do not see|don't recall|do not recall|don't remember|"
    "do not remember|not mentioned|haven't mentioned|have not mentioned|didn't mention|did not mention|never mentioned|"
    "doesn't mention|does not mention|no mention|isn't mentioned|wasn't mentioned|haven't told|have not told|didn't tell|"
    "did not tell|never told|haven't said|have not said|didn't say|did not say|never said|doesn't say|does not say|"
    "haven't shared|have not shared|didn't share|not sure|unsure|not aware|can't tell|cannot tell|can't say|cannot say|"
    "can't find|cannot find|couldn't find|could not find|no information|no record|no memory|no details|unknown|not known|"
    "not specified|not stated|not provided|nothing about"
)
"""Phrases that say that memory does not contain the answer."""
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "-": " ", "\u2010": " ", "\u2011": " "})
_MARKS = re.compile(r"[*_`]")


@dataclass(frozen=True)
class Says:
    """What a correct reply must contain.

    Case, accents and hyphens are ignored, and words match as a whole: `two` is not in `network`.

    Attributes:
        must: Every group has to occur; a group is phrases separated by `|`, one of which is enough.
        must_not: Phrases of which none may occur.
        words_at_most: Maximum words of the reply; None: no limit.
    """

    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    words_at_most: int | None = None

    def right(self, reply: str) -> bool:
        """Return whether a reply is correct; an empty one never is."""
        said = folded(reply)
        if not said or (self.words_at_most is not None and len(said.split()) > self.words_at_most):
            return False
        return all(_has(said, group.split("|")) for group in self.must) and not _has(said, self.must_not)


def folded(text: str) -> str:
    """Return a text without case, accents, hyphens and Markdown marks, with single spaces."""
    # Decomposed first: some characters become a mark only then.
    apart = _MARKS.sub("", unicodedata.normalize("NFKD", text).translate(_APOSTROPHES))
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).casefold().split())


def _has(said: str, phrases: Sequence[str]) -> bool:
    return any(re.search(_pattern(phrase), said) for phrase in phrases)


def _pattern(phrase: str) -> str:
    """Return the phrase with word boundaries where it begins or ends with a letter or digit."""
    plain = folded(phrase)
    before = r"(?<!\w)" if plain[:1].isalnum() else ""
    after = r"(?!\w)" if plain[-1:].isalnum() else ""
    return f"{before}{re.escape(plain)}{after}"
