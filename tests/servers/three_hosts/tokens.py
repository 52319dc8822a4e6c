"""Canary tokens: every message has its own, which says whose message it is and which one (pure)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

PATTERN = re.compile(r"\bK(?P<person>\d{3})M(?P<number>\d{3})[a-z]{5}\b")
_LETTERS = "bcdfghjklmnpqrstvwxz"


def token(seed: int, person: int, number: int) -> str:
    """Return the token of a person's message."""
    chosen = random.Random(f"{seed} {person} {number}").choices(_LETTERS, k=5)
    return f"K{person:03}M{number:03}{''.join(chosen)}"


def found(text: str) -> list[str]:
    """Return the tokens in a text, those of earlier messages first."""
    return sorted({match[0] for match in PATTERN.finditer(text)}, key=number_of)


def number_of(one: str) -> int:
    """Return the number of the message that a token belongs to."""
    return int(one[5:8])


def people_of(some: Iterable[str]) -> set[str]:
    """Return the people whose tokens these are."""
    return {one[:4] for one in some}
