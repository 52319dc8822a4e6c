"""`persona eval story`: accuracy on questions about a fictional person's months, compared with the baselines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress
from evals.answering import LOG, How, Remember, answer_all
from evals.cli.answers import Baselines, Limit, Out, Remembered
from evals.cli.saving import Save, saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.runner import Case
    from evals.types import Person, Question

DATA = Path(__file__).parents[1] / "data" / "story"


def story(
    data: Annotated[
        Path, typer.Option("--data", help="A folder with a story.json; evals/data/story/README.md describes it.")
    ] = DATA,
    baseline: Baselines = None,
    remember: Remembered = None,
    out: Out = Path("runs/story"),
    limit: Limit = None,
    ours: Annotated[bool, typer.Option("--ours/--no-ours", help="Ask our graph, or only the baselines.")] = True,
    grow: Annotated[
        bool, typer.Option("--grow", help="Ask again with 2,000 unrelated turns and 500 unrelated facts added to memory.")
    ] = False,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Answer questions about a story that spans months, after all of it has been told. Fixed rules decide what is right."""
    from evals import work
    from evals.datasets.story import load
    from evals.reports import costs

    [person], questions = load(data)
    questions = questions[:limit]
    how = How(out, baseline or (), remember=remember or How.remember, ours=ours)
    cases = answer_all([person], questions, how)
    after = _grown(person, questions, how) if grow else []
    took, done = costs.costs([*cases, *after]), work.figures(work.read(out))
    result = {"right": right([*cases, *after]), "costs": costs.as_json(took), "work": done}
    saved(save, "story", result)
    if as_json:
        print_json(result)
        return
    cases += after
    print_table(*table(cases))
    print_table(*costs.table(took))
    if done:
        print_table(tuple(done), [tuple(f"{value:g}" for value in done.values())])
        progress("Above: the cost of remembering per turn; processor seconds include an embedded model.")
    for case in cases:
        if not case.score:
            progress(f"{case.solver}, {case.question}: {' '.join((case.error or case.reply).split())[:160]}")
    progress(f"All questions and replies: {out / LOG}")


def _grown(person: Person, questions: Sequence[Question], how: How) -> list[Case]:
    """Ask the same questions with a copy of the memory that has grown; the solvers' names say so."""
    from app.factory import build_embedder
    from app.settings import Settings
    from evals import grown as growing
    from evals.perf.corpus import Life

    life, folder = Life(), how.out / "grown"
    more = growing.grown(person, life, growing.TURNS)
    growing.grow(how.out, folder, more, life, build_embedder(Settings()), growing.FACTS)
    asked = [growing.moved(question, person, more) for question in questions]
    cases = answer_all([more], asked, replace(how, out=folder, remember=Remember.NONE))
    return [case.model_copy(update={"solver": f"{case.solver}, grown"}) for case in cases]


def right(cases: Sequence[Case]) -> dict[str, dict[str, Any]]:
    """Return the number of right replies per solver and question category, and the ids of the `wrong` ones."""
    found: dict[str, dict[str, Any]] = {}
    for case in cases:
        of = found.setdefault(case.solver, {"all": {"right": 0, "of": 0}, "wrong": []})
        for name in ("all", case.task):
            group = of.setdefault(name, {"right": 0, "of": 0})
            group["right"] += int(case.score)
            group["of"] += 1
        if not case.score:
            of["wrong"].append(case.question)
    return found


def table(cases: Sequence[Case]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows: one row per question category, one column per solver."""
    found = right(cases)
    kinds = ["all", *dict.fromkeys(case.task for case in cases)]
    groups = {name: [of.get(name, {"right": 0, "of": 0}) for of in found.values()] for name in kinds}
    return ("questions", *found), [(name, *(f"{one['right']} of {one['of']}" for one in row)) for name, row in groups.items()]
