"""How to write for one person: what their messages show of them, and what they asked for, as lines of a prompt (pure).

The model is told in words what to do, with the person's own sentences as proof; numbers are for the page. Nothing is said of a
trait before several messages show it: see `known`.
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
"""Messages that show a trait in the same direction, before anything is said of it; measured in decision 058."""
_NEWEST = 12
"""Messages of a trait that are looked at, the newest: people change."""
_FAR = 0.5
"""How far from 3 a score says something."""
_PROOFS = 4
"""Sentences that are quoted as proof in all."""
_LONGEST = 140
"""Characters of a quotation, about."""
_WAYS = 3
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
"""What to do for somebody with a low, and with a high score."""


def known(evidence: Evidence, override: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the scores of those traits of which something is known, in the order of `TRAITS`.

    Several messages agree on such a trait, or its score was set by hand.

    Args:
        evidence: What there is.
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
    """Return the five scores that a reply uses: 3.0 where nothing is known, None where nothing is known of any trait."""
    return BigFive(**known_traits) if known_traits else None


def shown_by(evidence: Evidence, trait: str) -> int:
    """Count the newest messages that showed something of a trait, one way or the other."""
    return len(_values(evidence.shown, trait))


def lines(evidence: Evidence, override: Mapping[str, float] | None = None) -> list[str]:
    """Return how to write for this person, in sentences: what they asked for, then what their messages show.

    Args:
        evidence: What there is.
        override: Scores for one reply alone.
    """
    # One sentence may hold two wishes.
    told = list(dict.fromkeys(_asked(wish) for wish in newest_wishes(evidence)))
    far = {trait: score for trait, score in known(evidence, override).items() if abs(score - NEUTRAL) >= _FAR}
    strongest = sorted(far, key=lambda trait: -abs(far[trait] - NEUTRAL))
    each = 1 if len(strongest) > _PROOFS // 2 else 2
    for place, trait in enumerate(strongest):
        high = far[trait] > NEUTRAL
        line = _TO_DO[trait][1 if high else 0]
        proofs = _proofs(evidence.shown, trait, high=high)[: each if place < _PROOFS else 0]
        told.append(f"{line} They said: {' '.join(proofs)}" if proofs else line)
    return told


def newest_wishes(evidence: Evidence) -> list[FoundWish]:
    """Return the wishes that hold, newest first: of one kind the newest one, of other ways to write the newest three."""
    held: list[FoundWish] = []
    for message in evidence.wishes:
        for wish in reversed(wishes_in(without_marks(own_words(message.text)))):
            same = sum(one.kind == wish.kind for one in held)
            if same < (_WAYS if wish.kind == "way" else 1):
                held.append(wish)
    return held


def _is_shown(shown: Sequence[Showing], trait: str, score: float) -> bool:
    values = _values(shown, trait)
    agreeing = sum((value > NEUTRAL) == (score > NEUTRAL) for value in values)
    return abs(score - NEUTRAL) >= _FAR and agreeing >= SEVERAL and agreeing >= 2 * (len(values) - agreeing)


def _values(shown: Sequence[Showing], trait: str) -> list[float]:
    return [value for one in shown if (value := getattr(one.inferred, trait)) != NEUTRAL][:_NEWEST]


def _asked(wish: FoundWish) -> str:
    if wish.kind == "name":
        return f"Call them {as_entry(wish.name)}."
    return f"They asked: {_quoted(wish.sentence)}"


def _proofs(shown: Sequence[Showing], trait: str, *, high: bool) -> list[str]:
    """Quote what shows a trait most clearly, of that the newest."""
    far = [(getattr(one.inferred, trait) - NEUTRAL, one.text) for one in shown]
    showing = sorted(((away if high else -away, text) for away, text in far), key=lambda one: -one[0])
    own = (without_marks(own_words(text)).strip() for away, text in showing if away > 0)
    return [_quoted(_beginning(text)) for text in own if text]


def _beginning(text: str) -> str:
    """Return the first sentences of a text that fit, or its beginning."""
    kept = ""
    for sentence in _SENTENCE_END.split(" ".join(text.split())):
        if kept and len(kept) + len(sentence) >= _LONGEST:
            break
        kept = f"{kept} {sentence}".strip()
    return kept if len(kept) <= _LONGEST else f"{kept[:_LONGEST].rsplit(' ', 1)[0]}…"


def _quoted(text: str) -> str:
    return '"' + as_entry(text.strip()).replace('"', "'") + '"'
