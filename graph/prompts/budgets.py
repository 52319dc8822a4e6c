"""How many tokens each part of a prompt may have, and what fits into them (pure functions)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BYTES_PER_TOKEN = 3
"""English has 4 to 5 bytes per token, Chinese about 3: assuming 3 is a safe estimate without a tokenizer."""
_DROPPED_TURNS = (16, 8, 4, 2)
"""Number of recent turns that leave the prompt together; a smaller step if that does not fit."""


@dataclass(frozen=True)
class Budgets:
    """Token budgets: the model's window, its output, and each section's share."""

    window: int = 16_384
    output: int = 1_024
    profile: int = 500
    recent: int = 1_500
    recent_spare: int = 1_000
    """Layout `cache`: extra recent turns in a wide window, so that the oldest turns leave several at a time."""
    evidence: int = 900
    """Layout `cache`: search results of all memory types together."""
    procedural: int = 250
    semantic: int = 700
    dialogue: int = 1_500
    photo: int = 700
    """Descriptions of recalled photos; each shown photo costs 300 more."""
    session: int = 4_000
    """The turns of a session that is consolidated."""


def estimate_tokens(text: str) -> int:
    """Return an estimate of a text's tokens; it errs towards too many."""
    return len(text.encode(errors="surrogatepass")) // BYTES_PER_TOKEN + 1


def fit(entries: Sequence[str], budget: int) -> list[str]:
    """Return the first whole entries that fit into `budget` tokens."""
    kept: list[str] = []
    for entry in entries:
        size = estimate_tokens(entry)
        if size <= budget:
            kept.append(entry)
            budget -= size
    return kept


def newest(entries: Sequence[tuple[int, str]], budget: int, spare: int = 0) -> list[int]:
    """Return the numbers of the newest whole entries that fit into `budget` tokens, in time order.

    If the oldest turn left the prompt with each new turn, a prefix cache would lose the whole conversation each time. So the
    shown turns begin at a round number where possible: older turns down to that number stay, and then leave together.

    Args:
        entries: Numbers in ascending order, and texts.
        budget: Tokens for the newest entries.
        spare: Maximum tokens for the entries before them.
    """
    kept: list[int] = []
    first = 0
    for number, text in reversed(entries):
        if (size := estimate_tokens(text)) <= budget:
            kept.insert(0, number)
            first, budget = number, budget - size
    for step in _DROPPED_TURNS:
        older = [(number, text) for number, text in entries if first - first % step <= number < first]
        if sum(estimate_tokens(text) for _, text in older) <= spare:
            return [*(number for number, _ in older), *kept]
    return kept
