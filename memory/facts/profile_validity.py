"""The profile without superseded items: they are left out before the next rewrite of the profile (pure).

The lines are rewritten when a session has ended. A small model copies the old `dislikes: coriander` beside its new `likes:
coriander`. If it is also told what is no longer true, it copies that too (docs/decisions/011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.core.records import ProfileEntry
from memory.core.tokenize import terms
from memory.facts.change_words import is_in_favour

_TASTE_KEYS = {"likes", "dislikes"}
_FACT_LINE_KEYS = {"home", "work", "job", "age", *_TASTE_KEYS}
"""Keys of lines that only repeat a fact, and become invalid with it. `family: sister Lena` stays when she moves."""


@dataclass(frozen=True)
class Replaced:
    """A superseded fact.

    Attributes:
        old: Its text.
        new: The text of the newer fact; empty if the person called the old one outdated.
        time: When the newer fact was said.
    """

    old: str
    new: str
    time: datetime


def may_be_untrue(entry: ProfileEntry) -> bool:
    """Return whether a newer fact can remove items from a line. Only the person changes what they wrote themselves."""
    return entry.key in _FACT_LINE_KEYS and not entry.edited


def as_it_holds(entries: Sequence[ProfileEntry], replaced: Sequence[Replaced]) -> list[ProfileEntry]:
    """Return the profile without the items that were written before a newer fact superseded them.

    Args:
        entries: The profile lines. The items of a list are separated by commas.
        replaced: The superseded facts.
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
    """Return whether an item says what the old fact said and the new one does not."""
    words, old, new = (set(terms(text)) for text in (item, replaced.old, replaced.new))
    if not words or not words <= old:
        return False
    if not replaced.new:
        return key not in _TASTE_KEYS or is_in_favour(key) == is_in_favour(replaced.old)
    if key in _TASTE_KEYS:
        # If the old fact named several things, the newer one only concerns those that it names too.
        return words <= new and is_in_favour(key) == is_in_favour(replaced.old) != is_in_favour(replaced.new)
    return not words <= new
