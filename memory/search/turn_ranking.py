"""Ranks raw turns: dense and lexical rankings give candidates, which are then scored by all signals together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from memory.core.passages import turn_of
from memory.core.tokenize import ASKING, COMMON, asked_terms
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import TOKEN_SIZE, Bytes, bundled, late_interaction
from memory.index.filters import Filters, Rule
from memory.index.search_index import SearchIndex
from memory.index.turn_traits import Traits, is_dialogue
from memory.index.vectors import NONE, VectorScores
from memory.search.assistant_scoring import weigh_talk
from memory.search.fusion import reciprocal_rank
from memory.search.turn_scoring import NOTHING, Candidates, Question, read_question, weigh

_MAX_DENSE = _MAX_LEXICAL = 300
"""The dense ranking, and each lexical ranking, has at most this many turns."""
_MAX_CANDIDATES, _MAX_ASSISTANT_CANDIDATES = 320, 200
"""At most this many candidates are scored: in conversations between people, and in those with an assistant."""
_MAX_PASSAGES = 3
"""At most this many passages of a long turn are scored beside it."""
_MAX_WISHES = 30
"""At most this many turns with a wish for all answers are added, the newest."""


class TurnSearch:
    """Ranks the raw turns of one user at a time.

    Args:
        index: The search index of words and vectors.
        embedder: Embeds the queries.
    """

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    def search(self, texts: Sequence[str], filters: Filters, rule: Rule = "hybrid") -> dict[str, float]:
        """Return the scores of turns, best first. The scores for several texts are added up.

        Args:
            texts: The texts of the query. Empty ones are skipped.
            filters: The user and the time window.
            rule: How to search.
        """
        return best_passages(self.search_passages(texts, filters, rule))

    def search_passages(self, texts: Sequence[str], filters: Filters, rule: Rule = "hybrid") -> dict[str, float]:
        """Return the scores of index entries, best first, as `search` does for turns: a turn, or each passage of a long one."""
        asked = [text for text in dict.fromkeys(texts) if text.strip()]
        if rule == "reference":
            rankings = [self._nearest_whole(text, filters) for text in asked]
        else:
            rankings = [weighed(question, candidates) for question, candidates in self.gather(asked, filters)]
        return rankings[0] if len(rankings) == 1 else _together(rankings)

    def cosines(self, texts: Sequence[str], filters: Filters) -> dict[str, float]:
        """Return how near the nearest turns are to a thing that several texts name, best first.

        It is the mean of the cosines of these texts with what the person said: the message, or the nearest of its sentences.
        """
        scores = self._index.score(filters, "turn", np.stack([one.vector for one in self._embedder.embed(texts)]))
        # A passage of a reply has neither facet, and is left out.
        near = [np.maximum(scores.of("turn", number), scores.of("sentence", number)) for number in range(len(texts))]
        return best_passages(scores.nearest(np.mean(near, axis=0), _MAX_DENSE))

    def gather(self, texts: Sequence[str], filters: Filters) -> list[tuple[Question, Candidates]]:
        """Return each question, parsed, with the candidates that may answer any of the questions and all their signals."""
        if not texts:
            return []
        speakers = self._index.speakers(filters.user_id)
        questions = [read_question(text, speakers, filters.named) for text in texts]
        embeddings = self._embedder.embed([question.meaning for question in questions])
        scores = self._index.score(filters, "turn", np.stack([embedding.vector for embedding in embeddings]))
        # For conversations between people, the weights were fitted with all words.
        asked = [question.meaning if speakers else " ".join(asked_terms(question.meaning)) for question in questions]
        words = [self._worded(text, filters) for text in asked]
        rankings = [[list(scores.top(place, _MAX_DENSE)), *map(list, one)] for place, one in enumerate(words)]
        brought = list(reciprocal_rank(ranking for of_one in rankings for ranking in of_one))
        brought = brought[: _MAX_CANDIDATES if speakers else _MAX_ASSISTANT_CANDIDATES] + self._index.lasting_wishes(
            filters.user_id, _MAX_WISHES
        )
        there = self._read(filters.user_id, brought, scores, [within for *_, within in words])
        # Skip entries that have left the index since the vectors were compared.
        positions = scores.where(there)
        if not positions:
            return [(question, NOTHING) for question in questions]
        names, places = list(positions), list(positions.values())
        traits = [there[name][0] for name in names]
        tokens = bundled([there[name][1] for name in names])
        common = COMMON if is_dialogue(traits) else COMMON | ASKING
        found = []
        for number, (question, embedding, (worded, before, within)) in enumerate(
            zip(questions, embeddings, words, strict=True)
        ):
            content = scores.content(number)[places]
            candidates = Candidates(
                names=names,
                traits=traits,
                # A turn of one sentence has no sentence facet, and a first turn has no facet with the turn before it.
                sentence=_or_else(scores.of("sentence", number, places), content),
                before=_or_else(scores.of("before", number, places), content),
                late=late_interaction(embedding, tokens, common),
                words=np.array([worded.get(name, 0.0) for name in names]),
                words_before=np.array([before.get(name, 0.0) for name in names]),
                content=content.astype(np.float64),
                exchange=scores.of("exchange", number, places).astype(np.float64),
                words_within=np.array([within.get(name, 0.0) for name in names]),
                of_message=scores.of("reply", number, places) <= NONE,
            )
            found.append((question, candidates))
        return found

    def _read(
        self, user_id: str, brought: Sequence[str], scores: VectorScores, worded: Sequence[Iterable[str]]
    ) -> dict[str, tuple[Traits, Bytes]]:
        """Return traits and token vectors of the candidate turns, and of each turn's best passages by meaning and by words.

        In conversations with an assistant, a passage has its turn's traits and no token vectors.
        """
        own = self._index.read(user_id, list(dict.fromkeys(map(turn_of, brought))))
        passages = {name: dict.fromkeys(scores.best_passages(name, _MAX_PASSAGES)) for name in own}
        for ranking in worded:
            for turn, names in groupby(sorted(ranking, key=turn_of), turn_of):
                passages.get(turn, {}).update(dict.fromkeys(islice(names, _MAX_PASSAGES)))
        every = [name for some in passages.values() for name in some]
        if is_dialogue([traits for traits, _ in own.values()]):
            return own | self._index.read(user_id, every)
        none = np.zeros((0, TOKEN_SIZE), dtype=np.int8)
        return own | {name: (own[turn_of(name)][0], none) for name in every}

    def _worded(self, meaning: str, filters: Filters) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """Return the BM25 scores of turns, of turns together with the turn before, and of passages of long turns."""
        alone = self._index.search(filters, meaning, kind="turn", limit=_MAX_LEXICAL)
        before = self._index.search(filters, meaning, kind="turn", limit=_MAX_LEXICAL, around=True)
        return dict(alone), dict(before), dict(self._index.search(filters, meaning, kind="passage", limit=_MAX_LEXICAL))

    def _nearest_whole(self, text: str, filters: Filters) -> dict[str, float]:
        """Return the scores of turns as published: dense search alone, by the cosine of the whole turn."""
        scores = self._index.score(filters, "turn", self._embedder.embed([text])[0].vector[None])
        return scores.nearest(_or_else(scores.of("whole", 0), scores.content(0)), _MAX_DENSE)


def weighed(question: Question, candidates: Candidates) -> dict[str, float]:
    """Return the scores of candidates by the method for their type of conversation: between people, or with an assistant."""
    return weigh(question, candidates) if is_dialogue(candidates.traits) else weigh_talk(question, candidates)


def best_passages(scores: Mapping[str, float]) -> dict[str, float]:
    """Return each turn's score, which is the score of its best entry. The scores must be given best first."""
    best: dict[str, float] = {}
    for name, score in scores.items():
        best.setdefault(turn_of(name), score)
    return best


def _or_else(cosines: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosines, with the other ones where a cosine is missing."""
    return np.where(cosines > NONE, cosines, others).astype(np.float64)


def _together(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the sums of scores. An id that a ranking lacks counts there as its lowest score."""
    floors = [min(ranking.values(), default=0.0) for ranking in rankings]
    names = dict.fromkeys(name for ranking in rankings for name in ranking)
    scores = {name: sum(ranking.get(name, floor) for ranking, floor in zip(rankings, floors, strict=True)) for name in names}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
