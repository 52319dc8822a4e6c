"""The cost of answers: prompt and completion tokens, model calls and seconds to the first word, all per question (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from evals.runner import Case

COLUMNS = (
    "solver", "prompt tokens", "p95", "completion tokens", "p95",
    "calls to first word", "first word, s", "p95", "seconds", "p95",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Per question, the median and the 95th percentile; 0 if the log does not know.

    Attributes:
        prompt_tokens: Prompt tokens over all calls.
        completion_tokens: Written tokens over all calls.
        calls_to_first: Model calls before the first word.
        first_seconds: Seconds to the first word.
        seconds: Seconds to the last word.
    """

    prompt_tokens: float
    prompt_tokens_p95: float
    completion_tokens: float
    completion_tokens_p95: float
    calls_to_first: float
    first_seconds: float
    first_seconds_p95: float
    seconds: float
    seconds_p95: float


def costs(cases: Sequence[Case]) -> dict[str, Cost]:
    """Return each solver's cost per question; cases without a reply are left out."""
    found = {}
    for solver in dict.fromkeys(case.solver for case in cases):
        mine = [case for case in cases if case.solver == solver and case.error is None]
        if mine:
            found[solver] = _cost(mine)
    return found


def as_json(found: dict[str, Cost]) -> dict[str, dict[str, float]]:
    """Return costs as plain values, rounded."""
    return {solver: {name: round(value, 3) for name, value in asdict(cost).items()} for solver, cost in found.items()}


def table(found: dict[str, Cost]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of a printed table."""
    return COLUMNS, [(solver, *cells(cost)) for solver, cost in found.items()]


def cells(cost: Cost) -> tuple[str, ...]:
    """Return a row's cells, those of `COLUMNS` except the first; a dash if nothing was counted."""
    tokens = (cost.prompt_tokens, cost.prompt_tokens_p95, cost.completion_tokens, cost.completion_tokens_p95)
    first = (f"{cost.calls_to_first:.1f}", f"{cost.first_seconds:.1f}", f"{cost.first_seconds_p95:.1f}")
    return (
        *(f"{value:,.0f}" if cost.prompt_tokens else "–" for value in tokens),
        *(first if cost.calls_to_first else ("–", "–", "–")),
        f"{cost.seconds:.1f}",
        f"{cost.seconds_p95:.1f}",
    )


def _cost(cases: Sequence[Case]) -> Cost:
    def median(name: str) -> float:
        return float(np.median([getattr(case, name) for case in cases]))

    def p95(name: str) -> float:
        return float(np.quantile([getattr(case, name) for case in cases], 0.95))

    return Cost(
        prompt_tokens=median("prompt_tokens"),
        prompt_tokens_p95=p95("prompt_tokens"),
        completion_tokens=median("completion_tokens"),
        completion_tokens_p95=p95("completion_tokens"),
        calls_to_first=median("calls_to_first"),
        first_seconds=median("first_seconds"),
        first_seconds_p95=p95("first_seconds"),
        seconds=median("seconds"),
        seconds_p95=p95("seconds"),
    )
