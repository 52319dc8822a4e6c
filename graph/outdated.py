"""What a newer fact made untrue comes out of the profile before it is rewritten (pure; English, as the facts are).

A small model copies the line `dislikes: coriander` beside its new `likes: coriander`; told besides what is no longer true, it
copies that as well (docs/decisions/011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memory.change_words import is_against
from memory.terms import terms

_LINES = {"home", "work", "job", "age", "likes", "dislikes"}
"""Lines that say nothing but what the old fact said; `family: sister Lena` stays when she moves."""


def without_untrue(profile: Mapping[str, str], replaced: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the profile without the items that an old fact stands for.

    Args:
        profile: Key to value; a list is its items, separated by commas.
        replaced: (old fact, the newer one that made it untrue).
    """
    kept = dict(profile)
    for key in _LINES & profile.keys():
        items = [item.strip() for item in profile[key].split(",")]
        kept[key] = ", ".join(item for item in items if not any(_is_of(key, item, old, new) for old, new in replaced))
    return {key: value for key, value in kept.items() if value}


def _is_of(key: str, item: str, old: str, new: str) -> bool:
    words = set(terms(item))
    if not words or not words <= set(terms(old)):
        return False
    if not words <= set(terms(new)):
        return True
    # Both name it: what turned is what the person thinks of it, and the line is on the old side.
    return is_against(old) != is_against(new) and is_against(key) == is_against(old)
