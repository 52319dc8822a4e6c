"""What five scores say, in words and rows (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping

from memory.core.records import TRAITS, BigFive, PersonalityPoint

_ENDS = {
    "openness": ("keeps to what is known", "curious, artistic"),
    "conscientiousness": ("carefree, spontaneous", "orderly, careful"),
    "extraversion": ("quiet, likes being alone", "lively, loves company"),
    "agreeableness": ("blunt, goes their own way", "kind, helpful"),
    "neuroticism": ("calm", "worries easily"),
}
"""What the lowest and the highest score of a trait mean."""
_MIDDLE = 3.0
_NOTABLE, _STRONG = 0.3, 1.0
"""How far from the middle a score is said to be rather, and very, low or high."""
_LEAST = 0.005
"""A smaller move shows in no second decimal."""
_NAMED = 2
"""Traits that a line about a move names, the ones that moved most."""


def in_words(trait: str, score: float) -> str:
    """Say what a score means, so that no colour and no number has to."""
    away, low = abs(score - _MIDDLE), score < _MIDDLE
    if away < _NOTABLE:
        return "in the middle"
    return f"{'rather' if away < _STRONG else 'very'} {'low' if low else 'high'}: {_ENDS[trait][0 if low else 1]}"


def too_early(messages: int) -> str:
    """Say why a trait has no score yet: only several messages that agree make one.

    Args:
        messages: How many showed something of it so far.
    """
    so_far = {0: "no message has shown anything of it yet", 1: "one message has shown something of it so far"}
    return f"Too early to say: {so_far.get(messages, f'{messages} messages have shown something of it so far')}"


def listed(scores: Mapping[str, float] | BigFive) -> str:
    """Write scores in one line."""
    return ", ".join(f"{trait} {score:.1f}" for trait, score in scores.items())


def moved(before: BigFive, point: PersonalityPoint) -> str:
    """Say in a few words what a step did."""
    if point.cause == "reset":
        return "Begun anew by hand"
    if point.cause == "pin":
        held = ", ".join(f"{trait} at {getattr(point.scores, trait):.1f}" for trait in point.pinned)
        return f"By hand; held: {held}" if held else "By hand; nothing is held"
    moves = [(trait, getattr(point.scores, trait) - getattr(before, trait)) for trait in TRAITS]
    most = [move for move in sorted(moves, key=lambda move: -abs(move[1])) if abs(move[1]) >= _LEAST][:_NAMED]
    return ", ".join(f"{trait.capitalize()} {move:+.2f}".replace("-", "\u2212") for trait, move in most) or "Nothing moved"


def table(before: BigFive, point: PersonalityPoint) -> dict[str, list[str]]:
    """Lay what a message alone suggested beside what the traits were before it, and after."""
    inferred = point.inferred or BigFive()
    return {
        "Trait": [trait.capitalize() + (" (held)" if trait in point.pinned else "") for trait in TRAITS],
        "From this message": [_inferred(score) for _, score in inferred.items()],
        "Before": [f"{score:.2f}" for _, score in before.items()],
        "After": [f"{score:.2f}" for _, score in point.scores.items()],
    }


def _inferred(score: float) -> str:
    return f"{score:g}, no evidence" if score == _MIDDLE else f"{score:g}"
