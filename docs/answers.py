"""Writes the tables of persona_mini into docs/guides/evaluate.md, between two markers.

Run `python docs/answers.py runs/persona-mme/32k` with the folder of a run of `persona eval persona-mme`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from evals.answering import LOG
from evals.reports.costs import Cost, costs
from evals.reports.report import ALIGNMENT, ALL, RESAMPLES, Figure, figures
from evals.runner import Case, Log

PAGE = Path(__file__).parent / "guides" / "evaluate.md"
_BETWEEN = re.compile(r"(<!-- answers: made by docs/answers\.py -->\n).*?(<!-- /answers -->)", re.DOTALL)
_NAMES = {
    "ours": "ours",
    "none": "none",
    "full-context": "full context",
    "rag": "top-5 messages",
    "hybrid": "hybrid, as many tokens as ours",
    "notes": "top-5 messages as notes",
}


def tables(cases: Sequence[Case]) -> str:
    """Return both tables of a run as Markdown: the share of right answers, and the cost of a question."""
    found, took = figures(cases), costs(cases)
    known = [name for name in _NAMES if name in found] + [name for name in found if name not in _NAMES]
    asked = max(of[ALL].cases for of in found.values())
    pairs = max(of[ALIGNMENT[0]].cases if ALIGNMENT[0] in of else 0 for of in found.values())
    right = [
        f"| right, % (95% of {RESAMPLES:,} resamples of the people) | {asked} questions | {pairs} of alignment |",
        "|---|---|---|",
        *(f"| {_name(one)} | {_right(found[one].get(ALL))} | {_right(found[one].get(ALIGNMENT[0]))} |" for one in known),
    ]
    cost = [
        "| a question, median (p95) | tokens read | tokens written | model calls to the first word | seconds to it | seconds |",
        "|---|---|---|---|---|---|",
        *(f"| {_name(one)} | {_cost(took[one])} |" for one in known if one in took),
    ]
    return "\n".join([*right, "", *cost]) + "\n"


def put(page: str, cases: Sequence[Case]) -> str:
    """Return the text of the page with the tables of these cases between its markers."""
    return _BETWEEN.sub(lambda match: f"{match[1]}\n{tables(cases)}\n{match[2]}", page)


def _name(solver: str) -> str:
    return _NAMES.get(solver, solver)


def _right(figure: Figure | None) -> str:
    return "–" if figure is None else f"{100 * figure.score:.1f} ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def _cost(cost: Cost) -> str:
    read = f"{cost.prompt_tokens:,.0f} ({cost.prompt_tokens_p95:,.0f})"
    written = f"{cost.completion_tokens:,.0f} ({cost.completion_tokens_p95:,.0f})"
    first = f"{cost.first_seconds:.1f} ({cost.first_seconds_p95:.1f})"
    whole = f"{cost.seconds:.1f} ({cost.seconds_p95:.1f})"
    return f"{read} | {written} | {cost.calls_to_first:.1f} | {first} | {whole}"


if __name__ == "__main__":
    log = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/persona-mme/32k") / LOG
    if not log.is_file():
        sys.exit(f"{log} is not there. Give the folder of a run of `persona eval persona-mme`.")
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), Log(log).cases), encoding="utf-8")
