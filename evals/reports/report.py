"""From cases to figures: accuracy by aspect and task with intervals, and the cost of a case (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from evals.runner import Case

ALL, WITH_ALIGNMENT = "all", "all with alignment"
"""Without alignment, and with it: each of its two questions is one case (derived: this reproduces the published sums)."""
ALIGNMENT = ("Alignment", "Personality Alignment")
APART = "adversarial"
RESAMPLES = 2_000
_SEED = 20_26


@dataclass(frozen=True)
class Figure:
    """The figures of a group of cases.

    Attributes:
        cases: Number of cases.
        score: Mean score by the published rule, from 0 to 1.
        low: Lower end of the interval that contains 95% of resampled means.
        high: Its upper end.
        strict: Mean score by our strict rule.
        tokens: Mean tokens per case; 0 if the server does not count.
        seconds: Median seconds per case.
    """

    cases: int
    score: float
    low: float
    high: float
    strict: float
    tokens: float
    seconds: float


def figures(cases: Sequence[Case]) -> dict[str, dict[str, Figure]]:
    """Group cases by solver, and within a solver by `all`, aspect and task (`Aspect / Task`).

    Whether a reply fits a person is counted as alignment, and left out of `all` (published), as LoCoMo's adversarial cases
    are; `all with alignment` exists if there are alignment cases.
    """
    groups: dict[str, dict[str, list[Case]]] = {}
    for case in cases:
        of = groups.setdefault(case.solver, {ALL: []})
        aligned = case.kind in {"chosen", "rejected"}
        aspect, task = ALIGNMENT if aligned else (case.aspect, case.task)
        apart = aligned or case.aspect.endswith(APART)
        for name in (aspect, f"{aspect} / {task}", *(() if apart else (ALL,))):
            of.setdefault(name, []).append(case)
    for of in groups.values():
        if ALIGNMENT[0] in of:
            of[WITH_ALIGNMENT] = of[ALL] + of[ALIGNMENT[0]]
    return {solver: {name: _figure(group) for name, group in of.items() if group} for solver, of in groups.items()}


@dataclass(frozen=True)
class Behaviour:
    """How a solver with retrieval handled its cases.

    Attributes:
        retrieved: Share of cases with at least one retrieval.
        retrievals: Mean number of retrievals per case.
        malformed: Share of cases in which the model broke the format at least once.
        too_long: Share of cases that did not fit into the model's window.
    """

    retrieved: float
    retrievals: float
    malformed: float
    too_long: float


def behaviour(cases: Sequence[Case]) -> dict[str, Behaviour]:
    """Return how each solver that has steps handled its cases."""
    found = {}
    for solver in dict.fromkeys(case.solver for case in cases):
        mine = [case for case in cases if case.solver == solver]
        if any(case.steps for case in mine):
            retrievals = np.array([sum(step["action"] == "retrieve" for step in case.steps) for case in mine])
            malformed = [any((step["warning"] or "").startswith("Malformed") for step in case.steps) for case in mine]
            found[solver] = Behaviour(
                retrieved=float((retrievals > 0).mean()),
                retrievals=float(retrievals.mean()),
                malformed=float(np.mean(malformed)),
                too_long=float(np.mean([case.error is not None for case in mine])),
            )
    return found


def as_json(found: dict[str, dict[str, Figure]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return figures as plain values, rounded."""
    return {
        solver: {name: {key: round(value, 4) for key, value in asdict(figure).items()} for name, figure in of.items()}
        for solver, of in found.items()
    }


def table(found: dict[str, dict[str, Figure]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of a printed table: `all` first, then each aspect with its tasks."""
    columns = ("solver", "what", "cases", "right %", "95%", "strict %", "tokens", "seconds")
    rows: list[tuple[str, ...]] = []
    for solver, of in found.items():
        for name in sorted(of, key=lambda name: (name not in {ALL, WITH_ALIGNMENT}, name)):
            one = of[name]
            interval = f"{100 * one.low:.1f} to {100 * one.high:.1f}"
            cells = (
                f"{100 * one.score:.1f}",
                interval,
                f"{100 * one.strict:.1f}",
                f"{one.tokens:,.0f}" if one.tokens else "–",
                f"{one.seconds:.2f}",
            )
            # A task is listed below its aspect, whose name need not be repeated.
            rows.append((solver, f"· {name.split(' / ')[1]}" if " / " in name else name, str(one.cases), *cells))
    return columns, rows


def _figure(cases: Sequence[Case]) -> Figure:
    scores = np.array([case.score for case in cases])
    low, high = _interval(cases)
    return Figure(
        cases=len(cases),
        score=float(scores.mean()),
        low=low,
        high=high,
        strict=float(np.mean([case.strict for case in cases])),
        tokens=float(np.mean([case.tokens for case in cases])),
        seconds=float(np.median([case.seconds for case in cases])),
    )


def _interval(cases: Sequence[Case]) -> tuple[float, float]:
    """Return the interval of 95% of resampled means.

    People are resampled, each with all of their cases, which share one memory. With one person alone, cases are resampled:
    the interval then says nothing about other people.
    """
    of: dict[str, list[float]] = {}
    for case in cases:
        of.setdefault(case.person, []).append(case.score)
    if len(of) == 1:
        of = {str(number): [case.score] for number, case in enumerate(cases)}
    sums, counts = np.array([sum(scores) for scores in of.values()]), np.array([len(scores) for scores in of.values()])
    # The same cases give the same interval: a comparison must not change by itself.
    drawn = np.random.default_rng(_SEED).integers(0, len(of), (RESAMPLES, len(of)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)
