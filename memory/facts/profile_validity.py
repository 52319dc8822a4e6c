"""A profile as it holds now: what a newer fact made untrue is left out before a rewrite comes to it (pure).

The lines are rewritten when a session has ended, and a small model copies `dislikes: coriander` beside its new `likes:
coriander`; told besides what is no longer true, it copies that as well (docs/decisions/011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.core.records import ProfileEntry
from memory.core.tokenize import terms
from memory.facts.change_words import is_in_favour

_TASTES = {"likes", "dislikes"}
_LINES = {"home", "work", "job", "age", *_TASTES}
"""Lines that say nothing but what the old fact said; `family: sister Lena` stays when she moves."""


@dataclass(frozen=True)
class Replaced:
    """A fact that a newer one made untrue.

    Attributes:
        old: What it said.
        new: What the newer one says; empty where its person said that it is outdated.
        time: When that was said.
    """

    old: str
    new: str
    time: datetime


def may_be_untrue(entry: ProfileEntry) -> bool:
    """Say whether a newer fact can take something out of a line; what the person wrote, only they change."""
    return entry.key in _LINES and not entry.edited


def as_it_holds(entries: Sequence[ProfileEntry], replaced: Sequence[Replaced]) -> list[ProfileEntry]:
    """Return the profile without the items that were written before a newer fact made them untrue.

    Args:
        entries: Its lines; a list is its items, separated by commas.
        replaced: What is no longer true.
    """
    kept = []
    for entry in entries:
        later = [one for one in replaced if one.time > entry.time] if may_be_untrue(entry) else []
        if not later:
            kept.append(entry)
            continue
        items = [item.strip() for item in entry.value.split(",")]
        value = ", ".join(item for item in items if not any(_says(entry.key, item, one) for one in later))
        if value:
            kept.append(entry.model_copy(update={"value": value}))
    return kept


def _says(key: str, item: str, replaced: Replaced) -> bool:
    """Say whether an item says what the old fact said, and the new one does not."""
    words, old, new = (set(terms(text)) for text in (item, replaced.old, replaced.new))
    if not words or not words <= old:
        return False
    if not replaced.new:
        return key not in _TASTES or is_in_favour(key) == is_in_favour(replaced.old)
    if key in _TASTES:
        # Of several things that a fact named, the newer one speaks of those that it names.
        return words <= new and is_in_favour(key) == is_in_favour(replaced.old) != is_in_favour(replaced.new)
    return not words <= new
