"""Scores turns in which one person talks to an assistant (pure functions; docs/decisions/054).

A turn is a message with its reply. If they are long, it has several index entries, its passages, and scores as its best one.
Four signals have equal weight, each as the number of standard deviations above its mean: BM25 of message and reply, the cosine
of both together, the cosine of the message's nearest sentence, and the token-by-token score. None needs a speaker's name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.core.passages import turn_of
from memory.core.tokenize import ASKING, COMMON, words_of
from memory.index.turn_traits import is_dated
from memory.index.vectors import NONE
from memory.search.turn_scoring import Candidates, Numbers, Question, Weights, of_period

_NEIGHBOUR_WEIGHT = 0.2
"""The weight of the neighbouring turns' meaning: a conversation about one thing goes on."""
_TIME_ALONE_FACTOR = 3.0
"""The factor for a named time if a message names nothing else (`What did I do yesterday?`): other signals are then chance."""
_TURNS_BEFORE_WISHES = 7
"""Wishes for all answers come after this many other turns. Further up, they would hide the turns that answer."""
_MAX_WISHES, _MIN_WISH_COSINE = 3, 0.15
"""At most 3 wishes are lifted among the first ten turns: those with the nearest subject, with a cosine of at least 0.15."""
_PASSAGE_WEIGHT = 1e-3
"""How much the order of a turn's passages may change its score."""


@dataclass(frozen=True)
class _Turns:
    """The turns that some index entries belong to.

    Attributes:
        of: For each entry, the number of its turn.
        count: How many turns there are.
        own: For each turn, the position of its own entry, or of its first passage if it has none.
    """

    of: NDArray[np.int64]
    count: int
    own: NDArray[np.int64]

    def best(self, scores: Numbers) -> Numbers:
        """Return each turn's best score."""
        best = np.full(self.count, NONE)
        np.maximum.at(best, self.of, scores)
        return best


def weigh_talk(question: Question, candidates: Candidates) -> dict[str, float]:
    """Return the scores of index entries, best first. A turn's best entry has the turn's score, its others slightly less.

    Args:
        question: The question.
        candidates: The entries that may answer it; beside a long turn's passages, the turn's own entry.
    """
    if not candidates.names:
        return {}
    turns = _turns(candidates)
    traits = [candidates.traits[place] for place in turns.own]
    message = np.where(candidates.of_message, candidates.sentence, NONE)
    exchange = turns.best(candidates.exchange)
    sentence, content = turns.best(message), turns.best(candidates.content)
    meaning = standard(np.where(exchange > NONE, exchange, content))
    total = meaning + standard(np.where(sentence > NONE, sentence, content))
    total += standard(candidates.late[turns.own]) + standard(turns.best(candidates.words))
    sessions, seqs = np.array([one.session for one in traits]), np.array([one.seq for one in traits])
    total += _NEIGHBOUR_WEIGHT * _beside(meaning, sessions, seqs)
    weights = Weights()
    then = np.sum([getattr(weights, name) * value for name, value in of_period(question, traits).items()], axis=0)
    total += then * (_TIME_ALONE_FACTOR if _is_of_time_alone(question.meaning) else 1.0)
    total = _with_wishes(total, np.where([one.lasting_wish for one in traits], sentence, NONE))
    within = standard(candidates.content) + standard(candidates.words_within)
    scores = (total[turns.of] - _PASSAGE_WEIGHT * (turns.best(within)[turns.of] - within)).tolist()
    return dict(sorted(zip(candidates.names, scores, strict=True), key=lambda item: (-item[1], item[0])))


def standard(scores: Numbers) -> Numbers:
    """Return how many standard deviations each score lies above the mean, so that signals of any scale have equal weight."""
    spread = float(np.std(scores))
    return (scores - np.mean(scores)) / spread if spread > 0 else np.zeros(len(scores))


def _is_of_time_alone(text: str) -> bool:
    return all(word in ASKING or word in COMMON or word.isdecimal() or is_dated(word) for word in words_of(text))


def _turns(candidates: Candidates) -> _Turns:
    numbers: dict[str, int] = {}
    of = np.array([numbers.setdefault(turn_of(name), len(numbers)) for name in candidates.names])
    own = np.zeros(len(numbers), dtype=np.int64)
    for place in range(len(of) - 1, -1, -1):
        own[of[place]] = place
    for place, name in enumerate(candidates.names):
        if turn_of(name) == name:
            own[of[place]] = place
    return _Turns(of, len(numbers), own)


def _beside(scores: Numbers, sessions: NDArray[np.int64], seqs: NDArray[np.int64]) -> Numbers:
    """Return the mean score of each turn's two neighbours in its session. A turn that is no candidate counts as average."""
    order = np.lexsort((seqs, sessions))
    ranked, session, seq = scores[order], sessions[order], seqs[order]
    beside = np.zeros(len(scores))
    near = (session[1:] == session[:-1]) & (seq[1:] - seq[:-1] == 1)
    beside[1:] += np.where(near, ranked[:-1], 0.0)
    beside[:-1] += np.where(near, ranked[1:], 0.0)
    back = np.empty_like(beside)
    back[order] = beside / 2
    return back


def _with_wishes(total: Numbers, subject: Numbers) -> Numbers:
    """Return the scores with the nearest wishes for all answers lifted to a position among the first ten.

    Other signals cannot find them: `Always give me metric units when I ask about cooking` shares nothing with `How much flour
    for two loaves?`.
    """
    chosen = [
        place for place in np.argsort(-subject, kind="stable")[:_MAX_WISHES].tolist() if subject[place] >= _MIN_WISH_COSINE
    ]
    others = np.sort(np.delete(total, chosen))[::-1]
    if not chosen or len(others) <= _TURNS_BEFORE_WISHES:
        return total
    lifted = total.copy()
    low, high = others[_TURNS_BEFORE_WISHES], others[_TURNS_BEFORE_WISHES - 1]
    steps = np.linspace(high, low, len(chosen) + 2)[1:-1]
    lifted[chosen] = np.maximum(total[chosen], steps)
    return lifted
