"""How long a search and an added memory take as a memory grows."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from evals.perf.corpus import Life, Said
from evals.perf.timing import latency, timed
from memory.core.query import Query
from memory.core.records import PersonalityPoint, SemanticMemory, make_id
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Embedding
from memory.memory import Memory

_USER = "bench"
_FACT_EVERY = 4
"""One of this many turns taught a fact."""
_QUESTIONS = 200
_ADDED = 100
_WARM_UP_QUESTIONS = 10


class DrawnEmbedder:
    """Embeds questions with the real model, and a synthetic text as the mean of its words' vectors: 100,000 of them in minutes.

    Args:
        real: Embeds the words and the questions.
        words: The words that texts are made from.
    """

    def __init__(self, real: Embedder, words: Sequence[str]) -> None:
        self.name = real.name
        self.filling = False
        self._real = real
        self._vectors = {word: embedding.vector for word, embedding in zip(words, real.embed(list(words)), strict=True)}
        self._little = real.embed(["the"])[0].vector

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding per text."""
        return [self._drawn(text) for text in texts] if self.filling else self._real.embed(texts)

    def _drawn(self, text: str) -> Embedding:
        words = tuple(re.findall(r"\w+", text.lower()))
        tokens = np.stack([self._vectors.get(word, self._little) for word in words])
        whole = tokens.mean(axis=0)
        return Embedding(whole / np.linalg.norm(whole), words, tokens)


def measure(
    sizes: Sequence[int], embedder: Embedder, on_progress: Callable[[str], None] = lambda _text: None
) -> list[dict[str, Any]]:
    """Grow one memory to each of the sizes, and time it there.

    Args:
        sizes: Turns of one user, ascending; a fact for every fourth turn is added.
        embedder: Embeds the questions; its time counts.
        on_progress: Called with a line of progress.

    Returns:
        For each size, milliseconds (p50, p95) of `search` (raw turns alone, by a question), of `recall` (facts, topics,
        turns and habits, by a message and keywords, as a turn does it) and of `add` (a turn and its fact, journaled and
        indexed).
    """
    life = Life()
    drawn = DrawnEmbedder(embedder, life.words)
    said, facts = life.turns(max(sizes) + 2 * _ADDED * len(sizes)), life.facts(max(sizes) + _ADDED * len(sizes))
    questions = life.questions(_QUESTIONS * len(sizes))
    rows = []
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder, Memory(Path(folder), drawn) as memory:
        written = 0
        for number, size in enumerate(sizes):
            on_progress(f"Filling up to {size:,} turns")
            with _filling(drawn):
                last = _fill(memory, said, facts, size - written)
            written = size
            on_progress(f"Asking {_QUESTIONS} questions of {size:,} turns")
            asked = questions[number * _QUESTIONS : (number + 1) * _QUESTIONS]
            row = {"turns": size, **_ask(memory, asked, last)}
            row["add"] = latency([timed(lambda: _add(memory, next(said), next(facts))) for _ in range(_ADDED)])
            written += _ADDED
            rows.append(row)
    return rows


@contextmanager
def _filling(drawn: DrawnEmbedder) -> Iterator[None]:
    drawn.filling = True
    try:
        yield
    finally:
        drawn.filling = False


def _fill(memory: Memory, said: Iterator[Said], facts: Iterator[tuple[str, tuple[str, ...]]], count: int) -> Said:
    for number, one in enumerate(islice(said, count)):
        turn = memory.ingest_turn(_USER, one.time, one.text, one.reply)
        if turn is not None and number % _FACT_EVERY == 0:
            _remember(memory, turn.id, one, next(facts))
        last = one
    memory.index(_USER)
    return last


def _add(memory: Memory, one: Said, fact: tuple[str, tuple[str, ...]]) -> None:
    turn = memory.ingest_turn(_USER, one.time, one.text, one.reply)
    if turn is not None:
        _remember(memory, turn.id, one, fact)
    memory.index(_USER)


def _remember(memory: Memory, turn_id: str, one: Said, fact: tuple[str, tuple[str, ...]]) -> None:
    content, keywords = fact
    record = SemanticMemory(
        id=make_id(_USER, "semantic", turn_id), turn_id=turn_id, time=one.time, content=content, keywords=keywords
    )
    memory.memories.commit_remember(_USER, turn_id, PersonalityPoint(turn_id=turn_id, time=one.time), record)


def _ask(memory: Memory, questions: Sequence[str], last: Said) -> dict[str, Any]:
    later = last.time + timedelta(days=1)

    def search(question: str) -> float:
        return timed(lambda: memory.retriever.search_turns(_USER, question, 10, asked=later))

    def recall(question: str) -> float:
        # A different message each time: the embedder caches questions.
        keywords = ", ".join(question.rstrip("?").split()[-3:])
        return timed(lambda: memory.search_by_kind(_USER, Query(f"By the way: {question}", keywords, later)))

    for question in questions[:_WARM_UP_QUESTIONS]:
        search(question)
        recall(question)
    rest = questions[_WARM_UP_QUESTIONS:]
    return {"search": latency([search(one) for one in rest]), "recall": latency([recall(one) for one in rest])}
