"""When a newer fact repeats an older one or makes it untrue: the rules that a model's judgement has to pass (pure functions).

A model says how two facts stand to each other; these rules decide whether it is believed. Whatever passes can be undone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from memory import change_words
from memory.records import SemanticMemory
from memory.supersession import may_replace, same_subject

Relation = Literal["same", "changed", "other"]
"""How an older fact stands to a new one: it says the same, the new one replaces it, or both hold."""
ASKED_ABOUT = 3
"""Older facts that a model is asked about, at most."""
_MOST = 2
"""Older facts that one turn makes untrue, at most."""
NEAR = 0.4
"""Cosine from which an older fact is asked about: `lives in Berlin` and `moved to Lisbon` are at 0.45."""
FAR = 0.2
"""Cosine from which one is asked about whose words exclude the new one: `studies medicine` and `dropped out` are at 0.29."""
_VERY_NEAR = 0.75
"""Cosine from which two facts may be the same: real repetitions are at 0.89 and above."""


@dataclass(frozen=True)
class Changes:
    """What a new fact does to older ones.

    Attributes:
        same_as: The older one that it repeats: that one is strengthened, and the new one is not recalled beside it.
        supersedes: The older ones that are no longer true.
    """

    same_as: str | None = None
    supersedes: tuple[str, ...] = ()


_NUMBERS = re.compile(
    r"\d+|\b(?:no|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice|half|first|second|third)\b",
    re.IGNORECASE,
)


def worth_asking(new: SemanticMemory, older: Sequence[tuple[SemanticMemory, float]]) -> list[tuple[SemanticMemory, float]]:
    """Return the older facts that the new one may repeat or replace, nearest first, at most three.

    Args:
        new: The new fact.
        older: Older ones, with their cosine to it.
    """
    close = [
        (old, cosine)
        for old, cosine in older
        if cosine >= FAR
        and old.id != new.id
        and old.time <= new.time
        and old.is_valid
        and same_subject(new.content, old.content)
        and (cosine >= NEAR or _may_replace(new, old))
    ]
    return sorted(close, key=lambda item: (-item[1], item[0].id))[:ASKED_ABOUT]


def decide(new: SemanticMemory, asked: Sequence[tuple[SemanticMemory, float]], said: Mapping[str, Relation]) -> Changes:
    """Believe of a model's judgement what the rules allow.

    Args:
        new: The new fact.
        asked: What `worth_asking` brought.
        said: The model's judgement by id.
    """
    for old, cosine in asked:
        if said.get(old.id) == "same" and cosine >= _VERY_NEAR and _may_repeat(new.content, old.content):
            return Changes(same_as=old.id)
    # What the person wrote themselves, only they change.
    gone = [old.id for old, _ in asked if said.get(old.id) == "changed" and not old.edited and _may_replace(new, old)]
    return Changes(supersedes=tuple(gone[:_MOST]))


def _may_replace(new: SemanticMemory, old: SemanticMemory) -> bool:
    return may_replace(new.content, old.content, new.time, old.time)


def _may_repeat(new: str, old: str) -> bool:
    """Say no where a number, an ending or an attitude differs: `two dogs` and `three`, `loves` and `no longer loves`."""
    return (
        _numbers(new) == _numbers(old)
        and change_words.endings(new) == change_words.endings(old)
        and change_words.is_in_favour(new) == change_words.is_in_favour(old)
    )


def _numbers(text: str) -> set[str]:
    return {word.lower() for word in _NUMBERS.findall(text)}
