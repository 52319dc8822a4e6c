"""BM25 for many texts at once: SQLite's full text says which texts contain a word, and NumPy computes the scores.

SQLite's own `bm25` takes more than a microsecond per text, and a search in 100,000 turns scores 15,000 of them; the scores are
the same (docs/decisions/035). A turn has two columns, message and reply, and is scored by BM25F (docs/decisions/054): words of
the reply count less, and its length is compared with a fixed one, because long replies contain almost any word.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
"""Combining marks belong to words; by default this tokenizer splits Hindi, Tamil or Bengali words at each mark."""
_K1, _B = 1.2, 0.75
"""The parameters of BM25, as in SQLite."""
_REPLY_WEIGHT, _USUAL_REPLY_WORDS = 0.5, 100.0
"""Weight of a word in a reply (a word in a message has 1), and the number of words in a reply of usual length."""
_MIN_WEIGHT = 1e-6
"""Weight of a word that more than half of the texts contain; as in SQLite."""
_TOTALS_ROW_ID = 1
"""Id of the row in a full text's data that has the numbers of texts and of words."""

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]


class Lengths:
    """The number of words in each column of each text of one full text; loaded on demand."""

    def __init__(self) -> None:
        self._words = np.zeros((0, 1), dtype=np.uint32)

    @property
    def bytes(self) -> int:
        """Memory size in bytes."""
        return self._words.nbytes

    def forget(self, first: int) -> None:
        """Drop the lengths from text number `first` on, which may now belong to other texts."""
        self._words = self._words[:first]

    def of(self, file: sqlite3.Connection, table: str, numbers: Numbers) -> NDArray[np.uint32]:
        """Return the number of words in each column of these texts; shape (texts, columns)."""
        known = len(self._words)
        if len(numbers) and numbers[-1] >= known:
            query = f"SELECT json_group_array(id), json_group_array(hex(sz)) FROM {table}_docsize WHERE id >= ?"  # noqa: S608 - ours
            ids, sizes = (json.loads(column) for column in file.execute(query, (known,)).fetchone())
            if max(ids, default=-1) < numbers[-1]:
                raise sqlite3.DatabaseError(f"a text of {table} has no length")
            read = np.array([_varints(bytes.fromhex(size)) for size in sizes], dtype=np.uint32)
            grown = np.zeros((max(ids) + 1, read.shape[1]), dtype=np.uint32)
            if known:
                grown[:known] = self._words
            grown[ids] = read
            self._words = grown
        return self._words[numbers]


def bm25(
    file: sqlite3.Connection, table: str, words: Sequence[str], lengths: Lengths, *, newest: int | None
) -> tuple[Numbers, Scores]:
    """Score all texts that contain any of the words.

    Args:
        file: The user's file.
        table: A full text with the column `body` and, for turns, `reply`.
        words: The search words, not their stems; each must have exactly one stem.
        lengths: The lengths of the table's texts.
        newest: For each word, score only this number of newest texts; None: all.

    Returns:
        The numbers of the texts in ascending order, and one score per text; higher is better.
    """
    vocabulary = f"instances_{table}"
    file.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{vocabulary} USING fts5vocab(main, {table}, instance)")
    totals = file.execute(f"SELECT block FROM {table}_data WHERE id = {_TOTALS_ROW_ID}").fetchone()  # noqa: S608 - ours
    texts, all_words = _varints(totals[0])[:2]
    query = f"SELECT json_group_array(doc), json_group_array(col = 'reply') FROM temp.{vocabulary} WHERE term = ?"  # noqa: S608 - ours
    numbers: list[Numbers] = []
    scores: list[Scores] = []
    for word in words:
        # One row for all texts: sqlite3 releases Python's global lock for each row.
        docs, replies = (np.array(json.loads(column), dtype=np.int64) for column in file.execute(query, stems(word)).fetchone())
        having, place = np.unique(docs, return_inverse=True)
        weight = max(np.log((texts - len(having) + 0.5) / (len(having) + 0.5)), _MIN_WEIGHT)
        in_reply = np.bincount(place, weights=replies, minlength=len(having))
        times = np.bincount(place, minlength=len(having)).astype(np.float64) - in_reply
        if newest is not None:
            having, times, in_reply = having[-newest:], times[-newest:], in_reply[-newest:]
        # Converted to floats first: the integer type of the lengths is too small for products.
        long = lengths.of(file, table, having) * 1.0
        times = times / (1 - _B + _B * long[:, 0] * (texts / max(all_words, 1)))
        times = times + _REPLY_WEIGHT * in_reply / (1 - _B + _B * long[:, -1] / _USUAL_REPLY_WORDS)
        numbers.append(having)
        scores.append(weight * times * (_K1 + 1) / (times + _K1))
    every, place = np.unique(np.concatenate(numbers), return_inverse=True)
    return every, np.bincount(place, weights=np.concatenate(scores)).astype(np.float64)


@lru_cache(maxsize=10_000)
def stems(word: str) -> tuple[str, ...]:
    """Return the stems that SQLite's full text stores for a word: usually one; several if its tokenizer splits the word."""
    with _stemmer_lock:
        _stemmer.execute("DELETE FROM texts")
        _stemmer.execute("INSERT INTO texts VALUES (?)", (word,))
        return tuple(row[0] for row in _stemmer.execute("SELECT term FROM read ORDER BY offset"))


def _varints(data: bytes) -> list[int]:
    """Decode SQLite's integers: seven bits per byte, highest bits first; the last byte of each integer is below 128."""
    numbers, number = [], 0
    for byte in data:
        number = number << 7 | byte & 127
        if byte < 128:  # noqa: PLR2004 - the eighth bit
            numbers.append(number)
            number = 0
    return numbers


_stemmer_lock = threading.Lock()
_stemmer = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
_stemmer.execute(f'CREATE VIRTUAL TABLE texts USING fts5(body, tokenize = "{TOKENIZER}")')
_stemmer.execute("CREATE VIRTUAL TABLE read USING fts5vocab(texts, instance)")
