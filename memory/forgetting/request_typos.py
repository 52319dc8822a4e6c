"""Corrects typing errors in the few words that mark a request to forget (pure functions)."""

from __future__ import annotations

import re

_WORDS = ("forget", "delete", "erase", "remove", "remember", "please", "everything", "anything", "memory", "about", "don't")
_REAL_WORDS = frozenset(
    "forgets forgot forger forged forges forgery deleted deletes deleter erased erases eraser removed removes remover remembers abort abouts "
    "pleased pleases pleas member memorys relate release phrase crease grease".split()
)
"""Real words that differ by one letter from one of `_WORDS`."""
_ABBREVIATIONS = {
    "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "shouldnt": "shouldn't", "wont": "won't", "plz": "please", "pls": "please",
    "im": "I'm", "id": "I'd", "ive": "I've", "rember": "remember", "abt": "about", "bout": "about", "froget": "forget", "u": "you", "evrythin": "everything", "evrything": "everything",
}  # fmt: skip
_MAX_CHARACTERS = 300
"""A text of more characters is not corrected."""
_MIN_LETTERS = 5
"""A word of fewer letters is not corrected."""


def put_right(text: str) -> str:
    """Return a text with these typing errors corrected and all apostrophes written as `'`."""
    plain = text.replace("’", "'")
    return re.sub(r"[^\W\d_]+(?:'[^\W\d_]+)?", lambda match: _word(match[0]), plain) if len(plain) <= _MAX_CHARACTERS else plain


def _word(word: str) -> str:
    low = word.lower()
    if low in _ABBREVIATIONS:
        return _ABBREVIATIONS[low]
    if len(low) < _MIN_LETTERS or low in _WORDS or low in _REAL_WORDS or not low.isascii():
        return word
    # The first letter is rarely wrong, and names mostly differ in it.
    near = [known for known in _WORDS if known[0] == low[0] and _one_slip(known, low)]
    return near[0] if near and (word.islower() or word.istitle()) else word


def _one_slip(known: str, said: str) -> bool:
    """Return whether one letter is missing, extra, wrong, or swapped with its neighbour."""
    if abs(len(known) - len(said)) > 1:
        return False
    start = 0
    while start < min(len(known), len(said)) and known[start] == said[start]:
        start += 1
    a, b = known[start:], said[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
