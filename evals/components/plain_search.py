"""The plain search that ours is compared with: cosine and BM25 over whole texts, fused by reciprocal rank.

It is what an hour's work gives, and stays that way: words as written, no stemming, no stop words, the usual constants.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memory.embedding.text_embedder import Embedder

Scores = NDArray[np.float64]
K1, B = 1.5, 0.75
"""BM25's constants, as most libraries set them."""
RRF = 60
"""The constant of reciprocal rank fusion (Cormack et al., 2009)."""
_WORD = re.compile(r"\w+")


class PlainSearch:
    """Ranks texts for a question.

    Args:
        texts: The texts to search, each as a whole.
        embedder: Makes the vectors.
    """

    def __init__(self, texts: Sequence[str], embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors = np.stack([embedding.vector for embedding in embedder.embed(list(texts))]) if texts else np.zeros((0, 1))
        self._words = _Bm25([words_of(text) for text in texts])

    def dense(self, question: str) -> Scores:
        """Return the cosine of each text with the question."""
        if not len(self._vectors):
            return np.zeros(0)
        return np.asarray(self._vectors @ self._embedder.embed([question])[0].vector, dtype=np.float64)

    def bm25(self, question: str) -> Scores:
        """Return the BM25 score of each text."""
        return self._words.scores(words_of(question))

    def hybrid(self, question: str) -> Scores:
        """Return the sum of both reciprocal ranks of each text."""
        return fused([self.dense(question), self.bm25(question)])


def order(scores: Scores) -> list[int]:
    """Return the indices of texts, best first; equal scores keep the order of the texts."""
    return [int(place) for place in np.argsort(-scores, kind="stable")]


def fused(rankings: Sequence[Scores]) -> Scores:
    """Fuse rankings of the same texts by reciprocal rank."""
    total = np.zeros(len(rankings[0]))
    for scores in rankings:
        for rank, place in enumerate(order(scores), start=1):
            total[place] += 1 / (RRF + rank)
    return total


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


class _Bm25:
    """BM25 with an idf that is never negative (Lucene's)."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._counts = [Counter(words) for words in texts]
        lengths = np.array([len(words) for words in texts], dtype=np.float64)
        self._norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0)) if len(texts) else lengths
        self._holding = Counter(word for counts in self._counts for word in counts)

    def scores(self, words: Sequence[str]) -> Scores:
        total = np.zeros(len(self._counts))
        for word in words:
            texts_with = self._holding.get(word, 0)
            idf = math.log(1 + (len(self._counts) - texts_with + 0.5) / (texts_with + 0.5))
            often = np.array([counts[word] for counts in self._counts], dtype=np.float64)
            total += idf * often * (K1 + 1) / (often + self._norm) if texts_with else 0.0
        return total
