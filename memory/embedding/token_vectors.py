"""Embeddings of a text as a whole and token by token, and the token-by-token comparison of texts (pure functions).

The token-by-token comparison (late interaction: each token of the question with its nearest token in the text) finds a rare
word that the vector of the whole text averages away; docs/decisions/010 has the measurements.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from memory.core.tokenize import COMMON

Vectors = NDArray[np.float32]
Bytes = NDArray[np.int8]
TOKEN_SIZE = 128
"""Dimensions of a stored token vector. A fixed random rotation projects to them, without a measurable loss."""
_SEED = 0
_SAME_WORD_COSINE = 0.6
"""Least cosine at which two tokens count as the same word when the rarity of a word is computed."""
_MAX_LEVEL = 127.0
_MAX_TURN_TOKENS = 128
"""Most tokens stored for a message with its reply."""


@dataclass(frozen=True)
class Embedding:
    """The embedding of one text.

    Attributes:
        vector: The vector of the whole text, of length 1.
        words: The tokens as the tokenizer writes them, without special tokens.
        tokens: One vector of length 1 per token; shape (words, size).
    """

    vector: Vectors
    words: tuple[str, ...]
    tokens: Vectors


@dataclass(frozen=True)
class Kept:
    """The stored embeddings of an index entry: small enough to be loaded for hundreds of candidates.

    Attributes:
        facets: The embedded facets, of `memory.index.vectors.FACETS`; the first is the entry's content.
        vectors: One 8-bit row per facet (`packed`).
        tokens: The projected 8-bit token vectors of the content, for a turn with its reply; shape (words, 128).
    """

    facets: tuple[str, ...]
    vectors: Bytes
    tokens: Bytes

    def to_row(self) -> tuple[str, bytes, bytes]:
        """Return the values of a database row."""
        return " ".join(self.facets), self.vectors.tobytes(), self.tokens.tobytes()

    @classmethod
    def from_row(cls, facets: str, vectors: bytes, tokens: bytes) -> Kept:
        """Parse the output of `to_row`."""
        names = tuple(facets.split())
        return cls(names, vectors_of(vectors, len(names)), tokens_of(tokens))


def vectors_of(data: bytes, count: int) -> Bytes:
    """Return the `count` vectors that `Kept.to_row` wrote."""
    return np.frombuffer(data, np.int8).reshape(count, -1)


def tokens_of(data: bytes) -> Bytes:
    """Return the token vectors that `Kept.to_row` wrote."""
    return np.frombuffer(data, np.int8).reshape(-1, TOKEN_SIZE)


def keep(embeddings: Sequence[tuple[str, Embedding]]) -> Kept:
    """Return the stored form of an entry's embeddings.

    Args:
        embeddings: (facet, embedding) pairs; the first is the entry's content.
    """
    tokens = embeddings[0][1].tokens
    for facet, embedding in embeddings:
        if facet == "exchange":
            # Of a message with its reply, only content words are stored: a third of the space, with the same search quality.
            tokens = embedding.tokens[_content_words(embedding.words, COMMON)[:_MAX_TURN_TOKENS]]
    return Kept(
        tuple(facet for facet, _ in embeddings),
        packed(np.stack([embedding.vector for _, embedding in embeddings])),
        np.round(_projected(tokens) * _MAX_LEVEL).astype(np.int8),
    )


def keep_more(content: Kept, embeddings: Sequence[tuple[str, Embedding]]) -> Kept:
    """Return the stored form of an entry whose content is stored already.

    Args:
        content: The stored embedding of its content alone.
        embeddings: (facet, embedding) pairs of its other texts.
    """
    if not embeddings:
        return content
    more = keep(embeddings)
    tokens = more.tokens if any(facet == "exchange" for facet, _ in embeddings) else content.tokens
    return Kept((*content.facets, *more.facets), np.concatenate([content.vectors, more.vectors]), tokens)


def unit(rows: Vectors) -> Vectors:
    """Return the rows scaled to length 1; rows of zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Vectors = (rows / np.maximum(lengths, 1e-9)).astype(np.float32)
    return made


def packed(vectors: Vectors) -> Bytes:
    """Return vectors in 8 bits, each with its own scale; cosines change little (measured at 384 dimensions: at most 0.002)."""
    most = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9) if len(vectors) else 1.0
    return np.round(vectors * (_MAX_LEVEL / most)).astype(np.int8)


def unpacked(rows: Bytes) -> Vectors:
    """Return the approximate unit vectors that `packed` was given."""
    return unit(rows.astype(np.float32))


@dataclass(frozen=True)
class Bundle:
    """The stored token vectors of several texts, ready to be compared with several questions.

    Attributes:
        count: Number of texts.
        there: Positions of the texts that have tokens.
        tokens: The token vectors of these texts, one text after another; shape (tokens, 128).
        starts: The row in `tokens` at which each of these texts begins.
    """

    count: int
    there: list[int]
    tokens: Vectors
    starts: NDArray[np.int64]


def bundled(texts: Sequence[Bytes]) -> Bundle:
    """Return the stored token vectors of texts as one bundle."""
    there = [place for place, text in enumerate(texts) if len(text)]
    rows = np.frombuffer(b"".join(texts[place].tobytes() for place in there), np.int8).reshape(-1, TOKEN_SIZE)
    starts = np.cumsum([0, *(len(texts[place]) for place in there[:-1])])
    return Bundle(len(texts), there, rows.astype(np.float32), starts)


def late_interaction(question: Embedding, texts: Bundle, common: Container[str] = frozenset()) -> NDArray[np.float64]:
    """Score texts against a question token by token.

    Each token of the question is compared with its nearest token in the text (the MaxSim of ColBERT, Khattab and Zaharia 2020).
    A token counts more if few of the texts have a token near to it, as in BM25.

    Args:
        question: The embedding of the question.
        texts: The stored token vectors of the texts.
        common: Words of the question to ignore.

    Returns:
        One score per text, from -1 to 1; 0 if the question or the text has no tokens.
    """
    chosen = _content_words(question.words, common)
    scores = np.zeros(texts.count)
    if not chosen or not texts.there:
        return scores
    nearest = np.maximum.reduceat(_projected(question.tokens[chosen]) / _MAX_LEVEL @ texts.tokens.T, texts.starts, axis=1)
    having = (nearest > _SAME_WORD_COSINE).sum(axis=1)
    rarity = np.log1p((len(texts.there) - having + 0.5) / (having + 0.5))
    scores[texts.there] = rarity @ nearest / rarity.sum()
    return scores


def _content_words(words: Sequence[str], common: Container[str]) -> list[int]:
    """Return the positions of the words that are not in `common`; of all words if every one is."""
    plain = [word.strip("#▁Ġ ").lower() for word in words]
    worded = [place for place, word in enumerate(plain) if re.search(r"\w", word)]
    return [place for place in worded if plain[place] not in common] or worded


def _projected(tokens: Vectors) -> Vectors:
    if not tokens.size:
        return np.zeros((0, TOKEN_SIZE), dtype=np.float32)
    return unit(tokens @ _rotation(tokens.shape[1]))


@cache
def _rotation(size: int) -> Vectors:
    """Return a fixed rotation from `size` to 128 dimensions; a smaller space is only rotated and zero-padded."""
    drawn = np.random.default_rng(_SEED).normal(size=(max(size, TOKEN_SIZE), TOKEN_SIZE))
    rotation: Vectors = np.linalg.qr(drawn)[0][:size].astype(np.float32)
    return rotation
