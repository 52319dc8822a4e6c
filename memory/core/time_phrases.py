"""Days that a text names in German, French, Spanish, Chinese, Japanese or Hindi ("letzten Freitag", "两周前"; pure).

English has rules of its own (`temporal`). Which language a phrase belongs to, the phrase itself tells: no other language has
its words. A word that others have too (French `hier` is German for `here`) counts only beside more words of its language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from memory.core.named_days import Days, Prefer
from memory.core.time_meanings import Phrase
from memory.core.time_rules import Found, Language, edged, folded
from memory.core.times_in_chinese import CHINESE
from memory.core.times_in_french import FRENCH
from memory.core.times_in_german import GERMAN
from memory.core.times_in_hindi import HINDI
from memory.core.times_in_japanese import JAPANESE
from memory.core.times_in_spanish import SPANISH

MAX_CHARACTERS = 500
"""Only this many characters at the end of a text are searched: the question is there, and the library is slow on long texts."""
_KANA, _HAN, _DEVANAGARI = re.compile("[ぁ-ゖァ-ヺ]"), re.compile("[一-鿿]"), re.compile("[\u0900-\u097f]")
_QUOTED = re.compile(r"""["“”„«][^"“”„«»\n]{1,60}["“”»]|《[^》]{1,60}》|「[^」]{1,60}」|『[^』]{1,60}』""")
"""A title, or a word that somebody asks about."""
# `The`, `of` and `and` are not here: they stand in titles that texts in all languages name.
_ENGLISH = re.compile(
    r"\b(?:what|did|does|do|i|my|is|are|were|how|where|when|who|which|why|have|had|you|your|we|our|she|they|means?)\b"
)
_ENGLISH_TOO = frozenset(("in", "at", "am", "an", "on", "a"))
_FOREIGN_TALK = re.compile("[ぁ-ゖァ-ヺー一-鿿]{5}|[\u0900-\u097f]+ [\u0900-\u097f]+")
"""More than one word in a script that English does not use."""


def days_of_phrase(text: str, today: date, zone: str, prefer: Prefer) -> Days | None:
    """Return the days of the first phrase about time in a text; None if there is none.

    Args:
        text: A question or a note.
        today: The day on which it was said.
        zone: The time zone where it was said: in the southern hemisphere, summer begins in December.
        prefer: Which month or date is meant if the text does not say.
    """
    return next((one.days for one in phrases(text, Phrase(today, zone, prefer)) if one.days is not None), None)


def phrases(text: str, said: Phrase, whole: str = "") -> Iterator[Found]:
    """Yield the phrases about time in a text, and those that only look so; of two at one place, the longer one.

    Args:
        text: A question or a note. What stands in quotation marks counts as nothing.
        said: How it was said.
        whole: The folded text of which it is a part, if it is one.
    """
    text = without_quotations(text)
    plain = folded(text)
    words, whole = edged(plain), whole or plain
    found = [
        one
        for language in _languages(text)
        for one in language.found(plain, words, said, whole)
        if not _stands_in_english(plain[one.start : one.end], whole, language)
    ]
    taken = 0
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.start >= taken:
            yield one
            taken = one.end


def without_quotations(text: str) -> str:
    """Return a text with spaces in place of what stands in quotation marks."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), text)


def _stands_in_english(phrase: str, whole: str, language: Language) -> bool:
    """Return whether a phrase is a single foreign word in an English sentence."""
    foreign = [word for word in phrase.split() if word not in _ENGLISH_TOO]
    return (
        len(foreign) == 1
        and _ENGLISH.search(whole) is not None
        and not language.speaks(whole)
        and _FOREIGN_TALK.search(whole) is None
    )


def _languages(text: str) -> Sequence[Language]:
    if text.isascii():
        return (GERMAN, FRENCH, SPANISH)
    if _KANA.search(text):
        return (JAPANESE,)
    if _HAN.search(text):
        return (CHINESE,)
    if _DEVANAGARI.search(text):
        return (HINDI,)
    return (GERMAN, FRENCH, SPANISH)
