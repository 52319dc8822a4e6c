"""Scores raw turns of conversations between people by a weighted sum of signals (pure functions).

The weights were fitted on questions about conversations of months (docs/decisions/009), leaving one conversation out at a time.
The rules on words are English. In other languages they are always 0, and the other signals decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.core.time_window import TimeWindow
from memory.index.turn_traits import Traits

Numbers = NDArray[np.float64]
_SESSION_TURNS = 3
"""A session's score is the mean of its best this many turns."""
_NEIGHBOUR_TURNS = 3
_SHORT_DECAY_DAYS, _LONG_DECAY_DAYS = 7.0, 30.0
_ASKS_WHEN = re.compile(
    r"^when\b|\bwhen (did|do|does|is|are|was|were|will)\b|\bhow long\b|\b(what|which) (date|day|month|year)\b", re.IGNORECASE
)
_AUXILIARY = r"(?:did|do|does|is|are|was|were|has|have|had|would|will|could|can|should|might)"
_ASKS_FOR_NAME = re.compile(
    rf"\b(?:which|who|where|whose)\b|\bwhat (?!{_AUXILIARY}\b)\w+|\b(?:name of|called|named|title)\b", re.IGNORECASE
)
_ASKS_FOR_SEVERAL = re.compile(
    r"^(what|which) (\w+ ){0,2}\w+s (has|have|does|do|did|are|were)\b|^what (are|were)\b|\bhow many\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Candidates:
    """The candidate turns of a question, with their signals; every array has one number for each candidate.

    Attributes:
        names: Their ids.
        traits: Their traits, which were stored when they were indexed.
        sentence: Cosine of the question and the turn's nearest sentence.
        before: Cosine of the question and the turn together with the turn before it.
        late: Token-by-token score of the question and the turn (late interaction).
        words: BM25 score of the turn.
        words_before: BM25 score of the turn together with the turn before it.
        content: Cosine of the question and the text of the entry.
        exchange: Cosine of the question and the message with its reply; `memory.index.vectors.NONE` if there is no reply.
        words_within: BM25 score of the entry among the passages of long turns.
        of_message: Whether the entry is part of a message and not of a reply.
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
    """The weight of each signal.

    Cosines are multiplied by 10. BM25 scores are shares of the best one, times 3; `raw` ones are divided by 5. The weights were
    fitted together (`persona eval weights`) on correlated signals, so a single weight and its sign mean little.
    """

    sentence: float = -0.0479
    before: float = 0.3156
    late: float = 0.2136
    words: float = -0.3847
    words_before: float = -0.007
    words_before_raw: float = 0.6438
    around: float = 0.4284
    late_after: float = 0.0478
    session: float = 0.1612
    session_best: float = 0.1421
    session_mean: float = 0.0097
    session_of_several: float = -0.3357
    speaker: float = 2.4371
    subject: float = 1.9869
    names_asked: float = 1.1647
    quotes_asked: float = 0.3402
    length: float = 0.1544
    length_when: float = -0.1467
    asks: float = -0.7782
    asked: float = 0.3409
    dated_when: float = 2.2996
    place: float = 0.4008
    in_period: float = 2.0779
    days_from_period: float = 2.7026
    weeks_from_period: float = 0.8214


@dataclass(frozen=True)
class Question:
    """A parsed question.

    Attributes:
        when: Whether it asks for a time.
        several: Whether it asks for several things.
        name: Whether its answer is likely to contain a name: of a person, a place, or a thing of some kind.
        speaker: The speaker whom it names, if it names exactly one.
        subject: If it names several, the first: what is asked is mostly what this one said (`What did Ann give Ben?`). None if
            they are named side by side (`Ann and Ben`).
    """

    when: bool
    several: bool
    name: bool
    speaker: str | None
    subject: str | None
    meaning: str
    """The question without the names of speakers: they tell who spoke, and hide what the question is about."""
    window: TimeWindow | None = None
    """The time window that it names."""


def read_question(text: str, speakers: Iterable[str], window: TimeWindow | None = None) -> Question:
    """Return a question, parsed.

    Args:
        text: The question.
        speakers: The names of the people who speak in this memory.
        window: The time window that it names.
    """
    found = {name: match.start() for name in speakers if (match := re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE))}
    named = sorted(found, key=lambda name: found[name])
    meaning = text
    for name in sorted(named, key=len, reverse=True):
        meaning = re.sub(rf"\b{re.escape(name)}\b(['’]s)?", "", meaning, flags=re.IGNORECASE)
    return Question(
        when=bool(_ASKS_WHEN.search(text)),
        several=bool(_ASKS_FOR_SEVERAL.search(text)),
        name=bool(_ASKS_FOR_NAME.search(text)),
        speaker=named[0] if len(named) == 1 else None,
        subject=named[0] if len(named) > 1 and not _are_side_by_side(text, *named[:2]) else None,
        meaning=" ".join(meaning.split()) if re.search(r"\w", meaning) else text,
        window=window,
    )


def _are_side_by_side(text: str, first: str, second: str) -> bool:
    """Return whether a text joins two names (`Ann and Ben`)."""
    joined = rf"\b{re.escape(first)}(?:['’]s)?(?: and |, ){re.escape(second)}\b"
    return bool(re.search(joined, text, re.IGNORECASE))


def weigh(question: Question, candidates: Candidates, weights: Weights | None = None) -> dict[str, float]:
    """Return the scores of candidates, best first; equal scores in the order of the ids.

    The weights apply to conversations like those of the fit: between people, with the speaker's name before each turn, where
    the next turn often has the answer. `memory.search.assistant_scoring` scores conversations with an assistant.

    Args:
        question: The question.
        candidates: The turns that may answer it.
        weights: The weights of the signals; None: the fitted ones.
    """
    if not candidates.names:
        return {}
    rows, weights = features(question, candidates), weights or Weights()
    scores = np.sum([getattr(weights, key) * value for key, value in rows.items()], axis=0).tolist()
    return dict(sorted(zip(candidates.names, scores, strict=True), key=lambda item: (-item[1], item[0])))


def features(question: Question, candidates: Candidates) -> dict[str, Numbers]:
    """Return the signals of all candidates, by their names in `Weights`."""
    traits, plain = candidates.traits, _plain(candidates)
    sentence, late, words = plain["sentence"], plain["late"], plain["words"]
    words_before = _shares(candidates.words_before)
    sessions = np.array([one.session for one in traits])
    seqs = np.array([one.seq for one in traits])
    near = sentence + words
    close = late + words_before
    length = np.log(_each(traits, lambda one: one.length) + 10.0)
    session = _per_session(near, sessions, _SESSION_TURNS)
    names = np.log1p(_each(traits, lambda one: one.names))
    return {
        **plain,
        "before": 10.0 * candidates.before,
        "words_before": words_before,
        "words_before_raw": candidates.words_before / 5.0,
        "around": _around(close, sessions, seqs),
        "late_after": _after(late, sessions, seqs),
        "session": session,
        "session_best": _per_session(close, sessions, 1),
        "session_mean": _per_session(close, sessions, len(close)),
        "session_of_several": session * question.several,
        "speaker": _said_by(question.speaker, traits),
        "subject": _said_by(question.subject, traits),
        "names_asked": names * question.name,
        "quotes_asked": _each(traits, lambda one: one.quotes and question.name),
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
    """Return the three signals for the time that the question names; zeros if it names none."""
    window = question.window
    if window is None:
        return dict.fromkeys(("in_period", "days_from_period", "weeks_from_period"), np.zeros(len(traits)))
    return {
        "in_period": _each(traits, lambda one: window.contains(one.at)),
        "days_from_period": _each(traits, lambda one: window.nearness(one.at, _SHORT_DECAY_DAYS)),
        "weeks_from_period": _each(traits, lambda one: window.nearness(one.at, _LONG_DECAY_DAYS)),
    }


def _said_by(speaker: str | None, traits: Sequence[Traits]) -> Numbers:
    if speaker is None:
        return np.zeros(len(traits))
    name = speaker.lower()
    return _each(traits, lambda one: (one.speaker or "").lower() == name)


def _each(traits: Sequence[Traits], say: Callable[[Traits], float]) -> Numbers:
    return np.array([say(one) for one in traits], dtype=np.float64)


def _shares(scores: Numbers) -> Numbers:
    best = float(np.max(scores))
    return 3.0 * scores / best if best > 0 else np.zeros(len(scores))


def _per_session(scores: Numbers, sessions: NDArray[np.int64], best: int) -> Numbers:
    """Return for each candidate the mean of the `best` highest scores of its session."""
    order = np.lexsort((-scores, sessions))
    _, starts, sizes = np.unique(sessions[order], return_index=True, return_counts=True)
    place = np.arange(len(scores)) - np.repeat(starts, sizes)
    counted = np.where(place < best, scores[order], 0.0)
    said = np.empty(len(scores))
    said[order] = np.repeat(np.add.reduceat(counted, starts) / np.minimum(sizes, best), sizes)
    return said


def _after(scores: Numbers, sessions: NDArray[np.int64], seqs: NDArray[np.int64]) -> Numbers:
    """Return for each turn the score of the next turn in its session; 0 if that is no candidate."""
    order = np.lexsort((seqs, sessions))
    ranked, session, seq = scores[order], sessions[order], seqs[order]
    follows = (session[1:] == session[:-1]) & (seq[1:] - seq[:-1] == 1)
    after = np.zeros_like(scores)
    after[order[:-1]] = np.where(follows, ranked[1:], 0.0)
    return after


def _around(scores: Numbers, sessions: NDArray[np.int64], seqs: NDArray[np.int64]) -> Numbers:
    """Return for each turn the best score within three turns of it in its session, itself included."""
    order = np.lexsort((seqs, sessions))
    ranked, session, seq = scores[order], sessions[order], seqs[order]
    best = ranked.copy()
    for step in range(1, _NEIGHBOUR_TURNS + 1):
        near = (session[step:] == session[:-step]) & (seq[step:] - seq[:-step] <= _NEIGHBOUR_TURNS)
        best[step:] = np.where(near, np.maximum(best[step:], ranked[:-step]), best[step:])
        best[:-step] = np.where(near, np.maximum(best[:-step], ranked[step:]), best[:-step])
    back = np.empty_like(best)
    back[order] = best
    return back
