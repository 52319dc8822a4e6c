"""How turns are weighed where one person talks to an assistant (pure functions; docs/decisions/054).

A turn is a message with its reply, and both may be long: then it has several entries, its passages, and is as good as the best
of them. Four signals count alike, each by how many standard deviations it lies above the mean: BM25 of message and reply, the
cosine of both together, that of the nearest sentence of the message, and the comparison token by token. Nobody has to be named.
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

_NEIGHBOUR = 0.2
"""Of the meaning of the turns before and after: a talk about one thing goes on."""
_TIME_ALONE = 3.0
"""Times as much a named time counts where a message names nothing else (`What did I do yesterday?`): all else is chance."""
_FIRST = 7
"""Places before the wishes for all answers: further up, they would stand before what answers."""
_WISHES, _LIKE = 3, 0.15
"""So many wishes are among the first ten, those whose subject is nearest, and at least so near (cosine)."""
_WITHIN = 1e-3
"""What the order of a turn's passages may change of its score."""


@dataclass(frozen=True)
class _Turns:
    """The turns of some entries.

    Attributes:
        of: Of each entry, the number of its turn.
        count: How many there are.
        own: Of each turn, the entry that is the turn's own, or its first one.
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
    """Score entries, best first: a turn's best entry with the turn's score, its other ones a little lower.

    Args:
        question: What is asked.
        candidates: What may answer it; with a long turn's passages, the turn's own entry.
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
    total += _NEIGHBOUR * _beside(meaning, sessions, seqs)
    weights = Weights()
    then = np.sum([getattr(weights, name) * value for name, value in of_period(question, traits).items()], axis=0)
    total += then * (_TIME_ALONE if _is_of_time_alone(question.meaning) else 1.0)
    total = _with_wishes(total, np.where([one.standing for one in traits], sentence, NONE))
    within = standard(candidates.content) + standard(candidates.words_within)
    scores = (total[turns.of] - _WITHIN * (turns.best(within)[turns.of] - within)).tolist()
    return dict(sorted(zip(candidates.names, scores, strict=True), key=lambda item: (-item[1], item[0])))


def standard(scores: Numbers) -> Numbers:
    """Return how many standard deviations each score lies above the mean, so that signals of any scale count alike."""
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
    """Return the mean of the two turns around each one, in its session; one that is no candidate counts as average."""
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
    """Lift the wishes for all answers whose subject is nearest to a place among the first ten.

    `Always give me metric units when I ask about cooking` shares nothing with `How much flour for two loaves?`.
    """
    chosen = [place for place in np.argsort(-subject, kind="stable")[:_WISHES].tolist() if subject[place] >= _LIKE]
    others = np.sort(np.delete(total, chosen))[::-1]
    if not chosen or len(others) <= _FIRST:
        return total
    lifted = total.copy()
    low, high = others[_FIRST], others[_FIRST - 1]
    steps = np.linspace(high, low, len(chosen) + 2)[1:-1]
    lifted[chosen] = np.maximum(total[chosen], steps)
    return lifted
