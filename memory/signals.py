"""What speaks for a raw turn besides its words and its meaning, and how all of it is weighed (pure functions).

The weights were fitted on questions about conversations of months (docs/decisions/009), leaving one conversation out at a time.
The rules on words are English; in other languages they say nothing, and the rest decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from memory.named_time import Period

_SPEAKER = re.compile(r"^(?P<name>[^\W\d_][\w.'-]{0,30}(?: [^\W\d_][\w.'-]{0,30}){0,2}): (?=\S)")
_SENTENCE = re.compile(r"(?<=[.!?。！？…])\s+|(?<=[。！？])|\n+")
_LEAST_SENTENCE = 4
_MOST_SENTENCES = 24
_DAYS, _WEEKS = 7.0, 30.0
_DATED = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|last|next|ago|week|weekend|months?|years?|(mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|morning|recently|since|"
    r"\d{4}|\d+(st|nd|rd|th))\b",
    re.IGNORECASE,
)
_ASKS_WHEN = re.compile(
    r"^when\b|\bwhen (did|do|does|is|are|was|were|will)\b|\bhow long\b|\b(what|which) (date|day|month|year)\b", re.IGNORECASE
)
_ASKS_FOR_SEVERAL = re.compile(
    r"^(what|which) (\w+ ){0,2}\w+s (has|have|does|do|did|are|were)\b|^what (are|were)\b|\bhow many\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Traits:
    """What can be said of a turn when it is indexed.

    Attributes:
        session: The session's number.
        speaker: Who speaks, where the text begins with `Name: `.
        length: Characters without the speaker.
        asks: It ends with a question.
        asked: The turn before it, of the same session, ends with one.
        dated: It speaks of a day, a month, a year or a while.
        at: When it was said, in seconds since 1970.
    """

    session: int = 0
    speaker: str | None = None
    length: int = 0
    asks: bool = False
    asked: bool = False
    dated: bool = False
    at: float = 0.0


@dataclass
class Candidate:
    """A turn that some ranking brought; what a ranking did not bring of it is None."""

    traits: Traits
    turn: float | None = None
    """Cosine of the question and the turn."""
    sentence: float | None = None
    """Cosine of the question and the turn's nearest sentence."""
    before: float | None = None
    """Cosine of the question and the turn with the one before it."""
    words: float = 0.0
    """BM25 of the turn."""
    words_before: float = 0.0
    """BM25 of the turn with the one before it."""


@dataclass(frozen=True)
class Weights:
    """How much each signal counts; cosines times 10, BM25 as a share of the best times 3 or, `raw`, divided by 5.

    They were fitted together and share what they say: one alone, with its sign, means little.
    """

    turn: float = -0.045
    sentence: float = 0.0614
    before: float = 0.4699
    words: float = -0.3462
    words_before: float = 0.3481
    words_before_raw: float = 0.8074
    session: float = 0.638
    session_of_several: float = -0.463
    speaker: float = 2.6896
    length: float = 0.6703
    length_when: float = -0.2684
    asks: float = -0.7787
    asked: float = 0.3022
    dated_when: float = 2.5313
    place: float = 0.5545
    in_period: float = 1.1926
    days_from_period: float = 3.5813
    weeks_from_period: float = 0.6447


@dataclass(frozen=True)
class Question:
    """How a question is asked: what its rules of thumb say."""

    when: bool
    several: bool
    speaker: str | None
    meaning: str
    """The question without the names of speakers: they say who spoke, and hide what about."""
    period: Period | None = None
    """The time that it names."""


def read_question(text: str, speakers: Iterable[str], period: Period | None = None) -> Question:
    """Read a question; `speakers` are the names of those who speak in this memory, `period` is the time that it names."""
    named = [name for name in speakers if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]
    meaning = text
    for name in sorted(named, key=len, reverse=True):
        meaning = re.sub(rf"\b{re.escape(name)}\b(['’]s)?", "", meaning, flags=re.IGNORECASE)
    return Question(
        when=bool(_ASKS_WHEN.search(text)),
        several=bool(_ASKS_FOR_SEVERAL.search(text)),
        speaker=named[0] if len(named) == 1 else None,
        meaning=" ".join(meaning.split()) if re.search(r"\w", meaning) else text,
        period=period,
    )


