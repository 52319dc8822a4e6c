"""How closely PEM follows a changing personality: synthetic people whose true scores are known (pure, seeded)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from memory.core.records import TRAITS, BigFive
from memory.personality.pem import NEUTRAL, evolve

Drift = Literal["none", "slow", "sudden"]
Scores = npt.NDArray[np.float64]
Estimate = Callable[[Scores], Scores]
_SLOW_CHANGE_TURNS = 30
"""Number of turns that a slow change takes."""
_EVIDENCE_PROBABILITY = 0.4
"""Probability that a message shows something about a trait."""
_EVIDENCE_STD = 0.8
"""Standard deviation of the shown score from the true one."""


@dataclass(frozen=True)
class Lives:
    """Synthetic people: `true` scores from 1 to 5 and the scores `showed` by each message (3: nothing); (people, turns, 5)."""

    true: Scores
    showed: Scores


def live(people: int, turns: int, drift: Drift, seed: int = 7) -> Lives:
    """Return people whose traits change half-way, each with a probability of one half."""
    random = np.random.default_rng(seed)
    before, after = random.uniform(1.3, 4.7, (2, people, 1, len(TRAITS)))
    changes = random.random((people, 1, len(TRAITS))) < (0.0 if drift == "none" else 0.5)
    length = _SLOW_CHANGE_TURNS if drift == "slow" else 1
    begun = np.clip((np.arange(turns) - turns // 2) / length, 0.0, 1.0)[None, :, None]
    true = before + (after - before) * begun * changes
    shown = np.clip(np.rint(true + random.normal(0.0, _EVIDENCE_STD, true.shape)), 1, 5)
    return Lives(true, np.where(random.random(true.shape) < _EVIDENCE_PROBABILITY, shown, float(NEUTRAL)))


def pem(showed: Scores) -> Scores:
    """Estimate by this project's rule, turn by turn."""
    followed = np.empty_like(showed)
    for person, turns in enumerate(showed):
        scores = BigFive()
        for m, row in enumerate(turns):
            scores = evolve(scores, BigFive(**dict(zip(TRAITS, row.tolist(), strict=True))), m)
            followed[person, m] = [score for _, score in scores.items()]
    return followed


def last_value(showed: Scores) -> Scores:
    """Estimate by the last score that was shown."""
    followed = np.empty_like(showed)
    now = np.full(showed[:, 0].shape, float(NEUTRAL))
    for turn in range(showed.shape[1]):
        now = np.where(showed[:, turn] == NEUTRAL, now, showed[:, turn])
        followed[:, turn] = now
    return followed


def running_mean(showed: Scores) -> Scores:
    """Estimate by the mean of all scores that were shown."""
    seen = showed != NEUTRAL
    counts = seen.cumsum(axis=1)
    sums = np.where(seen, showed, 0.0).cumsum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), float(NEUTRAL))


ESTIMATES: dict[str, Estimate] = {"pem": pem, "last value": last_value, "running mean": running_mean}


def track(people: int = 200, turns: int = 120, seed: int = 7) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the mean absolute error for each drift and each estimate, in points of the scale from 1 to 5.

    Returns:
        `before` (the second quarter of the turns, before anything changes), `after` (the quarter after the change), `end`
        (the last tenth), `by_trait` (over all turns), and over time, at every tenth of the turns, `curve` and `curves`, by
        trait.
    """
    drifts: tuple[Drift, ...] = ("none", "slow", "sudden")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for drift in drifts:
        lives = live(people, turns, drift, seed)
        found[drift] = {name: _errors(np.abs(estimate(lives.showed) - lives.true)) for name, estimate in ESTIMATES.items()}
    return found


def _errors(error: Scores) -> dict[str, Any]:
    turns = error.shape[1]
    by_turn = error.mean(axis=(0, 2))
    return {
        "before": round(float(by_turn[turns // 4 : turns // 2].mean()), 3),
        "after": round(float(by_turn[turns // 2 : 3 * turns // 4].mean()), 3),
        "end": round(float(by_turn[-turns // 10 :].mean()), 3),
        "by_trait": {trait: round(float(value), 3) for trait, value in zip(TRAITS, error.mean(axis=(0, 1)), strict=True)},
        "curve": _tenths(by_turn),
        "curves": {trait: _tenths(values) for trait, values in zip(TRAITS, error.mean(axis=0).T, strict=True)},
    }


def _tenths(values: Scores) -> list[float]:
    return [round(float(value), 3) for value in values[:: max(1, len(values) // 10)]]
