"""Published figures for comparison (arXiv 2604.13074), in percent; those of Persona-MME are of 100 people per context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evals.datasets.persona_mme import TASKS, Context
from evals.reports.report import ALIGNMENT, ALL, WITH_ALIGNMENT, Figure

ASPECTS = tuple(aspect for aspect in TASKS if aspect != ALIGNMENT[0])
COLUMNS = (*ASPECTS, ALIGNMENT[0], ALL, WITH_ALIGNMENT)
PEOPLE = 100
"""Per context of Persona-MME."""


@dataclass(frozen=True)
class Row:
    """The published figures of one model.

    Attributes:
        name: The model, and how it was asked.
        right: Percent, by the names of `evals.reports.report.figures`: aspects, tasks, all.
        tokens: Per case; None: not published.
        seconds: Per case; None: not published.
    """

    name: str
    right: Mapping[str, float] = field(default_factory=dict)
    tokens: float | None = None
    seconds: float | None = None


def _aspects(name: str, *values: float, also: Mapping[str, float] | None = None) -> Row:
    return Row(name, {**dict(zip((*ASPECTS, ALL), values, strict=True)), **(also or {})})


def _tasks(*values: float) -> dict[str, float]:
    names = [f"{aspect} / {task}" for aspect, tasks in TASKS.items() for task in tasks]
    return dict(zip(names, values, strict=True))


_COSTS = (
    Row("Full context, cost", tokens=43_530, seconds=8.4),
    Row("PersonaVLM, no reasoning, cost", tokens=2_726, seconds=2.09),
    Row("PersonaVLM, cost", tokens=2_170, seconds=10.18),
)
_SUMS = {
    "GPT-5": 82.95,
    "Gemini-2.5-Flash": 74.90,
    "Qwen3-30B-A3B": 72.65,
    "Qwen3-VL-8B": 70.75,
    "Claude-3.7-Sonnet": 70.40,
    "random": 32.11,
}
_PERSONAMEM = {
    "GPT-4o, full context": 39.20,
    "Qwen2.5-VL-7B, full context": 43.63,
    "InternVL3-8B, full context": 52.97,
    "InternVL3-38B, full context": 57.93,
    "Qwen2.5-VL-7B, top-5 messages": 45.67,
    "PersonaVLM (SFT)": 52.12,
    "PersonaVLM (RL)": 56.53,
}
_LONG = _aspects("PersonaVLM (RL)", 69.28, 77.70, 61.50, 60.26, 75.00, 87.97, 71.05)
PERSONA_MME: dict[Context, tuple[Row, ...]] = {
    "32k": (
        _aspects("GPT-4o, full context", 86.99, 83.87, 63.12, 57.14, 71.30, 73.87, 72.35),
        _aspects("Qwen2.5-VL-7B, full context", 66.13, 66.85, 59.75, 59.24, 68.45, 70.69, 64.84),
        _aspects("InternVL3-8B, full context", 56.45, 76.24, 57.20, 54.35, 69.05, 74.14, 64.04),
        _aspects("InternVL3-38B, full context", 66.67, 85.64, 66.53, 59.78, 72.02, 77.59, 71.04),
        _aspects("Qwen2.5-VL-7B, top-5 messages", 65.05, 68.51, 50.42, 57.61, 60.71, 68.39, 61.20),
        _aspects("PersonaVLM (SFT)", 67.20, 70.17, 49.58, 57.07, 70.24, 80.46, 64.84),
        _aspects("PersonaVLM (RL)", 69.89, 76.80, 58.05, 69.02, 73.21, 86.78, 71.48, also={"Alignment": 89.16}),
        Row("Qwen2.5-VL-7B, alignment", {"Alignment": 69.91}),
        *_COSTS,
    ),
    "128k": (
        _aspects("GPT-4o, full context", 84.44, 75.63, 59.12, 55.65, 65.98, 76.64, 69.23, also={WITH_ALIGNMENT: 71.90}),
        _aspects("Qwen2.5-VL-7B, full context", 50.60, 54.73, 52.41, 54.30, 55.83, 60.90, 54.48, also={WITH_ALIGNMENT: 54.62}),
        _aspects("InternVL3-8B, full context", 57.23, 68.92, 53.48, 54.97, 69.17, 76.69, 62.43),
        _aspects("InternVL3-38B, full context", 67.47, 71.62, 64.71, 58.94, 65.00, 76.69, 67.18, also={WITH_ALIGNMENT: 66.01}),
        _aspects("Qwen2.5-VL-7B, top-5 messages", 56.63, 63.51, 50.27, 55.63, 61.67, 70.68, 59.01),
        _aspects("PersonaVLM (SFT)", 67.47, 75.68, 59.36, 51.66, 71.67, 81.95, 67.18),
        Row(
            _LONG.name,
            {**_LONG.right, "Alignment": 92.22, WITH_ALIGNMENT: 77.08}
            | _tasks(50.70, 83.16, 81.71, 72.73, 59.65, 54.05, 73.21, 58.44, 62.16, 75.44, 74.60, 82.76, 92.00, 92.22),
        ),
        Row("Qwen2.5-VL-7B, alignment", {"Alignment": 52.27}),
        *(Row(name, {WITH_ALIGNMENT: right}) for name, right in _SUMS.items()),
        *_COSTS,
    ),
}
PERSONAMEM = tuple(Row(name, {ALL: right}) for name, right in _PERSONAMEM.items())
"""At 32k, over all questions."""
_SHORT_TITLES = dict(zip(COLUMNS, ("Mem", "Int", "Pref", "Beh", "Rel", "Gro", "Align", "All", "+Align"), strict=True))


def beside(found: Mapping[str, Mapping[str, Figure]], rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of the published figures and ours, in percent, in the layout of the published table."""
    shown = [name for name in COLUMNS if any(name in of for of in found.values())]
    there: list[tuple[str, Mapping[str, float], float | None, float | None]] = [
        (solver, {name: 100 * one.score for name, one in of.items()}, of[ALL].tokens, of[ALL].seconds)
        for solver, of in found.items()
        if ALL in of
    ]
    there += [
        (f"* {row.name}", row.right, row.tokens, row.seconds) for row in rows if row.tokens or set(shown) & set(row.right)
    ]
    cells = [
        (
            name,
            *(f"{right[column]:.1f}" if column in right else "" for column in shown),
            f"{tokens:,.0f}" if tokens else "",
            f"{seconds:.1f}" if seconds else "",
        )
        for name, right, tokens, seconds in there
    ]
    return ("* published", *(_SHORT_TITLES[name] for name in shown), "tokens", "s"), cells
