"""Finding raw turns: what dense and lexical rankings bring is weighed together, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from memory.chroma import ChromaStore
from memory.embedders import Embedder, Vectors
from memory.lexical import LexicalIndex
from memory.named_time import named_period
from memory.signals import Candidate, Question, Traits, read_question, weigh

Rule = Literal["hybrid", "reference"]
"""`hybrid`: ours; `reference`: dense search alone, as published, to measure beside it."""
_WIDTH = 300
"""Documents of the dense ranking, and turns of each lexical one."""


@dataclass(frozen=True)
class Scope:
    """Whose turns may be found, and of when.

    Attributes:
        user_id: Whose.
        since: Seconds since 1970, inclusive; None: open.
        until: Seconds since 1970, inclusive; None: open.
        seen: Ids that are left out.
        asked: When the question is asked: a time that it names counts, unless there is a window already.
    """

    user_id: str
    since: float | None = None
    until: float | None = None
    seen: AbstractSet[str] = frozenset()
    asked: datetime | None = None


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

    def rank(
        self, texts: Sequence[str], scope: Scope, rule: Rule = "hybrid", vectors: Mapping[str, Vectors] | None = None
    ) -> dict[str, float]:
        """Score turns, best first, by each of the texts; scores of several texts are added up.

        Args:
            texts: What is asked; empty ones are passed over.
            scope: Whose turns, and of when.
            rule: How to search.
            vectors: Texts whose vectors are made already, not to be made again.
        """
        made = dict(vectors or {})
        rankings = [self._one(text, scope, rule, made) for text in dict.fromkeys(texts) if text.strip()]
        return rankings[0] if len(rankings) == 1 else _together(rankings)

    def _one(self, text: str, scope: Scope, rule: Rule, made: Mapping[str, Vectors]) -> dict[str, float]:
        if rule == "reference":
            return self._nearest_whole(text, scope)
        period = named_period(text, scope.asked) if scope.asked and scope.since is None else None
        question = read_question(text, self._lexical.speakers(scope.user_id), period)
        return weigh(question, self._candidates(question, scope, made))

    def _candidates(self, question: Question, scope: Scope, made: Mapping[str, Vectors]) -> dict[str, Candidate]:
        """Gather what the rankings bring."""
        found: dict[str, Candidate] = {}

        def of(name: str) -> Candidate:
            return found.setdefault(name, Candidate(Traits()))

        vector = made.get(question.meaning)
        if vector is None:
            vector = self._embedder.embed([question.meaning])
        for name, facet, cosine in self._chroma.nearest(scope.user_id, "episodic", vector, limit=_WIDTH, since=scope.since):
            if facet == "turn":
                of(name).turn = cosine
            elif facet == "before":
                of(name).before = cosine
            elif facet == "sentence" and of(name).sentence is None:
                of(name).sentence = cosine
        for name, score in self._words(question.meaning, scope, around=False):
            of(name).words = score
        for name, score in self._words(question.meaning, scope, around=True):
            of(name).words_before = score
        traits = self._lexical.traits(scope.user_id, list(found), since=scope.since, until=scope.until)
        there = {name: one for name, one in found.items() if name in traits and name not in scope.seen}
        for name, one in there.items():
            one.traits = traits[name]
            # A turn of one sentence is that sentence; a turn without one before it stands for itself.
            one.sentence = one.turn if one.sentence is None else one.sentence
            one.before = one.turn if one.before is None else one.before
        return there

    def _words(self, text: str, scope: Scope, *, around: bool) -> list[tuple[str, float]]:
        return self._lexical.search(
            scope.user_id, text, kind="turn", limit=_WIDTH, since=scope.since, until=scope.until, around=around
        )

    def _nearest_whole(self, text: str, scope: Scope) -> dict[str, float]:
        """Score turns as published: dense search alone, by the cosine of a turn as it was said."""
        vector = self._embedder.embed([text])
        hits = self._chroma.nearest(scope.user_id, "episodic", vector, limit=_WIDTH, since=scope.since)
        whole = {name for name, facet, _ in hits if facet == "whole"}
        scores = {name: cosine for name, facet, cosine in hits if facet == "whole" or (facet == "turn" and name not in whole)}
        there = self._lexical.traits(scope.user_id, list(scores), since=scope.since, until=scope.until)
        return {name: score for name, score in scores.items() if name in there and name not in scope.seen}


def _together(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    """Add up scores; what one ranking did not bring counts there as much as the least that it brought."""
    floors = [min(ranking.values(), default=0.0) for ranking in rankings]
    names = dict.fromkeys(name for ranking in rankings for name in ranking)
    scores = {name: sum(ranking.get(name, floor) for ranking, floor in zip(rankings, floors, strict=True)) for name in names}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
