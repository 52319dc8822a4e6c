"""How far a judge agrees with labels: the raw share, and Cohen's kappa, which takes chance out of it (pure functions)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """The agreement of a judge with hand-made labels.

    Attributes:
        rows: How many both rated.
        raw: The share of equal ratings.
        kappa: Cohen's kappa (1960); 1 if both always give the same single rating.
        labels: The mean rating by hand.
        judge: The mean rating of the judge: a higher one is lenient.
    """

    rows: int
    raw: float
    kappa: float
    labels: float
    judge: float


def agreement(labels: Sequence[float], ratings: Sequence[float]) -> Agreement:
    """Compare ratings with labels, each pair of the same row; there is at least one."""
    rows = len(labels)
    raw = sum(label == rating for label, rating in zip(labels, ratings, strict=True)) / rows
    by_hand, by_judge = Counter(labels), Counter(ratings)
    chance = sum(by_hand[value] * by_judge[value] for value in by_hand) / rows**2
    kappa = (raw - chance) / (1 - chance) if chance < 1 else 1.0
    return Agreement(rows, raw, kappa, sum(labels) / rows, sum(ratings) / rows)
