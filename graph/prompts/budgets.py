"""How many tokens each part of a prompt may have, and what fits into them (pure functions)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BYTES_PER_TOKEN = 3
"""English has 4 to 5 bytes a token, Chinese about 3: counting 3 errs on the safe side without a tokenizer."""
_AT_ONCE = (16, 8, 4, 2)
"""Turns of recent talk that leave the prompt together, at most; fewer where so many do not fit."""


@dataclass(frozen=True)
class Budgets:
    """Tokens: the model's window, what is kept for its output, and each section's share."""

    window: int = 16_384
    output: int = 1_024
    profile: int = 500
    recent: int = 1_500
    recent_spare: int = 1_000
    """Layout `cache`: so much more recent talk stays, where the window is wide, so that the oldest turns go several at once."""
    evidence: int = 900
    """Layout `cache`: of what a search brings, all kinds together."""
    procedural: int = 250
    semantic: int = 700
    dialogue: int = 1_500
    photo: int = 700
    """What is said of recalled pictures; each that is shown costs 300 on top."""
    session: int = 4_000
    """The turns of a session that is consolidated."""


def estimate_tokens(text: str) -> int:
    """Estimate a text's tokens, rather too many than too few."""
    return len(text.encode(errors="surrogatepass")) // BYTES_PER_TOKEN + 1


def fit(entries: Sequence[str], budget: int) -> list[str]:
    """Keep whole entries, first come first kept, while they fit into `budget` tokens."""
    kept: list[str] = []
    for entry in entries:
        size = estimate_tokens(entry)
        if size <= budget:
            kept.append(entry)
            budget -= size
    return kept


def newest(entries: Sequence[tuple[int, str]], budget: int, spare: int = 0) -> list[int]:
    """Choose the newest whole entries that fit into `budget` tokens; returns their numbers in time order.

    Where the oldest one left with each turn, a prefix cache would lose all of the talk each turn. So the talk begins at a round
    number where it can: what is older than the budget stays down to there, and then leaves together.

    Args:
        entries: Numbers in ascending order, and texts.
        budget: Tokens of the newest.
        spare: Tokens of those before them, at most.
    """
    kept: list[int] = []
    first = 0
    for number, text in reversed(entries):
        if (size := estimate_tokens(text)) <= budget:
            kept.insert(0, number)
            first, budget = number, budget - size
    for step in _AT_ONCE:
        older = [(number, text) for number, text in entries if first - first % step <= number < first]
        if sum(estimate_tokens(text) for _, text in older) <= spare:
            return [*(number for number, _ in older), *kept]
    return kept
