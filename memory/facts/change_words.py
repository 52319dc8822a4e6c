"""Words of change: whether the words of a fact show that something ended, turned or was in the past.

Pure, and in English, because extraction writes facts in English. A small model sees a change in two pets, two tastes and two
trips (docs/decisions/011). The words of a real change nearly always show it.
"""

from __future__ import annotations

import re

_COLOUR_WORDS = """
    red blue green yellow black white orange purple violet pink brown grey gray beige turquoise teal navy maroon crimson scarlet
    golden gold silver ivory lilac lavender cream khaki olive burgundy
"""
COLOURS = frozenset(_COLOUR_WORDS.split())
"""Colours distinguish one thing of its type from another."""


def _any_of(words: str) -> re.Pattern[str]:
    """Return a pattern that matches any of the words, separated by commas, as whole words; each may be a regular expression."""
    return re.compile(r"\b(" + "|".join(word.strip() for word in words.split(",")) + r")\b", re.IGNORECASE)


_ENDS = _any_of(
    """now, nowadays, again, instead, any ?more, any longer, no longer, never, not, moved, gave up, given up, stopp(?:ed|s),
    quits?, left, sold, lost, broke up, divorced, separated, married, became, becomes, changed, switched, ended, finished,
    cancell?ed, postponed, died, dead, replaced, returned, retired, actually, in fact, corrects?, corrected, correction,
    used to, \\w+n['’]t"""
)
_AGAINST = _any_of("dislikes?, hates?, loathes?, avoids?, fears?, detests?, allergic, refuses?, not, never, \\w+n['’]t")
_FILLERS = {"now", "nowadays", "again", "instead", "actually", "in fact"}
_TURNS = _any_of(
    """dislikes?, disliked, hates?, hated, loathes?, avoids?, fears?, detests?, allergic, refuses?, never, not, \\w+n['’]t,
    no longer, gave up, given up, gives up, stopp(?:ed|s), quits?, sick of, tired of"""
)
_PAST = _any_of(
    """used? to, formerly, previously, previous, former, earlier, originally, in the past, back then, at first, no longer,
    changed, any ?more, (?:my|our|his|her|their) old, (?:was|were|did)\\b.*\\buntil"""
)
_ENDS_WITH_BEFORE = re.compile(r"\bbefore\W*$", re.IGNORECASE)


def endings(fact: str) -> set[str]:
    """Return the words of a fact that tell of an end or a change."""
    return {match[0].lower() for match in _ENDS.finditer(fact)} - _FILLERS


def is_in_favour(fact: str) -> bool:
    """Return whether a fact is in favour of its subject: `no longer hates` is, `no longer loves` and `gave up` are not."""
    return len(_TURNS.findall(fact)) % 2 == 0


def is_against(fact: str) -> bool:
    """Return whether a fact tells of a dislike or a denial."""
    return bool(_AGAINST.search(fact))


def asks_about_the_past(message: str) -> bool:
    """Return whether a message asks about the past rather than the present."""
    return bool(_PAST.search(message) or _ENDS_WITH_BEFORE.search(message))
