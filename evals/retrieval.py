"""How much of the evidence a search finds: recall and rank on questions whose answering turns are known."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from evals.evidence import Conversation
from memory.embedders import Embedder
from memory.scope import Rule
from memory.store import Memory

DEPTHS = (4, 10, 20)
_LOOKED_AT = 300


@dataclass(frozen=True)
class Scored:
    """One question: the places (from 1) of its evidence, and the seconds that the search took."""

    category: str
    places: tuple[float, ...]
    seconds: float

    def recall(self, depth: int) -> float:
        """Return the share of the evidence within `depth` results."""
        return sum(place <= depth for place in self.places) / len(self.places)


def measure(
    conversations: Sequence[Conversation],
    embedder: Embedder,
    rules: Sequence[Rule],
    on_progress: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Put each conversation into a memory of its own, ask its questions, and score each rule.

    Args:
        conversations: What is remembered and asked.
        embedder: Makes the vectors.
        rules: Ways to search, all measured on the same memories.
        on_progress: Told what is being done.

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
            ids = remember(memory, conversation)
            for rule in rules:
                scored[rule] += [_ask(memory, conversation, ids, number, rule) for number in range(len(conversation.questions))]
    return {rule: _report(results) for rule, results in scored.items()}


def remember(memory: Memory, conversation: Conversation) -> dict[str, str]:
    """Journal the turns and index them; returns the file's ids to ours."""
    ids = {}
    for number, said in enumerate(conversation.turns):
        # A second apart each: two of the same words would be one turn otherwise.
        turn = memory.journal.ingest(conversation.name, said.time + timedelta(seconds=number), said.text, said.reply)
        if turn is not None:
            ids[said.id] = turn.id
    memory.index(conversation.name)
    return ids


def _ask(memory: Memory, conversation: Conversation, ids: dict[str, str], number: int, rule: Rule) -> Scored:
    asked = conversation.questions[number]
    after = conversation.turns[-1].time + timedelta(days=1)
    started = time.perf_counter()
    ranked = memory.retriever.rank_turns(conversation.name, asked.question, _LOOKED_AT, asked=after, rule=rule)
    seconds = time.perf_counter() - started
    place = {name: float(number) for number, (name, _) in enumerate(ranked, start=1)}
    places = tuple(place.get(ids.get(name, ""), float("inf")) for name in asked.evidence)
    return Scored(asked.category, places, seconds)


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
