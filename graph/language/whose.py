"""Whom a position in a sentence is about: its speaker, or another person (pure rules; English and common foreign words)."""

from __future__ import annotations

import re

from graph.language.language import language_of
from graph.language.language_id import SURE, guess
from graph.language.third_person import third_person
from memory.facts.change_phrases import PERSONS

_SOMEBODY = rf"(?:{PERSONS}|teacher|trainer|conductor|instructor|mentor|doctor|dentist|student|trainee)s?"
_CLAUSE = r"(?:^|[,;:.!?–—(]\s*|\b(?:and|but|so|because|since|when|while|that|if|as|though|although|where)\s+)"
_MARK = re.compile(
    rf"(?P<own>\b(?:i|we|im|ive)\b)"
    rf"|(?P<other>\b(?:he|she|they|who|whose)\b|{_CLAUSE}(?:my|our|his|her|their|the)\s+(?:[\w'-]+\s+){{0,2}}?{_SOMEBODY}\b(?!['’]s\s+and)"
    rf"|(?:\b(?:and|but|so|because|while)|[,;:])\s(?-i:[A-Z][a-z]+)(?=\s+(?-i:[a-z]))(?!\s+and\b))"
    rf"|(?P<thing>{_CLAUSE}(?:my|our)\s+(?!(?:[\w'-]+\s+){{0,2}}?{_SOMEBODY}\b))",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:i|we|my|our|me|us|mine|im|ive)\b", re.IGNORECASE)
_OPENS = re.compile(
    r"^(?:\W|\b(?:on|in|at|from|most|so|and|also|every|each|once|twice|the|now|my|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|always|usually)\b)*$",
    re.IGNORECASE,
)
_IS_FOR = re.compile(r"\b(?:is|are) (?:always |usually )?for\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"^\W*(?:(?:und|aber|y|pero|et|mais)\s+)?(?:(?:mein|meine|unser|unsere|mi|mis|nuestro|nuestra|mon|ma|mes)\s+(?!name|nombre|nom\b|ziel|meta|objetivo|but\b)\w+"
    r"|er|sie|él|ella|ellos|ellas|il|elle|ils|elles)\b"
    r"|^\W*(?:他|她|他们|她们|我(?:的)?(?:妈|爸|姐|妹|哥|弟|朋友|室友|老公|老婆|丈夫|妻子|儿子|女儿|奶奶|爷爷|外婆|外公|老板|同事|邻居))",
    re.IGNORECASE,
)


def is_own(sentence: str, place: int) -> bool:
    """Return whether the words at a position of a sentence are about its speaker or the speaker's things and people.

    Args:
        sentence: A sentence that states something.
        place: Where the words begin.
    """
    if is_foreign(sentence):
        return not _OTHERS.match(sentence)
    before = [match for match in _MARK.finditer(sentence) if match.start() < max(place, 1)]
    if before:
        return before[-1].lastgroup != "other"
    if _OPENS.match(sentence[:place]):
        after = next(iter(_MARK.finditer(sentence, place)), None)
        if after is None or after.lastgroup != "other":
            return bool(_FIRST_PERSON.search(sentence) or _IS_FOR.search(sentence)) or _without_subject(sentence)
        return False
    return _without_subject(sentence)


def is_foreign(sentence: str) -> bool:
    """Return whether a sentence is not in English; if no word decides it, its letters do."""
    language = language_of(sentence)
    if language != "unknown":
        return language == "other"
    guessed, confidence = guess(sentence)
    return guessed != "en" and confidence >= SURE


def has_speaker(sentence: str) -> bool:
    """Return whether a sentence mentions its speaker, or the speaker's things and people."""
    return bool(_FIRST_PERSON.search(sentence)) or _without_subject(sentence)


def _without_subject(sentence: str) -> bool:
    return bool(re.match(r"the user\b(?!['’])", third_person(sentence), re.IGNORECASE))
