"""Days that a text names in German, French, Spanish, Chinese, Japanese or Hindi ("letzten Freitag", "两周前"; pure).

English has rules of its own (`temporal`). Which language a phrase belongs to, the phrase itself tells: no other language has
its words. A word that others have too (French `hier` is German for `here`) counts only beside more words of its language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from memory.core.named_days import Days, Prefer
from memory.core.time_meanings import Phrase
from memory.core.time_rules import Language, edged, folded
from memory.core.times_in_chinese import CHINESE
from memory.core.times_in_french import FRENCH
from memory.core.times_in_german import GERMAN
from memory.core.times_in_hindi import HINDI
from memory.core.times_in_japanese import JAPANESE
from memory.core.times_in_spanish import SPANISH

_KANA, _HAN, _DEVANAGARI = re.compile("[ぁ-ゖァ-ヺ]"), re.compile("[一-鿿]"), re.compile("[\u0900-\u097f]")


def days_of_phrase(text: str, today: date, zone: str, prefer: Prefer) -> Days | None:
    """Return the days of the first phrase about time in a text; None if there is none.

    Args:
        text: A question or a note.
        today: The day on which it was said.
        zone: The time zone where it was said: in the southern hemisphere, summer begins in December.
        prefer: Which month or date is meant if the text does not say.
    """
    plain = folded(text)
    said = Phrase(today, zone, prefer)
    words = edged(plain)
    found = [one for language in _languages(text) for one in language.found(plain, words, said)]
    taken = 0
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.start < taken:
            continue
        if one.days is not None:
            return one.days
        taken = one.end
    return None


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