def split_speaker(text: str) -> tuple[str | None, str]:
    """Part `Name: what is said`; most texts have no name before them."""
    match = _SPEAKER.match(text)
    if match is None or any(word[0].islower() for word in match["name"].split()):
        return None, text
    return match["name"], text[match.end() :]


def sentences(text: str) -> list[str]:
    """Part a text into sentences, at most 24: in a long one several stand together."""
    parts = [part.strip() for part in _SENTENCE.split(text) if len(part.strip()) >= _LEAST_SENTENCE]
    together = math.ceil(len(parts) / _MOST_SENTENCES)
    return [" ".join(parts[start : start + together]) for start in range(0, len(parts), together)] if parts else []


def traits_of(text: str, *, session: int, before: str | None) -> Traits:
    """Say what can be said of a turn; `before` is the end of the turn before it in the session."""
    speaker, body = split_speaker(text)
    return Traits(
        session=session,
        speaker=speaker,
        length=len(body),
        asks=_is_question(body),
        asked=before is not None and _is_question(before),
        dated=bool(_DATED.search(body)),
    )


def weigh(question: Question, candidates: Mapping[str, Candidate], weights: Weights | None = None) -> dict[str, float]:
    """Score candidates, best first; equal scores in the order of the ids."""
    if not candidates:
        return {}
    weights = weights or Weights()
    rows = features(question, candidates)
    scores = {name: sum(getattr(weights, key) * value for key, value in row.items()) for name, row in rows.items()}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def features(question: Question, candidates: Mapping[str, Candidate]) -> dict[str, dict[str, float]]:
    """Return each candidate's signals under the names of `Weights`."""
    everyone = list(candidates.values())
    turn, sentence, before = (_filled([getattr(one, name) for one in everyone]) for name in ("turn", "sentence", "before"))
    words, words_before = _shares([one.words for one in everyone]), _shares([one.words_before for one in everyone])
    core = [near + word for near, word in zip(sentence, words, strict=True)]
    places = _places(core)
    sessions = _sessions([one.traits.session for one in everyone], core, floor=min(sentence))
    rows = {}
    for place, (name, one) in enumerate(candidates.items()):
        traits = one.traits
        length, session = math.log(traits.length + 10.0), sessions[traits.session]
        period = question.period
        same = question.speaker is not None and (traits.speaker or "").lower() == question.speaker.lower()
        rows[name] = {
            "turn": turn[place],
            "sentence": sentence[place],
            "before": before[place],
            "words": words[place],
            "words_before": words_before[place],
            "words_before_raw": one.words_before / 5.0,
            "session": session,
            "session_of_several": session * question.several,
            "speaker": float(same),
            "length": length,
            "length_when": length * question.when,
            "asks": float(traits.asks),
            "asked": float(traits.asked),
            "dated_when": float(traits.dated and question.when),
            "place": -math.log1p(places[place]),
            "in_period": float(period is not None and period.holds(traits.at)),
            "days_from_period": period.nearness(traits.at, _DAYS) if period else 0.0,
            "weeks_from_period": period.nearness(traits.at, _WEEKS) if period else 0.0,
        }
    return rows


def _is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "؟"))


def _filled(cosines: Sequence[float | None]) -> list[float]:
    """Times 10; what a ranking did not bring is no nearer than the last that it brought."""
    floor = min((value for value in cosines if value is not None), default=0.0)
    return [10.0 * (floor if value is None else value) for value in cosines]


def _shares(scores: Sequence[float]) -> list[float]:
    best = max(scores)
    return [3.0 * score / best if best > 0 else 0.0 for score in scores]


def _places(core: Sequence[float]) -> list[int]:
    """Return each one's place, from 0, by sentence and words together."""
    order = sorted(range(len(core)), key=lambda number: -core[number])
    places = [0] * len(core)
    for place, number in enumerate(order):
        places[number] = place
    return places


def _sessions(numbers: Sequence[int], core: Sequence[float], floor: float) -> dict[int, float]:
    """Score each session by the mean of its best three turns; a session with fewer is filled up with the floor."""
    found: dict[int, list[float]] = {}
    for number, score in zip(numbers, core, strict=True):
        found.setdefault(number, []).append(score)
    return {number: sum(sorted([*scores, floor, floor, floor], reverse=True)[:3]) / 3 for number, scores in found.items()}
