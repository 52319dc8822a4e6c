"""The five scores as words and table rows (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping

from memory.core.records import TRAITS, BigFive, PersonalityPoint

_ENDS = {
    "openness": ("prefers the familiar", "curious, artistic"),
    "conscientiousness": ("carefree, spontaneous", "orderly, careful"),
    "extraversion": ("quiet, likes being alone", "lively, loves company"),
    "agreeableness": ("blunt, goes their own way", "kind, helpful"),
    "neuroticism": ("calm", "worries easily"),
}
"""The meaning of the lowest and the highest score of each trait."""
_MIDDLE_SCORE = 3.0
_RATHER_DISTANCE, _VERY_DISTANCE = 0.3, 1.0
"""Distance from the middle from which a score is called rather, or very, low or high."""
_MIN_CHANGE = 0.005
"""A smaller change is not visible in two decimals."""
_MAX_NAMED_TRAITS = 2
"""Traits named in the line of one step: those that changed most."""


def in_words(trait: str, score: float) -> str:
    """Return the meaning of a score in words, for readers who see neither colours nor numbers."""
    away, low = abs(score - _MIDDLE_SCORE), score < _MIDDLE_SCORE
    if away < _RATHER_DISTANCE:
        return "in the middle"
    return f"{'rather' if away < _VERY_DISTANCE else 'very'} {'low' if low else 'high'}: {_ENDS[trait][0 if low else 1]}"


def too_early(messages: int) -> str:
    """Return why a trait has no score yet: a score needs several messages that agree.

    Args:
        messages: The number of messages that have shown the trait so far.
    """
    so_far = {0: "no message has shown this trait yet", 1: "only one message has shown this trait so far"}
    return f"Too early to tell: {so_far.get(messages, f'{messages} messages have shown this trait so far')}"


def listed(scores: Mapping[str, float] | BigFive) -> str:
    """Return scores in one line."""
    return ", ".join(f"{trait} {score:.1f}" for trait, score in scores.items())


def moved(before: BigFive, point: PersonalityPoint) -> str:
    """Return the changes of one step in a few words."""
    if point.cause == "reset":
        return "Reset by you"
    if point.cause == "pin":
        pinned = ", ".join(f"{trait} at {getattr(point.scores, trait):.1f}" for trait in point.pinned)
        return f"Set by you; pinned: {pinned}" if pinned else "Unpinned by you"
    moves = [(trait, getattr(point.scores, trait) - getattr(before, trait)) for trait in TRAITS]
    most = [move for move in sorted(moves, key=lambda move: -abs(move[1])) if abs(move[1]) >= _MIN_CHANGE][:_MAX_NAMED_TRAITS]
    return ", ".join(f"{trait.capitalize()} {move:+.2f}".replace("-", "\u2212") for trait, move in most) or "No change"


def table(before: BigFive, point: PersonalityPoint) -> dict[str, list[str]]:
    """Return table columns: the scores inferred from one message, and the traits before and after it."""
    inferred = point.inferred or BigFive()
    return {
        "Trait": [trait.capitalize() + (" (pinned)" if trait in point.pinned else "") for trait in TRAITS],
        "From this message": [_inferred(score) for _, score in inferred.items()],
        "Before": [f"{score:.2f}" for _, score in before.items()],
        "After": [f"{score:.2f}" for _, score in point.scores.items()],
    }


def _inferred(score: float) -> str:
    return f"{score:g}, no evidence" if score == _MIDDLE_SCORE else f"{score:g}"
