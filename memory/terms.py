"""What full-text search makes of a text: words, in any script (pure functions)."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+", re.UNICODE)
_UNSPACED = re.compile(r"([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
"""Thai, Japanese and Chinese are written without spaces between words: there every character is searched by itself."""
_LETTERS = str.maketrans({"\x00": " ", "İ": "I", "Ё": "Е", "ё": "е"})
_VOWEL_MARKS = re.compile(r"[\u0591-\u05bd\u05bf-\u05c7\u064b-\u0652\u0670\u0640]")
"""Of Hebrew and Arabic, written by some and left out by most."""
COMMON = frozenset(
    # English; in other languages every word counts.
    """
    a an and any are as at be been but by can could did do does for from had has have he her his how i if in is it
    its me my of on or our she so than that the their them then there they this to was we were what when where
    which who will with would you your about please tell again s t d ll m re ve not no whom whose why many much kind kinds
    type
    """.split()
)
"""Words that say nothing of what a question is about."""


def searchable(text: str) -> str:
    """Return a text as it is indexed: letters that are written in several ways, in one of them."""
    one_way = unicodedata.normalize("NFKC", text.translate(_LETTERS))
    return _UNSPACED.sub(r" \1 ", _VOWEL_MARKS.sub("", one_way))


def terms(query: str) -> list[str]:
    """Return the words that are searched for, each once; the common ones only where there are no others."""
    every = list(dict.fromkeys(_WORD.findall(searchable(query).lower())))
    return [word for word in every if word not in COMMON] or every
