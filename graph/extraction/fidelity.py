"""What a fact lost or invented, compared with the words it was made from (pure rules; English).

A small model writes "The user got into the orchestra" for "My flatmate got into the orchestra", leaves "165 over 100" out,
and turns a husband into a father. Rules detect this; the fact is then kept in the person's own words instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memory.facts.change_words import COLOURS
from memory.facts.statement import stem

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b(?: \d\d:\d\d)?")
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ],
        start=1,
    )
} | {"twice": "2", "both": "2", "third": "3", "first": "1", "second": "2", "fourth": "4", "fifth": "5", "couple": "2"}
_RELATIONS_WORDS = """
    mother mum mom father dad parents sister brother son daughter grandmother grandma nan nana granny grandfather
    grandpa grandson granddaughter grandchild aunt uncle cousin niece nephew wife husband partner girlfriend boyfriend
    fiance fiancee ex friend colleague coworker boss manager neighbour neighbor flatmate roommate housemate landlord
    landlady teacher student mother-in-law father-in-law brother-in-law sister-in-law stepmother stepfather stepson
    stepdaughter twin twins baby child children kids therapist doctor dentist coach mentor godmother godfather
"""
_RELATIONS = frozenset(_RELATIONS_WORDS.split())
_SAME_RELATION = {"mum": "mother", "mom": "mother", "dad": "father", "grandma": "grandmother", "nan": "grandmother",
                  "nana": "grandmother", "granny": "grandmother", "grandpa": "grandfather", "kids": "children",
                  "child": "children",
                  "coworker": "colleague", "roommate": "flatmate", "neighbor": "neighbour", "twins": "twin"}  # fmt: skip
_AGAINST = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|hardly|cannot|no longer|any ?more|stopp?\w*|quit\w*|gave up|"
    r"given up|hates?|dislikes?|avoids?)"
    r"\b|n['’]t\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:might|may|maybe|perhaps|think(?:s|ing)? (?:of|about)|consider\w*|hop(?:e|es|ing)|wants?|wish\w*|plan\w*|"
    r"would|if|tempted|dreams?|"
    r"intends?|going to|will|trying|tries|try|used to|almost|nearly|unsure|not sure)\b|['’](?:d|ll)\b",
    re.IGNORECASE,
)
_FILLERS_WORDS = """
    the user user's user’s a an and or but of to in on at for with from by about that this these those is are was were
    be been being has have had do does did their they them he she his her him it its as than then so who which whose
    when where there also now named called name new got get go went since into over out up not no will would can could
    because after before during while very
"""
_FILLERS = frozenset(_FILLERS_WORDS.split())
_CALENDAR_WORDS = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday
"""
_CALENDAR = frozenset(_CALENDAR_WORDS.split())
_NO_NAMES = frozenset(["i", "user", "the", "mr", "mrs", "ms", "dr"])
_MIN_SUPPORT_SHARE = 0.6
"""Share of a fact's words that must have been said."""


def slips(said: Sequence[str], fact: str, *, whole: bool = True) -> list[str]:
    """Return what is wrong with a fact; an empty list if nothing is known to be wrong.

    Args:
        said: The sentences of the message that state something (`graph.language.statements`).
        fact: What a model made from them, in the third person.
        whole: Whether losses count too, not only inventions: a large model chooses what matters, a small one forgets.
    """
    told, source = " ".join(said), " ".join(sources(said, fact))
    written = _DATE.sub(" ", fact)
    found = []
    if _numbers(written) - _numbers(told):
        found.append("a number that was not said")
    if names(fact) - _in(told) - _months(fact):
        found.append("a name that was not said")
    if _of(COLOURS, fact) - _of(COLOURS, told):
        found.append("a colour that was not said")
    if _relations(fact) - _relations(told):
        found.append("whose it is")
    if _subject(source) and _subject(fact) and _subject(source) != _subject(fact):
        found.append("who it is")
    if bool(_AGAINST.search(source)) != bool(_AGAINST.search(fact)):
        found.append("a no")
    return found + (_losses(source, fact, told) if whole else [])


