"""What an embedder makes of a text, as a whole and token by token, and how two texts compare token by token (pure functions).

Comparing token by token (late interaction: each token of the question with its nearest in the text) sees a rare word that the
vector of the whole text has averaged away; docs/decisions/010 says what it brings.
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
"""Numbers of a kept token: it is projected to so many by a fixed random rotation, which loses nothing that was measurable."""
_SEED = 0
_SAME = 0.6
"""Two tokens that are at least so near (cosine) count as the same word when it is asked how rare one is."""
_STEPS = 127.0
_MOST_TOKENS = 128
"""Of a message with its reply."""


@dataclass(frozen=True)
class Reading:
    """One text, read.

    Attributes:
        vector: The whole, of length 1.
        words: The tokens as the tokenizer writes them, without those that only mark where a text begins and ends.
        tokens: A row for each of them, of length 1; shape (words, size).
    """

    vector: Vectors
    words: tuple[str, ...]
    tokens: Vectors


@dataclass(frozen=True)
class Kept:
    """What is kept of an entry that can be found: small enough to be read for hundreds of candidates.

    Attributes:
        facets: What of it was embedded, of `memory.index.vectors.FACETS`; the first is what it says.
        vectors: A row for each, 8-bit (`packed`).
        tokens: Of what it says, a turn with its reply, the tokens projected, 8-bit; shape (words, 128).
    """

    facets: tuple[str, ...]
    vectors: Bytes
    tokens: Bytes

    def to_row(self) -> tuple[str, bytes, bytes]:
        """Return it as a database keeps it."""
        return " ".join(self.facets), self.vectors.tobytes(), self.tokens.tobytes()

    @classmethod
    def from_row(cls, facets: str, vectors: bytes, tokens: bytes) -> Kept:
        """Read what `to_row` wrote."""
        names = tuple(facets.split())
        return cls(names, vectors_of(vectors, len(names)), tokens_of(tokens))


def vectors_of(data: bytes, count: int) -> Bytes:
    """Read so many vectors that `Kept.to_row` wrote."""
    return np.frombuffer(data, np.int8).reshape(count, -1)


def tokens_of(data: bytes) -> Bytes:
    """Read the tokens that `Kept.to_row` wrote."""
    return np.frombuffer(data, np.int8).reshape(-1, TOKEN_SIZE)


def keep(readings: Sequence[tuple[str, Reading]]) -> Kept:
    """Make what is kept of an entry.

    Args:
        readings: Each facet of it, read; the first is what it says.
    """
    tokens = readings[0][1].tokens
    for facet, reading in readings:
        if facet == "exchange":
            # Of a message with its reply, those that say something: a third of the room, and as well found.
            tokens = reading.tokens[_telling(reading.words, COMMON)[:_MOST_TOKENS]]
    return Kept(
        tuple(facet for facet, _ in readings),
        packed(np.stack([reading.vector for _, reading in readings])),
        np.round(_projected(tokens) * _STEPS).astype(np.int8),
    )


def packed(vectors: Vectors) -> Bytes:
    """Return vectors in 8 bits, each in steps of its own; a cosine of 384 numbers changes little (seen: 0.002 at most)."""
    most = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9) if len(vectors) else 1.0
    return np.round(vectors * (_STEPS / most)).astype(np.int8)


def unpacked(rows: Bytes) -> Vectors:
    """Return the unit vectors that `packed` was given, nearly."""
    vectors = rows.astype(np.float32)
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


@dataclass(frozen=True)
class Bundle:
    """Kept tokens of several texts, to be compared with several questions.

    Attributes:
        count: How many texts there are.
        there: The places of those that have tokens.
        tokens: The tokens of these, one text after another; shape (tokens, 128).
        starts: Where each begins.
    """

    count: int
    there: list[int]
    tokens: Vectors
    starts: NDArray[np.int64]


def bundled(texts: Sequence[Bytes]) -> Bundle:
    """Put the kept tokens of texts side by side."""
    there = [place for place, text in enumerate(texts) if len(text)]
    rows = np.frombuffer(b"".join(texts[place].tobytes() for place in there), np.int8).reshape(-1, TOKEN_SIZE)
    starts = np.cumsum([0, *(len(texts[place]) for place in there[:-1])])
    return Bundle(len(texts), there, rows.astype(np.float32), starts)


def late_interaction(question: Reading, texts: Bundle, common: Container[str] = frozenset()) -> NDArray[np.float64]:
    """Compare a question with texts token by token.

    Each token of the question is compared with its nearest in the text (the MaxSim of ColBERT, Khattab and Zaharia 2020);
    a token that has a near one in few of the texts counts more, as in BM25.

    Args:
        question: What is asked.
        texts: Kept tokens of each text.
        common: Words of the question that say nothing.

    Returns:
        One number a text, from -1 to 1; 0 where the question or the text has no tokens.
    """
    chosen = _telling(question.words, common)
    scores = np.zeros(texts.count)
    if not chosen or not texts.there:
        return scores
    nearest = np.maximum.reduceat(_projected(question.tokens[chosen]) / _STEPS @ texts.tokens.T, texts.starts, axis=1)
    having = (nearest > _SAME).sum(axis=1)
    rarity = np.log1p((len(texts.there) - having + 0.5) / (having + 0.5))
    scores[texts.there] = rarity @ nearest / rarity.sum()
    return scores


def _telling(words: Sequence[str], common: Container[str]) -> list[int]:
    """Return the places of the words that say something; of all where none does."""
    plain = [word.strip("#▁Ġ ").lower() for word in words]
    worded = [place for place, word in enumerate(plain) if re.search(r"\w", word)]
    return [place for place in worded if plain[place] not in common] or worded


def _projected(tokens: Vectors) -> Vectors:
    if not tokens.size:
        return np.zeros((0, TOKEN_SIZE), dtype=np.float32)
    rows = tokens @ _rotation(tokens.shape[1])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = (rows / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


@cache
def _rotation(size: int) -> Vectors:
    """Return a fixed rotation from `size` to 128 dimensions; a smaller space is only rotated and filled up."""
    drawn = np.random.default_rng(_SEED).normal(size=(max(size, TOKEN_SIZE), TOKEN_SIZE))
    rotation: Vectors = np.linalg.qr(drawn)[0][:size].astype(np.float32)
    return rotation
