"""PEM, the personality evolving mechanism: Big Five scores with momentum (pure functions; arXiv 2604.13074)."""

from __future__ import annotations

import math
from collections.abc import Collection

from memory.core.records import TRAITS, BigFive

NEUTRAL = 3
"""An inferred score of 3 means "no evidence": the trait does not change."""
_RAMP_TURNS = 50
"""The momentum grows over this many turns."""


def momentum(m: int) -> float:
    """Return λ(m) = 1 − (0.1 + 0.4·(cos(π·min(m, 50)/50) + 1)/2): 0.5 at m = 0, 0.9 from m = 50 on.

    Args:
        m: The user's remembered turns before this one, 0 or more.

    Raises:
        ValueError: m is negative.
    """
    if m < 0:
        msg = f"m counts turns and cannot be {m}"
        raise ValueError(msg)
    return 1 - (0.1 + 0.4 * (math.cos(math.pi * min(m, _RAMP_TURNS) / _RAMP_TURNS) + 1) / 2)


def evolve(scores: BigFive, inferred: BigFive, m: int, pinned: Collection[str] = ()) -> BigFive:
    """Return the scores after one turn: each trait moves towards the turn's evidence, p ← λp + (1 − λ)x.

    Args:
        scores: The remembered scores p, 1 to 5.
        inferred: This turn's scores x, whole numbers 1 to 5. A score of 3 leaves its trait unchanged.
        m: The user's remembered turns before this one, 0 or more.
        pinned: Traits that do not move.

    Raises:
        ValueError: m is negative.

    Example:
        >>> evolve(BigFive(), BigFive(extraversion=5), m=0).extraversion
        4.0
        >>> round(evolve(BigFive(), BigFive(extraversion=5), m=50).extraversion, 3)
        3.2
    """
    weight = momentum(m)
    moved = {}
    for trait in TRAITS:
        p, x = getattr(scores, trait), getattr(inferred, trait)
        # In exact arithmetic the result is always within the bounds; rounding could exceed them by one part in 10^16.
        value = p if x == NEUTRAL or trait in pinned else weight * p + (1 - weight) * x
        moved[trait] = min(5.0, max(1.0, value))
    return BigFive(**moved)
