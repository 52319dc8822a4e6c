"""Finding raw turns: what dense and lexical rankings bring is weighed together, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from memory.embedders import Embedder
from memory.flat import NONE
from memory.fusion import reciprocal_rank
from memory.passages import turn_of
from memory.reading import bundled, late_interaction
from memory.scope import Rule, Scope
from memory.search_index import SearchIndex
from memory.signals import Candidates, Question, read_question, weigh
from memory.terms import COMMON

_NEAR = _WORDED = 300
"""Turns of the dense ranking, and of each lexical one."""
_WEIGHED = 320
"""Turns that are read and weighed, of those that any ranking brought."""


class TurnSearch:
    """Ranks the raw turns of one user at a time.

    Args:
        index: Words and vectors.
        embedder: Makes the questions' vectors.
    """

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    def rank(self, texts: Sequence[str], scope: Scope, rule: Rule = "hybrid") -> dict[str, float]:
        """Score turns, best first, by each of the texts; scores of several texts are added up.

        Args:
            texts: What is asked; empty ones are passed over.
            scope: Whose turns, and of when.
            rule: How to search.
        """
        return best_passages(self.rank_passages(texts, scope, rule))

    def rank_passages(self, texts: Sequence[str], scope: Scope, rule: Rule = "hybrid") -> dict[str, float]:
        """Score index entries as `rank` scores turns: a turn, or each passage of a long one."""
        asked = [text for text in dict.fromkeys(texts) if text.strip()]
        if rule == "reference":
            rankings = [self._nearest_whole(text, scope) for text in asked]
        else:
            rankings = [weigh(question, candidates) for question, candidates in self.gather(asked, scope)]
        return rankings[0] if len(rankings) == 1 else _together(rankings)

    def gather(self, texts: Sequence[str], scope: Scope) -> list[tuple[Question, Candidates]]:
        """Read questions and bring what may answer any of them, with all that is to be weighed for each."""
        if not texts:
            return []
        speakers = self._index.speakers(scope.user_id)
        questions = [read_question(text, speakers, scope.period) for text in texts]
        readings = self._embedder.read([question.meaning for question in questions])
        near = self._index.near(scope, "turn", np.stack([reading.vector for reading in readings]))
        words = [self._worded(question.meaning, scope) for question in questions]
        rankings = [[list(near.top(place, _NEAR)), *map(list, one)] for place, one in enumerate(words)]
        brought = list(reciprocal_rank(ranking for of_one in rankings for ranking in of_one))
        there = self._index.read(scope.user_id, brought[:_WEIGHED])
        # What has left the index since the vectors were compared is left out.
        stands = near.where(there)
        if not stands:
            none = np.zeros(0)
            return [(question, Candidates((), (), none, none, none, none, none)) for question in questions]
        names, places = list(stands), list(stands.values())
        traits = [there[name][0] for name in names]
        tokens = bundled([there[name][1] for name in names])
        found = []
        for number, (question, reading, (worded, before)) in enumerate(zip(questions, readings, words, strict=True)):
            whole = near.content(number)[places]
            candidates = Candidates(
                names=names,
                traits=traits,
                # A turn of one sentence, and one that nothing was said before, stands for itself.
                sentence=_or_else(near.of("sentence", number, places), whole),
                before=_or_else(near.of("before", number, places), whole),
                late=late_interaction(reading, tokens, COMMON),
                words=np.array([worded.get(name, 0.0) for name in names]),
                words_before=np.array([before.get(name, 0.0) for name in names]),
            )
            found.append((question, candidates))
        return found

    def _worded(self, meaning: str, scope: Scope) -> tuple[dict[str, float], dict[str, float]]:
        """Return BM25 of the turns that have words of a question, and of those that have them with the turn before."""
        alone = self._index.search(scope, meaning, kind="turn", limit=_WORDED)
        return dict(alone), dict(self._index.search(scope, meaning, kind="turn", limit=_WORDED, around=True))

    def _nearest_whole(self, text: str, scope: Scope) -> dict[str, float]:
        """Score turns as published: dense search alone, by the cosine of a turn as it was said."""
        near = self._index.near(scope, "turn", self._embedder.read([text])[0].vector[None])
        return near.nearest(_or_else(near.of("whole", 0), near.content(0)), _NEAR)


def best_passages(scores: Mapping[str, float]) -> dict[str, float]:
    """Score each turn as its best entry, best first."""
    best: dict[str, float] = {}
    for name, score in scores.items():
        best.setdefault(turn_of(name), score)
    return best


def _or_else(cosines: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return cosines, and others where there are none."""
    return np.where(cosines > NONE, cosines, others).astype(np.float64)


def _together(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    """Add up scores; what one ranking did not bring counts there as much as the least that it brought."""
    floors = [min(ranking.values(), default=0.0) for ranking in rankings]
    names = dict.fromkeys(name for ranking in rankings for name in ranking)
    scores = {name: sum(ranking.get(name, floor) for ranking, floor in zip(rankings, floors, strict=True)) for name in names}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
