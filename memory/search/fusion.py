"""Putting several rankings together (pure functions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_K = 60
"""Reciprocal rank fusion's constant: how little the first places stand out."""


def reciprocal_rank(rankings: Iterable[Sequence[str]]) -> dict[str, float]:
    """Fuse rankings by reciprocal rank: an id scores 1 / (60 + place) in every ranking that has it.

    Args:
        rankings: Ids, best first; an id that stands twice in one ranking counts where it stands first.

    Returns:
        Scores by id, best first; equal scores in the order of the ids.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, name in enumerate(dict.fromkeys(ranking), start=1):
            scores[name] = scores.get(name, 0.0) + 1.0 / (_K + place)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def regroup(ranking: Iterable[str], group_of: Mapping[str, str]) -> list[str]:
    """Replace every id by its group (an id in none stands for itself), each group where its best member stood."""
    return list(dict.fromkeys(group_of.get(name, name) for name in ranking))
