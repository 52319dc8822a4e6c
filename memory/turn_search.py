"""Finding raw turns: what dense and lexical rankings bring is weighed together, turn by turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memory.chroma import ChromaStore
from memory.embedders import Embedder
from memory.fusion import reciprocal_rank
from memory.lexical import LexicalIndex
from memory.reading import Reading, bundled, cosines, late_interaction, stacked
from memory.scope import Rule, Scope, nearest_of
from memory.signals import Candidates, Question, read_question, weigh
from memory.terms import COMMON

_DOCUMENTS = 600
"""Of the dense ranking; a turn has two to five."""
_WORDED = 300
"""Turns of each lexical ranking."""
_WEIGHED = 320
"""Turns that are read and weighed, of those that any ranking brought."""


class TurnSearch:
    """Ranks the raw turns of one user at a time.

    Args:
        chroma: The vectors.
        lexical: The words.
        embedder: Makes the questions' vectors.
    """

    def __init__(self, chroma: ChromaStore, lexical: LexicalIndex, embedder: Embedder) -> None:
        self._chroma = chroma
        self._lexical = lexical
        self._embedder = embedder

    def rank(self, texts: Sequence[str], scope: Scope, rule: Rule = "hybrid") -> dict[str, float]:
        """Score turns, best first, by each of the texts; scores of several texts are added up.

        Args:
            texts: What is asked; empty ones are passed over.
            scope: Whose turns, and of when.
            rule: How to search.
        """
        asked = [text for text in dict.fromkeys(texts) if text.strip()]
        if rule == "reference":
            rankings = [self._nearest_whole(text, scope) for text in asked]
        else:
            rankings = [weigh(question, candidates) for question, candidates in self.gather(asked, scope)]
        return rankings[0] if len(rankings) == 1 else _together(rankings)

    def gather(self, texts: Sequence[str], scope: Scope) -> list[tuple[Question, Candidates]]:
        """Read questions and bring what may answer any of them, with all that is to be weighed for each."""
        speakers = self._lexical.speakers(scope.user_id)
        questions = [read_question(text, speakers, scope.period) for text in texts]
        readings = self._embedder.read([question.meaning for question in questions])
        near = self._near(readings, scope)
        words = [self._worded(question.meaning, scope) for question in questions]
        rankings = [[list(names), *map(list, worded)] for (names, _), worded in zip(near, words, strict=True)]
        brought = list(reciprocal_rank(ranking for of_one in rankings for ranking in of_one))
        there = self._lexical.read(scope, brought[: _WEIGHED + len(scope.seen)])
        if not there:
            none = np.zeros(0)
            return [(question, Candidates((), (), none, none, none, none, none)) for question in questions]
        names, traits = list(there), [traits for traits, _ in there.values()]
        kept = [kept for _, kept in there.values()]
        wholes, befores = stacked([one.whole for one in kept]), stacked([one.before for one in kept])
        tokens = bundled([one.tokens for one in kept])
        found = []
        for question, reading, (_, sentence), (worded, before) in zip(questions, readings, near, words, strict=True):
            whole = cosines(reading, wholes)
            candidates = Candidates(
                names=names,
                traits=traits,
                # The vectors of single sentences are not kept: where the nearest do not come up, the turn stands for them.
                sentence=np.array([sentence.get(name, alone) for name, alone in zip(names, whole, strict=True)]),
                before=cosines(reading, befores),
                late=late_interaction(reading, tokens, COMMON),
                words=np.array([worded.get(name, 0.0) for name in names]),
                words_before=np.array([before.get(name, 0.0) for name in names]),
            )
            found.append((question, candidates))
        return found

    def _worded(self, meaning: str, scope: Scope) -> tuple[dict[str, float], dict[str, float]]:
        """Return BM25 of the turns that have words of a question, and of those that have them with the turn before."""
        alone = self._lexical.search(scope, meaning, kind="turn", limit=_WORDED)
        return dict(alone), dict(self._lexical.search(scope, meaning, kind="turn", limit=_WORDED, around=True))

    def _near(self, readings: Sequence[Reading], scope: Scope) -> list[tuple[list[str], dict[str, float]]]:
        """Return for each question the turns that are near by meaning, and the cosine of the nearest sentence of some.

        The turns of a time window are compared one by one where they are few: Chroma's own filter looks at every document.
        """
        if not readings:
            return []
        if scope.windowed:
            inside = self._lexical.within(scope, "turn")
            if inside is not None:
                return [(nearest_of(reading, inside, _WORDED), {}) for reading in readings]
        vectors = np.stack([reading.vector for reading in readings])
        found = []
        for hits in self._chroma.nearest(scope.user_id, "turn", vectors, limit=_DOCUMENTS):
            names: dict[str, None] = {}
            sentence: dict[str, float] = {}
            for name, facet, cosine in hits:
                names[name] = None
                if facet == "sentence":
                    sentence.setdefault(name, cosine)
            found.append((list(names), sentence))
        return found

    def _nearest_whole(self, text: str, scope: Scope) -> dict[str, float]:
        """Score turns as published: dense search alone, by the cosine of a turn as it was said."""
        reading = self._embedder.read([text])[0]
        [hits] = self._chroma.nearest(scope.user_id, "turn", reading.vector[None], limit=_DOCUMENTS)
        whole = {name for name, facet, _ in hits if facet == "whole"}
        scores = {name: cosine for name, facet, cosine in hits if facet == "whole" or (facet == "turn" and name not in whole)}
        there = self._lexical.traits(scope, list(scores))
        return {name: score for name, score in scores.items() if name in there}


def _together(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    """Add up scores; what one ranking did not bring counts there as much as the least that it brought."""
    floors = [min(ranking.values(), default=0.0) for ranking in rankings]
    names = dict.fromkeys(name for ranking in rankings for name in ranking)
    scores = {name: sum(ranking.get(name, floor) for ranking, floor in zip(rankings, floors, strict=True)) for name in names}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
