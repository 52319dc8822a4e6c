"""Ranks facts, topics, habits and profile lines: several rankings, fused by reciprocal rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from memory.core.tokenize import COMMON
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Embedding, bundled, late_interaction
from memory.index.filters import Filters, Rule
from memory.index.search_index import SearchIndex
from memory.search.fusion import reciprocal_rank

_MAX_PLACES = 24
"""At most this many places of each ranking are used."""
_MAX_DENSE_RECORDS = 48
"""A dense ranking has at most this many records."""
_KEYWORD_KINDS = ("semantic", "past", "episodic", "photo")
"""Types of memory that are also searched by their keywords."""


class RecordSearch:
    """Ranks a user's records of one type.

    Args:
        index: The search index of words and vectors.
        embedder: Embeds the queries.
    """

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    def rankings(self, kind: str, message: str, keywords: str, filters: Filters, rule: Rule = "hybrid") -> list[list[str]]:
        """Return several rankings of records, each best first.

        As published: content by message and by keywords, keywords by keywords. In addition: by BM25, by the token-by-token
        score, and within the time that the message names.

        Args:
            kind: `semantic`, `episodic`, `procedural` or `core`.
            message: What the person said.
            keywords: The keywords of the query.
            filters: The user and the time window.
            rule: `reference` returns one ranking, by the best cosine, as published.
        """
        asked = list(dict.fromkeys(text for text in (message, keywords) if text.strip()))
        embeddings = dict(zip(asked, self._embedder.embed(asked), strict=True))
        dense: list[dict[str, float]] = []
        for text, by_facet in zip(asked, self._cosines(kind, list(embeddings.values()), filters), strict=True):
            dense.append(by_facet["content"])
            if text == keywords:
                dense.append(by_facet["keywords"])
        if rule == "reference":
            return [_by_score(_best_of(dense))]
        both = f"{message} {keywords}"
        words = self._index.search(filters, both, kind=kind, limit=_MAX_PLACES)
        rankings = [_by_score(one)[:_MAX_PLACES] for one in dense] + [[name for name, _ in words]]
        brought = list(dict.fromkeys(name for ranking in rankings for name in ranking))
        rankings += self._token_by_token(list(embeddings.values()), brought, filters)
        rankings += self._of_named_time(kind, message, embeddings, filters)
        return [ranking for ranking in rankings if ranking]

    def search(self, kind: str, message: str, keywords: str, filters: Filters, rule: Rule = "hybrid") -> dict[str, float]:
        """Return the fused scores of records, best first; see `rankings`."""
        return reciprocal_rank(self.rankings(kind, message, keywords, filters, rule))

    def cosines(self, kind: str, text: str, filters: Filters) -> dict[str, float]:
        """Return the cosines of the records whose content is nearest to a text."""
        return self._cosines(kind, self._embedder.embed([text]), filters)[0]["content"]

    def _cosines(self, kind: str, embeddings: Sequence[Embedding], filters: Filters) -> list[dict[str, dict[str, float]]]:
        """Return the cosines of the nearest records by facet, for each text."""
        if not embeddings:
            return []
        scores = self._index.score(filters, kind, np.stack([embedding.vector for embedding in embeddings]))
        return [
            {
                "content": scores.nearest(scores.content(number), _MAX_DENSE_RECORDS),
                "keywords": scores.top(number, _MAX_DENSE_RECORDS, "keywords") if kind in _KEYWORD_KINDS else {},
            }
            for number in range(len(embeddings))
        ]

    def _token_by_token(self, embeddings: Sequence[Embedding], names: Sequence[str], filters: Filters) -> list[list[str]]:
        there = self._index.read(filters.user_id, names)
        found, tokens = list(there), bundled([tokens for _, tokens in there.values()])
        orders = [np.argsort(-late_interaction(embedding, tokens, COMMON), kind="stable") for embedding in embeddings]
        return [[found[place] for place in order] for order in orders]

    def _of_named_time(self, kind: str, message: str, embeddings: dict[str, Embedding], filters: Filters) -> list[list[str]]:
        """Return one more ranking, of the records within the time that the question names; empty if it names none."""
        if filters.named is None or message not in embeddings:
            return []
        then = replace(filters, window=filters.named)
        scores = self._index.score(then, kind, embeddings[message].vector[None])
        return [list(scores.nearest(scores.content(0), _MAX_PLACES))]


def _by_score(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda name: (-scores[name], name))


def _best_of(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    best: dict[str, float] = {}
    for ranking in rankings:
        for name, score in ranking.items():
            best[name] = max(score, best.get(name, score))
    return best
