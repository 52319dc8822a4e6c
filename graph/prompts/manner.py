"""How to write for one person: what their messages show of them, and what they asked for, as lines of a prompt (pure).

The model is told in words what to do, with the person's own sentences as evidence; numbers are for the page. A trait is not
mentioned before several messages show it: see `known`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from graph.language.pasted import own_words, without_marks
from graph.prompts.data_text import as_entry
from memory.core.records import TRAITS, BigFive
from memory.personality.evidence import Evidence, Showing
from memory.personality.pem import NEUTRAL
from memory.personality.writing_wishes import FoundWish, wishes_in

SEVERAL = 3
"""Messages that must show a trait in the same direction before it is mentioned; measured in decision 058."""
_NEWEST_MESSAGES = 12
"""Number of newest messages that count for a trait: people change."""
_MIN_DISTANCE = 0.5
"""Minimum distance from 3 at which a score is informative."""
_MAX_QUOTATIONS = 4
"""Maximum number of sentences quoted as evidence in total."""
_MAX_QUOTATION_CHARS = 140
"""Approximate maximum characters of a quotation."""
_MAX_OTHER_WISHES = 3
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s*")

_TO_DO = {
    "openness": (
        "They trust what is known and proven: stay plain and practical, nothing new for its own sake.",
        "They are curious and imaginative: offer an idea, an image or a comparison, and room to try things.",
    ),
    "conscientiousness": (
        "They are spontaneous, and plans bore them: keep it light, one small thing to begin with, no lectures.",
        "They like order and plans: be exact, in clear steps, with figures and times.",
    ),
    "extraversion": (
        "They are quiet and like to be by themselves: be calm and short, no small talk, no cheering, no crowds.",
        "They are lively and love company: be warm and full of energy, and bring other people in.",
    ),
    "agreeableness": (
        "They are blunt and go by facts: come to the point, no praise, no flattery, no talk of feelings.",
        "They are kind and care for people: be warm and gentle, and take their feelings seriously.",
    ),
    "neuroticism": (
        "They stay calm under pressure: say things plainly, risks too, without soothing.",
        "They worry easily: be calm and reassuring, one step at a time, nothing that alarms.",
    ),
}
"""What to do for a person with a low score, and with a high score."""


def known(evidence: Evidence, override: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the scores of the known traits, in the order of `TRAITS`.

    A trait is known if several messages agree on it, or if its score was set by hand.

    Args:
        evidence: What the person's messages show.
        override: Scores for one reply alone.
    """
    point = evidence.point
    found: dict[str, float] = {}
    for trait in TRAITS:
        if override and trait in override:
            found[trait] = float(override[trait])
        elif point and (trait in point.pinned or _is_shown(evidence.shown, trait, getattr(point.scores, trait))):
            found[trait] = getattr(point.scores, trait)
    return found


def scores_of(known_traits: Mapping[str, float]) -> BigFive | None:
    """Return the five scores that a reply uses: 3.0 for an unknown trait, None if no trait is known."""
    return BigFive(**known_traits) if known_traits else None


def shown_by(evidence: Evidence, trait: str) -> int:
    """Return how many of the newest messages showed a trait, in either direction."""
    return len(_values(evidence.shown, trait))


def lines(evidence: Evidence, override: Mapping[str, float] | None = None) -> list[str]:
    """Return how to write for this person, in sentences: what they asked for, then what their messages show.

    Args:
        evidence: What the person's messages show.
        override: Scores for one reply alone.
    """
    # One sentence may contain two wishes.
    told = list(dict.fromkeys(_wish_line(wish) for wish in newest_wishes(evidence)))
    far = {trait: score for trait, score in known(evidence, override).items() if abs(score - NEUTRAL) >= _MIN_DISTANCE}
    strongest = sorted(far, key=lambda trait: -abs(far[trait] - NEUTRAL))
    each = 1 if len(strongest) > _MAX_QUOTATIONS // 2 else 2
    for place, trait in enumerate(strongest):
        high = far[trait] > NEUTRAL
        line = _TO_DO[trait][1 if high else 0]
        proofs = _proofs(evidence.shown, trait, high=high)[: each if place < _MAX_QUOTATIONS else 0]
        told.append(f"{line} They said: {' '.join(proofs)}" if proofs else line)
    return told


def newest_wishes(evidence: Evidence) -> list[FoundWish]:
    """Return the wishes in effect, newest first: the newest of each kind, and the newest three of other ways to write."""
    newest: list[FoundWish] = []
    for message in evidence.wishes:
        for wish in reversed(wishes_in(without_marks(own_words(message.text)))):
            same = sum(one.kind == wish.kind for one in newest)
            if same < (_MAX_OTHER_WISHES if wish.kind == "way" else 1):
                newest.append(wish)
    return newest


def _is_shown(shown: Sequence[Showing], trait: str, score: float) -> bool:
    values = _values(shown, trait)
    agreeing = sum((value > NEUTRAL) == (score > NEUTRAL) for value in values)
    return abs(score - NEUTRAL) >= _MIN_DISTANCE and agreeing >= SEVERAL and agreeing >= 2 * (len(values) - agreeing)


def _values(shown: Sequence[Showing], trait: str) -> list[float]:
    return [value for one in shown if (value := getattr(one.inferred, trait)) != NEUTRAL][:_NEWEST_MESSAGES]


def _wish_line(wish: FoundWish) -> str:
    if wish.kind == "name":
        return f"Call them {as_entry(wish.name)}."
    return f"They asked: {_quoted(wish.sentence)}"


def _proofs(shown: Sequence[Showing], trait: str, *, high: bool) -> list[str]:
    """Return quotations that show a trait most clearly, the newest first among equals."""
    far = [(getattr(one.inferred, trait) - NEUTRAL, one.text) for one in shown]
    showing = sorted(((away if high else -away, text) for away, text in far), key=lambda one: -one[0])
    own = (without_marks(own_words(text)).strip() for away, text in showing if away > 0)
    return [_quoted(_beginning(text)) for text in own if text]


def _beginning(text: str) -> str:
    """Return the first sentences of a text that fit, or its beginning."""
    kept = ""
    for sentence in _SENTENCE_END.split(" ".join(text.split())):
        if kept and len(kept) + len(sentence) >= _MAX_QUOTATION_CHARS:
            break
        kept = f"{kept} {sentence}".strip()
    return kept if len(kept) <= _MAX_QUOTATION_CHARS else f"{kept[:_MAX_QUOTATION_CHARS].rsplit(' ', 1)[0]}…"


def _quoted(text: str) -> str:
    return '"' + as_entry(text.strip()).replace('"', "'") + '"'
