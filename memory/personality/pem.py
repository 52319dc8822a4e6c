"""PEM, the momentum-based Big Five: pure functions (arXiv 2604.13074, the personality evolving mechanism)."""

from __future__ import annotations

import math
from collections.abc import Collection

from memory.core.records import TRAITS, BigFive

NEUTRAL = 3
"""An inferred 3 is 'no evidence': that trait stays as it is."""
_RAMP = 50
"""Turns over which the momentum grows."""


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
    return 1 - (0.1 + 0.4 * (math.cos(math.pi * min(m, _RAMP) / _RAMP) + 1) / 2)


def evolve(scores: BigFive, inferred: BigFive, m: int, pinned: Collection[str] = ()) -> BigFive:
    """Move each trait towards this turn's evidence: p ← λp + (1 − λ)x.

    Args:
        scores: The remembered scores p, 1 to 5.
        inferred: This turn's x, whole numbers 1 to 5; 3 leaves its trait as it is.
        m: The user's remembered turns before this one.
        pinned: Traits that do not move.
    """
    weight = momentum(m)
    moved = {}
    for trait in TRAITS:
        p, x = getattr(scores, trait), getattr(inferred, trait)
        # The bounds hold in exact arithmetic; rounding could leave them by one part in 10^16.
        value = p if x == NEUTRAL or trait in pinned else weight * p + (1 - weight) * x
        moved[trait] = min(5.0, max(1.0, value))
    return BigFive(**moved)
