"""`persona eval graph`: how well each node of the graphs works, and which figures got worse."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress
from evals.answering import OURS, How, answer_all
from evals.cli.answers import Concurrency, ContextName, Limit
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.components.remembered import Kept
    from evals.runner import Case
    from evals.types import Person, Question

FILE = "graph.json"
_LABELS = {
    "looks when it must": "retrieval triggered when needed",
    "answers when it can": "answered directly when possible",
    "looks": "retrievals per case",
    "right unlooked": "right without a needed retrieval",
    "window left out": "invalid time window",
}
"""How the table prints figures whose names in `graph.json` are kept for comparison with earlier runs."""


def graph(
    data: Annotated[
        Path, typer.Option("--data", help="A folder in Persona-MME's layout that lists which messages answer each question.")
    ],
    context: Annotated[ContextName, typer.Option("--context", help="How long the histories are.")] = ContextName.SHORT,
    out: Annotated[
        Path, typer.Option("--out", help="Folder of log and memories; a run of `persona-mme` there is reused.")
    ] = Path("runs/persona-mme"),
    against: Annotated[Path | None, typer.Option("--against", help=f"The {FILE} of an earlier run, for comparison.")] = None,
    concurrency: Concurrency = 1,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Check each step of the graph against the content of histories: decisions, evidence, extraction, formats, personality."""
    from evals.components.remembered import kept
    from evals.datasets.persona_mme import load
    from evals.datasets.probes import load as load_probes

    before = _before(against)
    people, questions = load(data, context.value)
    questions = questions[:limit]
    if not any(question.evidence for question in questions):
        raise InvalidInput(
            f"{data} does not list which messages answer each question (`evidence`). Give --data evals/data/persona_mini."
        )
    asked = {question.person for question in questions}
    questions += [probe for probe in load_probes(data, people) if probe.person in asked]
    people = [person for person in people if person.id in asked]
    folder = out / context.value
    left: list[tuple[Person, Kept]] = []
    cases = answer_all(
        people,
        questions,
        How(folder, concurrency=concurrency),
        then=lambda memory: left.extend((one, kept(memory, one)) for one in people),
    )
    mine = [case for case in cases if case.solver == OURS and case.kind in {"choice", "open"}]
    found = measure(mine, {question.id: question for question in questions}, left)
    (folder / FILE).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json(found)
        return
    rows = [
        (node, _LABELS.get(name, name), _shown(value), *((_shown(before.get(node, {}).get(name)),) if against else ()))
        for node, of in found.items()
        for name, value in of.items()
    ]
    print_table(("node", "measure", "now", *(("before",) if against else ())), rows)
    progress(f"{len(mine)} questions and probes of {len(people)} people. Saved for --against: {folder / FILE}")


def measure(
    cases: Sequence[Case], questions: Mapping[str, Question], people: Sequence[tuple[Person, Kept]]
) -> dict[str, dict[str, float]]:
    """Return the figures of every node."""
    from evals.components import node_figures as of
    from evals.components.pem import track

    tracked = {
        f"tracking error, {drift}, {name}": errors["end"]
        for drift, estimates in track().items()
        for name, errors in estimates.items()
    }
    rounds = {
        f"{name}, round {number}": value
        for number, figures in enumerate(of.retrieve(cases, questions), start=1)
        for name, value in figures.items()
    }
    found = {
        "reason": of.reason(cases, questions),
        "retrieve": rounds,
        "answer": of.answer(cases, questions),
        "extract_semantic": of.extract(people),
        "summarize_topics": of.summarize(people),
        "update_core": of.core(people),
        "update_procedures": of.procedures(people),
        "infer_personality": of.personality(people),
        "evolve_personality": tracked,
    }
    return {
        node: {name: round(value, 3) for name, value in figures.items() if not math.isnan(value)}
        for node, figures in found.items()
    }


def _before(path: Path | None) -> dict[str, dict[str, Any]]:
    from pydantic import TypeAdapter, ValidationError

    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Give --against the {FILE} of an earlier run.") from error
    try:
        return TypeAdapter(dict[str, dict[str, float]]).validate_python(found)
    except ValidationError as error:
        raise InvalidInput(f"{path} is no {FILE} of an earlier run.") from error


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:g}"
