"""How much of the evidence a search finds: recall and rank on questions whose answering turns are known.

The figures of the benchmarks, LoCoMo's among them, are in docs/guides/evaluate.md.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from evals.components.plain_search import PlainSearch, Scores, order
from evals.datasets.evidence import Asked, Conversation, Said
from graph.prompts.budgets import estimate_tokens
from memory.embedding.text_embedder import Embedder
from memory.index.filters import Rule
from memory.memory import Memory

Measured = Literal["ours", "hybrid", "dense", "bm25", "reference"]
"""Search methods: ours, plain ones, and the published one."""
RULES: tuple[Measured, ...] = ("ours", "hybrid", "dense", "bm25", "reference")

Search = Callable[[Asked], Sequence[str]]
"""Ranks the file's ids of turns for a question, best first."""
DEPTHS = (4, 10, 20)
SESSION_DEPTHS = (5, 10)
"""The first distinct sessions of a ranking, as the field reports them."""
SHOWN = 10
"""The tokens of this many results are counted."""
_MAX_RESULTS = 300


@dataclass(frozen=True)
class Scored:
    """One question.

    Attributes:
        category: Its category in the benchmark.
        places: The ranks (from 1) of its evidence; empty if the benchmark names only its sessions.
        seconds: The time that the search took.
        session: The rank of its first evidence session among the distinct sessions of the ranking; None without sessions.
        tokens: The tokens of the first results, estimated; None if they were not counted.
    """

    category: str
    places: tuple[float, ...]
    seconds: float
    session: float | None = None
    tokens: int | None = None

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
        For each rule what `figures` returns, the same `by_category`, and `latency_ms` (p50, p95).
    """
    scored: dict[str, list[Scored]] = {rule: [] for rule in rules}
    for conversation in conversations:
        on_progress(f"{conversation.name}: {len(conversation.turns)} turns, {len(conversation.questions)} questions")
        with (
            tempfile.TemporaryDirectory(prefix="persona-eval-") as folder,
            Memory(Path(folder), embedder, asks=False) as memory,
        ):
            search = _searches(memory, conversation, embedder, rules)
            turns = {said.id: said for said in conversation.turns}
            for rule in rules:
                scored[rule] += [_ask(search[rule], asked, turns) for asked in conversation.questions]
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
) -> dict[Measured, Search]:
    """Return the search of each rule."""
    name_of = {ours: theirs for theirs, ours in remember(memory, conversation).items()}
    after = conversation.turns[-1].time + timedelta(days=1)
    plain = PlainSearch([f"{said.text}\n{said.reply}".strip() for said in conversation.turns], embedder)

    def _by_memory(rule: Rule) -> Search:
        def _ranked(asked: Asked) -> list[str]:
            ranked = memory.retriever.search_turns(
                conversation.name, asked.question, _MAX_RESULTS, asked=asked.time or after, rule=rule
            )
            return [name_of[turn_id] for turn_id, _ in ranked]

        return _ranked

    def _plainly(scores: Callable[[str], Scores]) -> Search:
        return lambda asked: [conversation.turns[place].id for place in order(scores(asked.question))]

    known: dict[Measured, Search] = {
        "ours": _by_memory("hybrid"),
        "reference": _by_memory("reference"),
        "hybrid": _plainly(plain.hybrid),
        "dense": _plainly(plain.dense),
        "bm25": _plainly(plain.bm25),
    }
    return {rule: known[rule] for rule in rules}


def _ask(search: Search, asked: Asked, turns: Mapping[str, Said]) -> Scored:
    started = time.perf_counter()
    ranked = search(asked)
    seconds = time.perf_counter() - started
    place = {name: float(number) for number, name in enumerate(ranked, start=1)}
    return Scored(
        category=asked.category,
        places=tuple(place.get(name, float("inf")) for name in asked.evidence),
        seconds=seconds,
        session=_session_place(asked, [turns[name] for name in ranked], turns),
        tokens=sum(estimate_tokens(f"{turns[name].text}\n{turns[name].reply}".strip()) for name in ranked[:SHOWN]),
    )


def _session_place(asked: Asked, ranked: Sequence[Said], turns: Mapping[str, Said]) -> float | None:
    wanted = set(asked.sessions or (turns[name].session for name in asked.evidence)) - {""}
    if not wanted:
        return None
    distinct = dict.fromkeys(said.session for said in ranked)
    return next((float(number) for number, name in enumerate(distinct, start=1) if name in wanted), float("inf"))


def _report(results: Sequence[Scored]) -> dict[str, Any]:
    categories = {
        category: figures([one for one in results if one.category == category])
        for category in sorted({one.category for one in results})
    }
    milliseconds = sorted(one.seconds * 1000 for one in results)
    return {**figures(results), "by_category": categories, "latency_ms": _latency(milliseconds)}


def figures(results: Sequence[Scored]) -> dict[str, Any]:
    """Return what the field reports.

    Returns:
        `questions` whose answering turns are known; over these `recall@K`, `mrr`, and `any@K`, the share with at least one
        answering turn among K. `session_questions` whose answering sessions are known, and `session_any@K`, the share with one
        of these among the first K distinct sessions. `tokens@10`: the median of the tokens of the first ten turns, estimated.
    """
    told = [one for one in results if one.places]
    found: dict[str, Any] = {"questions": len(told)}
    if told:
        found |= {f"recall@{depth}": _mean(one.recall(depth) for one in told) for depth in DEPTHS}
        found["mrr"] = _mean(1 / min(one.places) for one in told)
        found |= {f"any@{depth}": _mean(min(one.places) <= depth for one in told) for depth in DEPTHS}
    if sessions := [one.session for one in results if one.session is not None]:
        found["session_questions"] = len(sessions)
        found |= {f"session_any@{depth}": _mean(place <= depth for place in sessions) for depth in SESSION_DEPTHS}
    if shown := [one.tokens for one in results if one.tokens is not None]:
        found[f"tokens@{SHOWN}"] = round(statistics.median(shown))
    return found


def _mean(values: Iterable[float]) -> float:
    return round(statistics.fmean(values), 4)


def _latency(milliseconds: Sequence[float]) -> dict[str, float]:
    if not milliseconds:
        return {}
    at = {"p50": 0.5, "p95": 0.95}
    return {
        name: round(milliseconds[min(len(milliseconds) - 1, int(len(milliseconds) * share))], 1) for name, share in at.items()
    }
