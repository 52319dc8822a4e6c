"""Lists of what another program remembered: each memory becomes a fact of ours, which has no message."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from memory.core.errors import PersonaError
from memory.imports.reasons import KNOWN_FACTS, NOT_TAKEN

if TYPE_CHECKING:
    from memory.stores.items import Items

NAMESPACE = "imported"


def store(
    items: Items, user_id: str, format_: str, facts: Iterable[tuple[str, datetime | None]]
) -> tuple[list[str], Counter[str]]:
    """Store facts; the same words are one fact, however often they are imported.

    Args:
        items: The items of all users.
        user_id: The user whose facts they are.
        format_: The format of their source.
        facts: (words, time) pairs; a time of None is now.

    Returns:
        The ids of the new facts, and how many were left out by reason.
    """
    added: list[str] = []
    skipped: Counter[str] = Counter()
    for text, time in facts:
        key = _key(text)
        if items.get(user_id, (NAMESPACE, format_), key) is not None:
            skipped[KNOWN_FACTS] += 1
            continue
        try:
            added.append(items.store(user_id, (NAMESPACE, format_), key, {"text": text}, time))
        except PersonaError:
            skipped[NOT_TAKEN] += 1
    return added, skipped


def known(items: Items | None, user_id: str, format_: str, texts: Iterable[str]) -> int:
    """Return how many texts `store` would leave out because they are here already, or twice among the texts.

    Args:
        items: The items of all users; None: there are none.
        user_id: The user whose facts they are.
        format_: The format of their source.
        texts: The words of the facts.
    """
    seen: set[str] = set()
    count = 0
    for key in map(_key, texts):
        count += key in seen or (items is not None and items.get(user_id, (NAMESPACE, format_), key) is not None)
        seen.add(key)
    return count


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
