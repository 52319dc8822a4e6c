"""BM25 for many texts at once: which texts have a word is asked of SQLite's full text, and the scores are worked out in arrays.

SQLite's own `bm25` takes more than a microsecond a text, and a look at 100,000 turns scores 15,000 of them; the scores are the
same (docs/decisions/035). A turn has two columns, the message and the reply, and is scored as BM25F does it (decision 054):
what the assistant said counts less, and its length is compared with a fixed one, because long replies hold every word once.
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
"""Combining marks belong to words: by default this tokenizer cuts Hindi, Tamil or Bengali at every one."""
_K1, _B = 1.2, 0.75
"""As in SQLite."""
_REPLY, _REPLY_WORDS = 0.5, 100.0
"""How much a word of a reply counts, beside one of a message, and how many words a reply of usual length has."""
_LEAST_WEIGHT = 1e-6
"""Of a word that more than half of the texts have; as in SQLite."""
_TOTALS = 1
"""The row of a full text's data that says how many texts there are, and how many words."""

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]


class Lengths:
    """How many words the texts of one full text have in each column, by their numbers; read as they are needed."""

    def __init__(self) -> None:
        self._words = np.zeros((0, 1), dtype=np.uint32)

    @property
    def bytes(self) -> int:
        """Say how much memory it takes."""
        return self._words.nbytes

    def forget(self, first: int) -> None:
        """Read those from this number on again: they are of other texts now."""
        self._words = self._words[:first]

    def of(self, file: sqlite3.Connection, table: str, numbers: Numbers) -> NDArray[np.uint32]:
        """Return how many words each of these texts has; shape (texts, columns)."""
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
    """Score all texts that have any of some words.

    Args:
        file: The user's.
        table: A full text: `body`, and maybe `reply`.
        words: Words as they are asked for, not their stems; each has one.
        lengths: Of its texts.
        newest: Of each word, the last so many texts alone; None: all.

    Returns:
        Numbers of texts in ascending order, and a score for each; the higher the better.
    """
    vocabulary = f"instances_{table}"
    file.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{vocabulary} USING fts5vocab(main, {table}, instance)")
    totals = file.execute(f"SELECT block FROM {table}_data WHERE id = {_TOTALS}").fetchone()  # noqa: S608 - ours
    texts, all_words = _varints(totals[0])[:2]
    query = f"SELECT json_group_array(doc), json_group_array(col = 'reply') FROM temp.{vocabulary} WHERE term = ?"  # noqa: S608 - ours
    numbers: list[Numbers] = []
    scores: list[Scores] = []
    for word in words:
        # One row: Python's lock is let go of for each.
        docs, replies = (np.array(json.loads(column), dtype=np.int64) for column in file.execute(query, stems(word)).fetchone())
        having, place = np.unique(docs, return_inverse=True)
        weight = max(np.log((texts - len(having) + 0.5) / (len(having) + 0.5)), _LEAST_WEIGHT)
        in_reply = np.bincount(place, weights=replies, minlength=len(having))
        times = np.bincount(place, minlength=len(having)).astype(np.float64) - in_reply
        if newest is not None:
            having, times, in_reply = having[-newest:], times[-newest:], in_reply[-newest:]
        # In floats before anything else: the lengths' own numbers are too small for a product.
        long = lengths.of(file, table, having) * 1.0
        times = times / (1 - _B + _B * long[:, 0] * (texts / max(all_words, 1)))
        times = times + _REPLY * in_reply / (1 - _B + _B * long[:, -1] / _REPLY_WORDS)
        numbers.append(having)
        scores.append(weight * times * (_K1 + 1) / (times + _K1))
    every, place = np.unique(np.concatenate(numbers), return_inverse=True)
    return every, np.bincount(place, weights=np.concatenate(scores)).astype(np.float64)


@lru_cache(maxsize=10_000)
def stems(word: str) -> tuple[str, ...]:
    """Return what SQLite's full text keeps of a word: one stem, where it is a word to it."""
    with _reading:
        _reader.execute("DELETE FROM texts")
        _reader.execute("INSERT INTO texts VALUES (?)", (word,))
        return tuple(row[0] for row in _reader.execute("SELECT term FROM read ORDER BY offset"))


def _varints(data: bytes) -> list[int]:
    """Read SQLite's numbers: seven bits a byte, the highest first; the last byte of each is below 128."""
    numbers, number = [], 0
    for byte in data:
        number = number << 7 | byte & 127
        if byte < 128:  # noqa: PLR2004 - the eighth bit
            numbers.append(number)
            number = 0
    return numbers


_reading = threading.Lock()
_reader = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
_reader.execute(f'CREATE VIRTUAL TABLE texts USING fts5(body, tokenize = "{TOKENIZER}")')
_reader.execute("CREATE VIRTUAL TABLE read USING fts5vocab(texts, instance)")
