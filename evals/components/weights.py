"""Fit the weights of the turn search, and measure each signal's contribution, leaving one conversation out at a time.

The model is linear: a softmax over the candidates of a question, the likelihood of its evidence, L2 on standardised signals.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evals.components.retrieval import DEPTHS, Scored, figures, remember
from evals.datasets.evidence import Conversation
from memory.core.time_ranges import asked_window
from memory.embedding.text_embedder import Embedder
from memory.index.filters import Filters
from memory.memory import Memory
from memory.search.turn_scoring import features

Matrix = NDArray[np.float64]
_L2 = 5e-3
_STEPS = 150
PARTS: dict[str, tuple[str, ...]] = {
    "the vector with the turn before": ("before",),
    "the nearest sentence": ("sentence",),
    "token by token": ("late",),
    "words (BM25)": ("words",),
    "words with the turn before (BM25)": ("words_before", "words_before_raw"),
    "neighbourhood": ("around", "late_after"),
    "session": ("session", "session_best", "session_mean", "session_of_several"),
    "named speaker": ("speaker", "subject"),
    "a name for a which, who or where": ("names_asked", "quotes_asked"),
    "length": ("length", "length_when"),
    "questions and answers to them": ("asks", "asked"),
    "a date for a when": ("dated_when",),
    "place by sentence and words": ("place",),
    "named time": ("in_period", "days_from_period", "weeks_from_period"),
}
"""Signals that are removed together in the ablation."""


@dataclass(frozen=True)
class Example:
    """One question.

    Attributes:
        group: Its conversation.
        category: Its category in the benchmark.
        signals: One row per candidate, one column per signal.
        evidence: The rows of the candidates that answer it.
        missing: Number of answering turns that are no candidates.
    """

    group: int
    category: str
    signals: Matrix
    evidence: tuple[int, ...]
    missing: int


def gather(
    conversations: Sequence[Conversation], embedder: Embedder, on_progress: Callable[[str], None] = lambda _text: None
) -> tuple[list[str], list[Example]]:
    """Ask every question of its conversation; returns the signals' names and their values for the candidates."""
    names: list[str] = []
    examples = []
    for group, conversation in enumerate(conversations):
        on_progress(f"{conversation.name}: {len(conversation.turns)} turns, {len(conversation.questions)} questions")
        with (
            tempfile.TemporaryDirectory(prefix="persona-eval-") as folder,
            Memory(Path(folder), embedder, asks=False) as memory,
        ):
            ids = remember(memory, conversation)
            after = conversation.turns[-1].time + timedelta(days=1)
            for asked in conversation.questions:
                filters = Filters(conversation.name, named=asked_window(asked.question, after))
                [(question, candidates)] = memory.retriever.turns.gather([asked.question], filters)
                said = features(question, candidates)
                names = list(said)
                place = {name: row for row, name in enumerate(candidates.names)}
                rows = [place.get(ids.get(name, ""), -1) for name in asked.evidence]
                found = tuple(row for row in rows if row >= 0)
                signals = np.stack(list(said.values()), axis=1)
                examples.append(Example(group, asked.category, signals, found, len(rows) - len(found)))
    return names, examples


def fit(examples: Sequence[Example], columns: Sequence[int]) -> Matrix:
    """Return the weights of these columns (for signals as they are, not standardised)."""
    stacked = np.concatenate([one.signals[:, columns] for one in examples])
    mean, spread = stacked.mean(axis=0), stacked.std(axis=0) + 1e-9
    scaled = [((one.signals[:, columns] - mean) / spread, list(one.evidence)) for one in examples if one.evidence]

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, slope = 0.0, np.zeros_like(weights)
        for rows, evidence in scaled:
            scores = rows @ weights
            share = np.exp(scores - scores.max())
            share /= share.sum()
            total -= float(np.log(share[evidence] + 1e-12).mean())
            wanted = np.zeros(len(scores))
            wanted[evidence] = 1 / len(evidence)
            slope += rows.T @ (share - wanted)
        count = len(scaled)
        return total / count + _L2 * float(weights @ weights), slope / count + 2 * _L2 * weights

    found = minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    weights: Matrix = found.x / spread
    return weights


def left_out(examples: Sequence[Example], columns: Sequence[int]) -> dict[str, Any]:
    """For each conversation, fit without it and measure on it; returns the figures over all questions."""
    scored: list[Scored] = []
    for group in sorted({one.group for one in examples}):
        weights = fit([one for one in examples if one.group != group], columns)
        scored += [_scored(one, one.signals[:, columns] @ weights) for one in examples if one.group == group]
    return figures(scored)


def report(names: Sequence[str], examples: Sequence[Example]) -> dict[str, Any]:
    """Return `weights` fitted on everything, the figures `left_out`, and those `without` each part."""
    every = list(range(len(names)))
    without = {
        part: left_out(examples, [column for column in every if names[column] not in signals])
        for part, signals in PARTS.items()
    }
    fitted = dict(zip(names, np.round(fit(examples, every), 4).tolist(), strict=True))
    brought = statistics.fmean(len(one.evidence) / (len(one.evidence) + one.missing) for one in examples)
    return {"weights": fitted, "brought": round(brought, 4), "left_out": left_out(examples, every), "without": without}


def table(result: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the ablation as a header and rows."""
    columns = (*(f"recall@{depth}" for depth in DEPTHS), "mrr")
    rows = [("everything", *(str(result["left_out"][column]) for column in columns))]
    rows += [(f"without: {part}", *(str(shown[column]) for column in columns)) for part, shown in result["without"].items()]
    return ("signals", *columns), rows


def _scored(one: Example, scores: Matrix) -> Scored:
    place = np.empty(len(scores))
    place[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return Scored(one.category, (*(float(place[row]) for row in one.evidence), *([float("inf")] * one.missing)), 0.0)
