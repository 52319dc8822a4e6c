"""What speaks for a raw turn besides its words and its meaning, and how all of it is weighed (pure functions).

The weights were fitted on questions about conversations of months (docs/decisions/009), leaving one conversation out at a time.
The rules on words are English; in other languages they say nothing, and the rest decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.core.temporal import Period
from memory.index.turn_traits import Traits

Numbers = NDArray[np.float64]
_BEST = 3
"""Turns of a session that speak for it."""
_NEIGHBOURS = 3
_DAYS, _WEEKS = 7.0, 30.0
_ASKS_WHEN = re.compile(
    r"^when\b|\bwhen (did|do|does|is|are|was|were|will)\b|\bhow long\b|\b(what|which) (date|day|month|year)\b", re.IGNORECASE
)
_ASKS_FOR_SEVERAL = re.compile(
    r"^(what|which) (\w+ ){0,2}\w+s (has|have|does|do|did|are|were)\b|^what (are|were)\b|\bhow many\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Candidates:
    """Turns that some ranking brought, side by side; every array has one number a turn.

    Attributes:
        names: Their ids.
        traits: What was noted when they were indexed.
        sentence: Cosine of the question and the turn's nearest sentence.
        before: Cosine of the question and the turn with the one before it.
        late: How the question and the turn compare token by token.
        words: BM25 of the turn.
        words_before: BM25 of the turn with the one before it.
        content: Cosine of the question and what the entry says.
        exchange: Cosine of the question and the message with its reply; `memory.index.vectors.NONE` where there is none.
        words_within: BM25 of the entry among the passages of long turns.
        of_message: Whether it is of a message, and not of a reply.
    """

    names: Sequence[str]
    traits: Sequence[Traits]
    sentence: Numbers
    before: Numbers
    late: Numbers
    words: Numbers
    words_before: Numbers
    content: Numbers
    exchange: Numbers
    words_within: Numbers
    of_message: NDArray[np.bool_]


_NO = np.zeros(0)
NOTHING = Candidates((), (), _NO, _NO, _NO, _NO, _NO, _NO, _NO, _NO, np.zeros(0, dtype=np.bool_))
"""No candidates."""


@dataclass(frozen=True)
class Weights:
    """How much each signal counts; cosines times 10, BM25 as a share of the best times 3 or, `raw`, divided by 5.

    They were fitted together (`persona eval weights`) and share what they say: one alone, with its sign, means little.
    """

    sentence: float = -0.06
    before: float = 0.3346
    late: float = 0.218
    words: float = -0.3858
    words_before: float = -0.0233
    words_before_raw: float = 0.6606
    around: float = 0.4228
    session: float = 0.1658
    session_best: float = 0.1417
    session_mean: float = 0.0085
    session_of_several: float = -0.3458
    speaker: float = 2.4882
    length: float = 0.3053
    length_when: float = -0.1829
    asks: float = -0.7799
    asked: float = 0.3352
    dated_when: float = 2.3862
    place: float = 0.4197
    in_period: float = 1.6445
    days_from_period: float = 3.1864
    weeks_from_period: float = 1.1492


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


def weigh(question: Question, candidates: Candidates, weights: Weights | None = None) -> dict[str, float]:
    """Score candidates, best first; equal scores in the order of the ids.

    The weights are for what they were fitted on: people who talk with each other, each turn with the speaker's name before it,
    where the answer often stands in the next turn. `memory.search.assistant_scoring` weighs what one person tells an assistant.

    Args:
        question: What is asked.
        candidates: What may answer it.
        weights: Of the signals.
    """
    if not candidates.names:
        return {}
    rows, weights = features(question, candidates), weights or Weights()
    scores = np.sum([getattr(weights, key) * value for key, value in rows.items()], axis=0).tolist()
    return dict(sorted(zip(candidates.names, scores, strict=True), key=lambda item: (-item[1], item[0])))


def features(question: Question, candidates: Candidates) -> dict[str, Numbers]:
    """Return the signals of all candidates under the names of `Weights`."""
    traits, plain = candidates.traits, _plain(candidates)
    sentence, late, words = plain["sentence"], plain["late"], plain["words"]
    words_before = _shares(candidates.words_before)
    sessions = np.array([one.session for one in traits])
    seqs = np.array([one.seq for one in traits])
    near = sentence + words
    close = late + words_before
    length = np.log(_each(traits, lambda one: one.length) + 10.0)
    session = _per_session(near, sessions, _BEST)
    named = (question.speaker or "").lower()
    return {
        **plain,
        "before": 10.0 * candidates.before,
        "words_before": words_before,
        "words_before_raw": candidates.words_before / 5.0,
        "around": _around(close, sessions, seqs),
        "session": session,
        "session_best": _per_session(close, sessions, 1),
        "session_mean": _per_session(close, sessions, len(close)),
        "session_of_several": session * question.several,
        "speaker": _each(traits, lambda one: bool(named) and (one.speaker or "").lower() == named),
        "length": length,
        "length_when": length * question.when,
        "asks": _each(traits, lambda one: one.asks),
        "asked": _each(traits, lambda one: one.asked),
        "dated_when": _each(traits, lambda one: one.dated and question.when),
        "place": -np.log1p(np.argsort(np.argsort(-near, kind="stable"), kind="stable")),
        **of_period(question, traits),
    }


def _plain(candidates: Candidates) -> dict[str, Numbers]:
    return {"sentence": 10.0 * candidates.sentence, "late": 10.0 * candidates.late, "words": _shares(candidates.words)}


def of_period(question: Question, traits: Sequence[Traits]) -> dict[str, Numbers]:
    """Return what speaks for a turn where the question names a time."""
    period = question.period
    if period is None:
        return dict.fromkeys(("in_period", "days_from_period", "weeks_from_period"), np.zeros(len(traits)))
    return {
        "in_period": _each(traits, lambda one: period.holds(one.at)),
        "days_from_period": _each(traits, lambda one: period.nearness(one.at, _DAYS)),
        "weeks_from_period": _each(traits, lambda one: period.nearness(one.at, _WEEKS)),
    }


def _each(traits: Sequence[Traits], say: Callable[[Traits], float]) -> Numbers:
    return np.array([say(one) for one in traits], dtype=np.float64)


def _shares(scores: Numbers) -> Numbers:
    best = float(np.max(scores))
    return 3.0 * scores / best if best > 0 else np.zeros(len(scores))


def _per_session(scores: Numbers, sessions: NDArray[np.int64], best: int) -> Numbers:
    """Write beside each candidate the mean of the best so many of its session."""
    order = np.lexsort((-scores, sessions))
    _, starts, sizes = np.unique(sessions[order], return_index=True, return_counts=True)
    place = np.arange(len(scores)) - np.repeat(starts, sizes)
    counted = np.where(place < best, scores[order], 0.0)
    said = np.empty(len(scores))
    said[order] = np.repeat(np.add.reduceat(counted, starts) / np.minimum(sizes, best), sizes)
    return said


def _around(scores: Numbers, sessions: NDArray[np.int64], seqs: NDArray[np.int64]) -> Numbers:
    """Return the best score within three turns of each one, in its session, itself included: who is second to a neighbour."""
    order = np.lexsort((seqs, sessions))
    ranked, session, seq = scores[order], sessions[order], seqs[order]
    best = ranked.copy()
    for step in range(1, _NEIGHBOURS + 1):
        near = (session[step:] == session[:-step]) & (seq[step:] - seq[:-step] <= _NEIGHBOURS)
        best[step:] = np.where(near, np.maximum(best[step:], ranked[:-step]), best[step:])
        best[:-step] = np.where(near, np.maximum(best[:-step], ranked[step:]), best[:-step])
    back = np.empty_like(best)
    back[order] = best
    return back
