"""Rules that decide whether a model's judgement is accepted that one fact repeats or supersedes another (pure functions).

A model says how two facts are related, and these rules decide whether to believe it. Everything they accept can be undone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from memory.core.records import SemanticMemory
from memory.facts import change_words
from memory.facts.other_languages import is_english
from memory.facts.statement import stem
from memory.facts.supersession import may_replace, same_subject

Relation = Literal["same", "changed", "other"]
"""The relation of an older fact to a new one: it says the same, the new one supersedes it, or both hold."""
ScoredFact = tuple[SemanticMemory, float]
"""A fact, and its cosine to the fact that it is compared with."""
ASKED_ABOUT = 3
"""A model is asked about at most this many older facts, and as many newer ones if the new fact is of an earlier time."""
_MAX_SUPERSEDED = 2
"""One turn supersedes at most this many older facts."""
FAR = 0.2
"""Below this cosine an older fact cannot exclude a new one: `studies medicine` and `dropped out` have a cosine of 0.29."""
_MIN_SAME_COSINE = 0.75
"""Below this cosine two facts cannot be the same: real repetitions have a cosine of 0.89 and above."""


@dataclass(frozen=True)
class Changes:
    """The effects of a new fact on older facts, and of already stored later facts on the new one.

    Attributes:
        same_as: The older fact that it repeats. That fact is strengthened, and the new one is not recalled beside it.
        supersedes: The older facts that are no longer true.
        superseded_by: The later fact that supersedes it, from the later fact's time on.
        repeated_by: The later fact that repeats it.
    """

    same_as: str | None = None
    supersedes: tuple[str, ...] = ()
    superseded_by: str | None = None
    repeated_by: str | None = None


_WORDS = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_SMALL_WORDS_WORDS = "the a an user user's their they them this that it its is has and of to in on at with for"
_SMALL_WORDS = frozenset(_SMALL_WORDS_WORDS.split())
"""These words make no difference between two facts."""
_TURN_WORDS = """
    not no never none nobody nothing without hardly don't doesn't didn't can't cannot couldn't won't wouldn't isn't
    wasn't hasn't hadn't might may maybe perhaps would could should will if almost nearly think thinking consider
    considering hope hoping want wish plan planning try trying going used stop stopped quit gave given hate dislike
    avoid until before ex former almost
