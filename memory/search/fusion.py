"""Fuses several rankings into one (pure functions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_K = 60
"""The constant of reciprocal rank fusion. The higher it is, the less the first places stand out."""


def reciprocal_rank(rankings: Iterable[Sequence[str]]) -> dict[str, float]:
    """Fuse rankings by reciprocal rank: an id scores 1 / (60 + place) in every ranking that has it.

    Args:
        rankings: Lists of ids, best first. If a ranking has an id twice, its first place counts.

    Returns:
        Scores by id, best first; equal scores in the order of the ids.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, name in enumerate(dict.fromkeys(ranking), start=1):
            scores[name] = scores.get(name, 0.0) + 1.0 / (_K + place)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def regroup(ranking: Iterable[str], group_of: Mapping[str, str]) -> list[str]:
    """Return a ranking of groups, each at the place of its best member. An id without a group is its own group."""
    return list(dict.fromkeys(group_of.get(name, name) for name in ranking))
