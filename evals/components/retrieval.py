"""How much of the evidence a search finds: recall and rank on questions whose answering turns are known.

The figures of the benchmarks, LoCoMo's among them, are in docs/guides/evaluate.md.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from evals.components.plain_search import PlainSearch, Scores, order
from evals.datasets.evidence import Asked, Conversation
from memory.embedding.text_embedder import Embedder
from memory.index.filters import Rule
from memory.memory import Memory

Measured = Literal["ours", "hybrid", "dense", "bm25", "reference"]
"""Search methods: ours, plain ones, and the published one."""
RULES: tuple[Measured, ...] = ("ours", "hybrid", "dense", "bm25", "reference")

DEPTHS = (4, 10, 20)
_MAX_RESULTS = 300


@dataclass(frozen=True)
class Scored:
    """One question: the ranks (from 1) of its evidence, and the seconds that the search took."""

    category: str
    places: tuple[float, ...]
    seconds: float

    def recall(self, depth: int) -> float:
        """Return the share of the evidence within `depth` results."""
        return sum(place <= depth for place in self.places) / len(self.places)


def measure(
    conversations: Sequence[Conversation],
    embedder: Embedder,
    rules: Sequence[Measured],
    on_progress: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Put each conversation into a memory of its own, ask its questions, and score each rule.

    Args:
        conversations: The conversations and their questions.
        embedder: Makes the vectors.
        rules: Search methods, all measured on the same turns.
        on_progress: Called with a line of progress.

    Returns:
        For each rule: `questions`, `recall@K`, `mrr`, the same `by_category`, and `latency_ms` (p50, p95).
    """
    scored: dict[str, list[Scored]] = {rule: [] for rule in rules}
    for conversation in conversations:
        on_progress(f"{conversation.name}: {len(conversation.turns)} turns, {len(conversation.questions)} questions")
        with (
            tempfile.TemporaryDirectory(prefix="persona-eval-") as folder,
            Memory(Path(folder), embedder, asks=False) as memory,
        ):
            search = _searches(memory, conversation, embedder, rules)
            for rule in rules:
                scored[rule] += [_ask(search[rule], asked) for asked in conversation.questions]
    return {rule: _report(results) for rule, results in scored.items()}


def remember(memory: Memory, conversation: Conversation) -> dict[str, str]:
    """Journal the turns and index them; returns our id for each id in the file."""
    ids = {}
    for number, said in enumerate(conversation.turns):
        # One second apart: two turns with the same words would otherwise be one turn.
        turn = memory.ingest_turn(conversation.name, said.time + timedelta(seconds=number), said.text, said.reply)
        if turn is not None:
            ids[said.id] = turn.id
    memory.index(conversation.name)
    return ids


def _searches(
    memory: Memory, conversation: Conversation, embedder: Embedder, rules: Sequence[Measured]
) -> dict[Measured, Callable[[str], Sequence[str]]]:
    """Return for each rule a function that ranks the file's ids for a question, best first."""
    name_of = {ours: theirs for theirs, ours in remember(memory, conversation).items()}
    after = conversation.turns[-1].time + timedelta(days=1)
    plain = PlainSearch([f"{said.text}\n{said.reply}".strip() for said in conversation.turns], embedder)

    def _by_memory(rule: Rule) -> Callable[[str], Sequence[str]]:
        def _ranked(question: str) -> list[str]:
            ranked = memory.retriever.search_turns(conversation.name, question, _MAX_RESULTS, asked=after, rule=rule)
            return [name_of[turn_id] for turn_id, _ in ranked]

        return _ranked

    def _plainly(scores: Callable[[str], Scores]) -> Callable[[str], Sequence[str]]:
        return lambda question: [conversation.turns[place].id for place in order(scores(question))]

    known: dict[Measured, Callable[[str], Sequence[str]]] = {
        "ours": _by_memory("hybrid"),
        "reference": _by_memory("reference"),
        "hybrid": _plainly(plain.hybrid),
        "dense": _plainly(plain.dense),
        "bm25": _plainly(plain.bm25),
    }
    return {rule: known[rule] for rule in rules}


def _ask(search: Callable[[str], Sequence[str]], asked: Asked) -> Scored:
    started = time.perf_counter()
    ranked = search(asked.question)
    seconds = time.perf_counter() - started
    place = {name: float(number) for number, name in enumerate(ranked, start=1)}
    return Scored(asked.category, tuple(place.get(name, float("inf")) for name in asked.evidence), seconds)


def _report(results: Sequence[Scored]) -> dict[str, Any]:
    categories = {
        category: figures([one for one in results if one.category == category])
        for category in sorted({one.category for one in results})
    }
    milliseconds = sorted(one.seconds * 1000 for one in results)
    return {**figures(results), "by_category": categories, "latency_ms": _latency(milliseconds)}


def figures(results: Sequence[Scored]) -> dict[str, Any]:
    """Return the mean recall at each depth, and the mean reciprocal rank."""
    if not results:
        return {"questions": 0}
    recalls = {f"recall@{depth}": round(statistics.fmean(one.recall(depth) for one in results), 4) for depth in DEPTHS}
    mrr = statistics.fmean(1 / min(one.places) for one in results)
    return {"questions": len(results), **recalls, "mrr": round(mrr, 4)}


def _latency(milliseconds: Sequence[float]) -> dict[str, float]:
    if not milliseconds:
        return {}
    at = {"p50": 0.5, "p95": 0.95}
    return {
        name: round(milliseconds[min(len(milliseconds) - 1, int(len(milliseconds) * share))], 1) for name, share in at.items()
    }
