"""When a newer fact repeats an older one or makes it untrue: the rules that a model's judgement has to pass (pure functions).

A model says how two facts stand to each other; these rules decide whether it is believed. Whatever passes can be undone.
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
"""How an older fact stands to a new one: it says the same, the new one replaces it, or both hold."""
Near = tuple[SemanticMemory, float]
"""A fact, and its cosine to the one that is compared."""
ASKED_ABOUT = 3
"""Older facts that a model is asked about, at most; and newer ones, where the new fact is told of an earlier time."""
_MOST = 2
"""Older facts that one turn makes untrue, at most."""
FAR = 0.2
"""Cosine from which an older fact may exclude a new one: `studies medicine` and `dropped out` are at 0.29."""
_VERY_NEAR = 0.75
"""Cosine from which two facts may be the same: real repetitions are at 0.89 and above."""


@dataclass(frozen=True)
class Changes:
    """What a new fact does to older ones, and what those of a later time that are there already do to it.

    Attributes:
        same_as: The older one that it repeats: that one is strengthened, and the new one is not recalled beside it.
        supersedes: The older ones that are no longer true.
        superseded_by: The newer one that makes it untrue, from the newer one's time on.
        repeated_by: The newer one that repeats it.
    """

    same_as: str | None = None
    supersedes: tuple[str, ...] = ()
    superseded_by: str | None = None
    repeated_by: str | None = None


_WORDS = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_SMALL_WORDS_WORDS = "the a an user user's their they them this that it its is has and of to in on at with for"
_SMALL_WORDS = frozenset(_SMALL_WORDS_WORDS.split())
"""They make no difference between two facts."""
_TURN_WORDS = """
    not no never none nobody nothing without hardly don't doesn't didn't can't cannot couldn't won't wouldn't isn't
    wasn't hasn't hadn't might may maybe perhaps would could should will if almost nearly think thinking consider
    considering hope hoping want wish plan planning try trying going used stop stopped quit gave given hate dislike
    avoid until before ex former almost
"""
_TURNS = frozenset(stem(word) for word in _TURN_WORDS.split())
"""Words without which a fact is another one."""
_NUMBERS = re.compile(
    r"\d+|\b(?:no|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice|half|first|second|third)\b",
    re.IGNORECASE,
)


def worth_asking(new: SemanticMemory, older: Sequence[Near]) -> list[Near]:
    """Return the facts that held when the new one was said and that it may repeat or replace, nearest first, at most three.

    A model is asked about those alone of which an answer can be believed: nothing depends on the others.

    Args:
        new: The new fact.
        older: Older ones, with their cosine to it.
    """
    close = [
        (old, cosine)
        for old, cosine in older
        if cosine >= FAR
        and old.id != new.id
        and old.time.timestamp() <= new.time.timestamp()
        and _held_at(old, new.time)
        and same_subject(new.content, old.content)
        and (_may_supersede(new, old) or _may_be_same(new, old, cosine))
    ]
    return sorted(close, key=lambda item: (-item[1], item[0].id))[:ASKED_ABOUT]


def decide(new: SemanticMemory, asked: Sequence[Near], said: Mapping[str, Relation]) -> Changes:
    """Believe of a model's judgement what the rules allow.

    Args:
        new: The new fact.
        asked: What `worth_asking` brought.
        said: The model's judgement by id.
    """
    for old, cosine in asked:
        if _may_be_same(new, old, cosine) and (said.get(old.id) == "same" or _says_it_again(new.content, old.content)):
            return Changes(same_as=old.id)
    # What the person wrote themselves, only they change.
    gone = [old.id for old, _ in asked if said.get(old.id) == "changed" and _may_supersede(new, old)]
    return Changes(supersedes=tuple(gone[:_MOST]))


def said_since(old: SemanticMemory, newer: Sequence[Near]) -> list[Near]:
    """Return the facts of a later time that may repeat an older one or make it untrue, in the order of their times.

    Args:
        old: The older fact, which is remembered later.
        newer: Facts that are there, with their cosine to it.
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


def on_their_own(newer: Sequence[Near], changes: Changes) -> list[Near]:
    """Return which facts of a later time a model is asked about, the earliest first, at most three.

    What only repeats a fact says nothing of its own, unless that fact is superseded before it was said again.

    Args:
        newer: What `said_since` brought.
        changes: What the fact of the earlier time does to those that are older still; a repetition does nothing.
    """
    asked: dict[str, Near] = {}
    for new, cosine in newer if changes.same_as is None else ():
        if new.same_as is None or new.same_as in changes.supersedes:
            asked.setdefault(new.same_as or new.id, (new, cosine))
    return list(asked.values())[:ASKED_ABOUT]


def decide_since(old: SemanticMemory, new: SemanticMemory, cosine: float, said: Relation | None, changes: Changes) -> Changes:
    """Believe of a model's judgement of one newer fact what the rules allow; where both hold, nothing is added.

    Args:
        old: The older fact, which is remembered later.
        new: The newer one.
        cosine: How near they are.
        said: How the older one stands to the newer one.
        changes: What is known of the older one so far.
    """
    if _may_be_same(new, old, cosine) and (said == "same" or _says_it_again(new.content, old.content)):
        # What the person wrote themselves stays what is recalled.
        return replace(changes, same_as=new.id) if new.edited else replace(changes, repeated_by=new.id)
    if said == "changed" and _may_supersede(new, old):
        return replace(changes, superseded_by=new.id)
    return changes


def _held_at(fact: SemanticMemory, time: datetime) -> bool:
    """Say whether a fact stood for itself and held at a time; one that its person called outdated stays so."""
    if fact.is_valid or fact.same_as is not None or fact.superseded_by == fact.id or fact.valid_until is None:
        return fact.is_valid
    return fact.valid_until.timestamp() > time.timestamp()


def _may_supersede(new: SemanticMemory, old: SemanticMemory) -> bool:
    return not old.edited and _may_replace(new, old)


def _may_be_same(new: SemanticMemory, old: SemanticMemory, cosine: float) -> bool:
    return cosine >= _VERY_NEAR and _may_repeat(new.content, old.content)


def _may_replace(new: SemanticMemory, old: SemanticMemory) -> bool:
    return may_replace(new.content, old.content, new.time, old.time)


def _may_repeat(new: str, old: str) -> bool:
    """Say no where a number, an ending or an attitude differs, or a name or colour is new: `two dogs` and `three`."""
    return (
        _numbers(new) == _numbers(old)
        and not _particulars(new) - {word.lower() for word in _WORDS.findall(old)}
        and change_words.endings(new) == change_words.endings(old)
        and change_words.is_in_favour(new) == change_words.is_in_favour(old)
    )


def _says_it_again(new: str, old: str) -> bool:
    """Say whether a fact has no word that the older one lacks: no model has to be asked whether they are the same."""
    newer, older = ({stem(word) for word in _words(text)} for text in (new, old))
    same = newer <= older and not (older - newer) & _TURNS
    return same and is_english(new) and is_english(old)


def _words(text: str) -> list[str]:
    return [word for word in (part.lower().replace("’", "'") for part in _WORDS.findall(text)) if word not in _SMALL_WORDS]


def _particulars(text: str) -> set[str]:
    """Return the names and colours in a fact: what tells one thing of its kind from another."""
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