"""
_TURNS = frozenset(stem(word) for word in _TURN_WORDS.split())
"""A fact with one of these words does not say the same as a fact without it."""
_NUMBERS = re.compile(
    r"\d+|\b(?:no|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice|half|first|second|third)\b",
    re.IGNORECASE,
)


def worth_asking(new: SemanticMemory, older: Sequence[ScoredFact]) -> list[ScoredFact]:
    """Return the facts that a model is asked about, nearest first, at most three.

    These facts were valid when the new one was said, and the new one may repeat or supersede them. The model is not asked about
    other facts, because the rules would not accept its answer.

    Args:
        new: The new fact.
        older: Older facts, with their cosine to it.
    """
    close = [
        (old, cosine)
        for old, cosine in older
        if cosine >= FAR
        and old.id != new.id
        and old.time.timestamp() <= new.time.timestamp()
        and _valid_at(old, new.time)
        and same_subject(new.content, old.content)
        and (_may_supersede(new, old) or _may_be_same(new, old, cosine))
    ]
    return sorted(close, key=lambda item: (-item[1], item[0].id))[:ASKED_ABOUT]


def decide(new: SemanticMemory, asked: Sequence[ScoredFact], said: Mapping[str, Relation]) -> Changes:
    """Return the changes that the rules accept from a model's judgement.

    Args:
        new: The new fact.
        asked: The result of `worth_asking`.
        said: The model's judgement by the older fact's id.
    """
    for old, cosine in asked:
        if _may_be_same(new, old, cosine) and (said.get(old.id) == "same" or _says_it_again(new.content, old.content)):
            return Changes(same_as=old.id)
    # Only the person changes what they wrote themselves.
    gone = [old.id for old, _ in asked if said.get(old.id) == "changed" and _may_supersede(new, old)]
    return Changes(supersedes=tuple(gone[:_MAX_SUPERSEDED]))


def later_facts(old: SemanticMemory, newer: Sequence[ScoredFact]) -> list[ScoredFact]:
    """Return the later facts that may repeat or supersede an older one, in the order of their times.

    Args:
        old: The older fact, which is remembered after them.
        newer: Stored facts, with their cosine to it.
    """
    begin = old.time.timestamp()
    end = old.valid_until.timestamp() if old.valid_until else math.inf
    close = [
        (new, cosine)
        for new, cosine in newer
        if cosine >= FAR
        and begin < new.time.timestamp() < end
        and same_subject(new.content, old.content)
        and (_may_supersede(new, old) or _may_be_same(new, old, cosine))
    ]
    return sorted(close, key=lambda item: (item[0].time.timestamp(), item[0].id))


def on_their_own(newer: Sequence[ScoredFact], changes: Changes) -> list[ScoredFact]:
    """Return the later facts that a model is asked about, the earliest first, at most three.

    A repetition is left out, unless the fact that it repeats is superseded before the repetition was said.

    Args:
        newer: The result of `later_facts`.
        changes: What the earlier fact does to still older facts. If it only repeats one, no model is asked.
    """
    asked: dict[str, ScoredFact] = {}
    for new, cosine in newer if changes.same_as is None else ():
        if new.same_as is None or new.same_as in changes.supersedes:
            asked.setdefault(new.same_as or new.id, (new, cosine))
    return list(asked.values())[:ASKED_ABOUT]


def decide_since(old: SemanticMemory, new: SemanticMemory, cosine: float, said: Relation | None, changes: Changes) -> Changes:
    """Return the changes to an older fact, extended by what the rules accept from a model's judgement of one later fact.

    Args:
        old: The older fact, which is remembered after the later one.
        new: The later fact.
        cosine: Their cosine.
        said: The model's judgement: the relation of the older fact to the later one.
        changes: The changes so far. If both facts hold, they are returned as they are.
    """
    if _may_be_same(new, old, cosine) and (said == "same" or _says_it_again(new.content, old.content)):
        # A fact that the person wrote themselves stays the one that is recalled.
        return replace(changes, same_as=new.id) if new.edited else replace(changes, repeated_by=new.id)
    if said == "changed" and _may_supersede(new, old):
        return replace(changes, superseded_by=new.id)
    return changes


def _valid_at(fact: SemanticMemory, time: datetime) -> bool:
    """Return whether a fact was valid at a time and no repetition. A fact that the person called outdated is never valid."""
    if fact.is_valid or fact.same_as is not None or fact.superseded_by == fact.id or fact.valid_until is None:
        return fact.is_valid
    return fact.valid_until.timestamp() > time.timestamp()


def _may_supersede(new: SemanticMemory, old: SemanticMemory) -> bool:
    return not old.edited and _may_replace(new, old)


def _may_be_same(new: SemanticMemory, old: SemanticMemory, cosine: float) -> bool:
    return cosine >= _MIN_SAME_COSINE and _may_repeat(new.content, old.content)


def _may_replace(new: SemanticMemory, old: SemanticMemory) -> bool:
    return may_replace(new.content, old.content, new.time, old.time)


def _may_repeat(new: str, old: str) -> bool:
    """Return False if a number, an ending or an attitude differs, or a name or colour is new: `two dogs` and `three`."""
    return (
        _numbers(new) == _numbers(old)
        and not _particulars(new) - {word.lower() for word in _WORDS.findall(old)}
        and change_words.endings(new) == change_words.endings(old)
        and change_words.is_in_favour(new) == change_words.is_in_favour(old)
    )


def _says_it_again(new: str, old: str) -> bool:
    """Return whether the older fact has all words of the newer one. Then they are the same without asking a model."""
    newer, older = ({stem(word) for word in _words(text)} for text in (new, old))
    same = newer <= older and not (older - newer) & _TURNS
    return same and is_english(new) and is_english(old)


def _words(text: str) -> list[str]:
    return [word for word in (part.lower().replace("’", "'") for part in _WORDS.findall(text)) if word not in _SMALL_WORDS]


def _particulars(text: str) -> set[str]:
    """Return the names and colours in a fact, which distinguish one thing of its type from another."""
    words = _WORDS.findall(text)
    named = {word.lower() for word in words[1:] if word[:1].isupper()} if is_english(text) else set()
    return (named | {word.lower() for word in words if word.lower() in change_words.COLOURS}) - {
        "the",
        "user",
        "user's",
        "user’s",
    }


def _numbers(text: str) -> set[str]:
    return {word.lower() for word in _NUMBERS.findall(text)}