def _losses(source: str, fact: str, told: str) -> list[str]:
    found = []
    if _numbers(source) - _numbers(fact):
        found.append("a number is lost")
    if names(source) - _in(fact):
        found.append("a name is lost")
    if _of(COLOURS, source) - _of(COLOURS, fact):
        found.append("a colour is lost")
    if _relations(source) - _relations(fact):
        found.append("a relation is lost")
    if _OPEN.search(source) and not _OPEN.search(fact):
        found.append("only a plan")
    if _support(told, fact) < _MIN_SUPPORT_SHARE:
        found.append("other words")
    return found


def names_something(said: Sequence[str]) -> bool:
    """Return whether sentences contain a name, a number in digits or a relative or friend: then they are worth keeping."""
    told = " ".join(said)
    return bool(names(told) or _NUMBER.search(told) or _relations(told))


def sources(said: Sequence[str], fact: str) -> list[str]:
    """Return the sentences that a fact was made from: those that share a word with it, or all if none does."""
    words = stems(fact)
    shared = [sentence for sentence in said if words & stems(sentence)]
    return shared or list(said)


def names(text: str) -> set[str]:
    """Return the names in a text in lower case: capitalised words in the middle of a sentence."""
    found = set()
    for match in re.finditer(r"(?<=[\w,;:)’'\"“] )[\"“']?([A-ZÀ-ÖØ-Þ][\w’'-]*)", text):
        word = re.sub(r"['’]s$", "", match[1]).lower().rstrip("'’")
        if word not in (
            "i",
            "i'm",
            "i’m",
            "i've",
            "i’ve",
            "i'll",
            "i’ll",
            "i'd",
            "i’d",
            "user",
            "the",
            "mr",
            "mrs",
            "ms",
            "dr",
        ):
            found.add(word)
    return found


def _months(fact: str) -> set[str]:
    """Return months and weekdays: a resolved date may be written with them."""
    return names(fact) & _CALENDAR if _DATE.search(fact) else set()


def _numbers(text: str) -> set[str]:
    words = {_NUMBER_WORDS[word.lower()] for word in re.findall(r"[a-zA-Z]+", text) if word.lower() in _NUMBER_WORDS}
    # "one" and "first" are rarely numbers; numbers in digits always are.
    return ({part for number in _NUMBER.findall(text) for part in re.split(r"[.,:/]", number)} | words) - {"1"}


def _in(text: str) -> set[str]:
    words = {word.lower() for word in _WORD.findall(text)}
    return words | {re.sub(r"['’]s?$", "", word) for word in words}


def _of(which: frozenset[str], text: str) -> set[str]:
    return {word for word in (part.lower() for part in _WORD.findall(text)) if word in which}


def _relations(text: str) -> set[str]:
    words = {re.sub(r"['’]s?$", "", word.lower()) for word in _WORD.findall(text)}
    return {_SAME_RELATION.get(word, word) for word in words if word in _RELATIONS}


def _subject(text: str) -> str:
    """Return whom the sentence is about: `user`, `other` (a person's relative or a named person), or empty if unknown."""
    start = text.strip()
    if re.match(r"(?:my|our)\b(?!.{1,40}?\band i\b)", start, re.IGNORECASE) or re.match(
        r"the user['’]s\b", start, re.IGNORECASE
    ):
        return "other"
    if re.match(r"the user (?:has|have|owns|keeps|and)\b", start, re.IGNORECASE):
        # "The user has a parrot called Zazu" says "My parrot is called Zazu".
        return ""
    if re.match(r"(?:i|we|i['’]\w+|we['’]\w+)\b", start, re.IGNORECASE) or re.match(r"the user\b", start, re.IGNORECASE):
        return "user"
    return ""


def _support(said: str, fact: str) -> float:
    mine = stems(fact)
    return len(mine & stems(said)) / len(mine) if mine else 1.0


def stems(text: str) -> set[str]:
    """Return the content words of a text without their endings; each relation has one word (`mum` becomes `mother`)."""
    words = [re.sub(r"['’]s?$", "", word.lower()) for word in _WORD.findall(_DATE.sub(" ", text))]
    return {stem(_SAME_RELATION.get(word, word)) for word in words if word not in _FILLERS and len(word) > 1}
