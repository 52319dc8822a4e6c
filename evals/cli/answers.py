"""`persona eval persona-mme | personamem | locomo`: accuracy on questions about people, compared with the baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.console import AsJson, print_json, print_table, progress
from evals.answering import LOG, OURS, BaselineName, How, Remember, answer_all
from evals.cli.saving import Save, saved
from memory.core import extras

if TYPE_CHECKING:
    from evals.reports.published import Row
    from evals.types import Person, Question

_OTHER_DATA = (
    "The published figures cover all 100 people of each Persona-MME context. This run asked {questions} questions about "
    "{people} people of {data}: the published figures only give an order of magnitude."
)
_PERSONAMEM = (
    "The published figures cover PersonaMem's 589 questions at 32k; this run asked {questions}. No solver here sees what "
    "the system messages of a conversation say about the person."
)
_PERSONAMEM_V2 = (
    "This run asked {questions} questions. No solver here sees what the system messages of a history say about the person. A "
    "request to forget in a history is imported like any message; `persona eval forgetting` measures requests that are granted."
)


class ContextName(StrEnum):
    """Lengths of history."""

    SHORT = "32k"
    LONG = "128k"


Out = Annotated[Path, typer.Option("--out", help="Folder of the run's log and memories; an existing run continues.")]
Baselines = Annotated[
    list[BaselineName] | None, typer.Option("--baseline", help="Also answer with this simpler method, for comparison.")
]
Remembered = Annotated[
    Remember | None,
    typer.Option(
        "--remember", help="What is in memory before the questions: all (facts and summaries too), or none (only the messages)."
    ),
]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, max=64, help="How many people are processed at once.")]
Corrected = Annotated[
    Path | None,
    typer.Option("--corrections", help="A JSON file with other evidence or answers for single questions of LoCoMo."),
]
Doubled = Annotated[bool, typer.Option("--doubled", help="Count questions that stand twice in a conversation as two.")]
People = Annotated[int | None, typer.Option("--people", min=1, help="Only this many people: those with the most questions.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Ask only this many questions, from the first.")]
SpreadLimit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Ask only this many questions, spread over people and kinds of question.")
]


def persona_mme(
    data: Annotated[Path, typer.Option("--data", help="Persona-MME's folder; not part of this project.")],
    context: Annotated[ContextName, typer.Option("--context", help="How long the histories are.")] = ContextName.SHORT,
    baseline: Baselines = None,
    remember: Remembered = None,
    out: Out = Path("runs/persona-mme"),
    concurrency: Concurrency = 1,
    people_asked: People = None,
    limit: Limit = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Answer Persona-MME's questions after replaying each person's history."""
    from evals.datasets.persona_mme import load
    from evals.reports.published import PEOPLE, PERSONA_MME

    people, questions = load(data, context.value)
    asked = of_most(questions, people_asked)[:limit]
    official = len(people) == PEOPLE and len(asked) == len(questions)
    name = "Persona-MME" if official else data.resolve().name
    note = _OTHER_DATA.format(data=name, people=len({one.person for one in asked}), questions=len(asked))
    known = _Known(
        f"{name}, {context.value}", PERSONA_MME[context.value], note="" if official else note, part=part_of(people_asked, limit)
    )
    _run(
        people,
        asked,
        How(out / context.value, baseline or (), concurrency, remember or How.remember),
        known,
        save,
        as_json=as_json,
    )


def personamem(
    questions: Annotated[Path, typer.Option("--questions", help="PersonaMem's table (CSV), of v1 or v2.")],
    contexts: Annotated[
        Path,
        typer.Option("--contexts", help="Its conversations: v1's JSON lines; v2: the folder where the table's links begin."),
    ],
    context: Annotated[
        ContextName, typer.Option("--context", help="How long the histories are (v2; v1 has a table for each).")
    ] = ContextName.SHORT,
    baseline: Baselines = None,
    remember: Remembered = None,
    out: Out = Path("runs/personamem"),
    concurrency: Concurrency = 1,
    people_asked: People = None,
    limit: SpreadLimit = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Answer PersonaMem's questions, each one at the point of the conversation where it belongs."""
    from evals.datasets import personamem as v1
    from evals.datasets import personamem_v2 as v2
    from evals.reports.published import PERSONAMEM

    second = v2.is_v2(questions)
    people, found = v2.load(questions, contexts, context.value) if second else v1.load(questions, contexts)
    cases, part = spread(of_most(found, people_asked), limit), part_of(people_asked, limit)
    if second:
        known = _Known(f"PersonaMem-v2, {context.value}", note=_PERSONAMEM_V2.format(questions=len(cases)), part=part)
    else:
        known = _Known("PersonaMem", PERSONAMEM, note=_PERSONAMEM.format(questions=len(cases)), part=part)
    _run(people, cases, How(out, baseline or (), concurrency, remember or How.remember), known, save, as_json=as_json)


def locomo(
    data: Annotated[Path, typer.Option("--data", help="LoCoMo's file; not part of this project.")],
    corrections: Corrected = None,
    doubled: Doubled = False,
    baseline: Baselines = None,
    remember: Remembered = None,
    out: Out = Path("runs/locomo"),
    concurrency: Concurrency = 1,
    people_asked: People = None,
    limit: Limit = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Answer LoCoMo's questions in free text, scored by the words shared with the right answer; adversarial ones separately."""
    from evals.datasets import corrections as corrected
    from evals.datasets.locomo_qa import load

    people, found = load(data, corrected.load(corrections) if corrections else None, doubled=doubled)
    cases = of_most(found, people_asked)
    how = How(out, baseline or (), concurrency, remember or How.remember)
    _run(people, cases[:limit], how, _Known("LoCoMo", part=part_of(people_asked, limit)), save, as_json=as_json)


@dataclass(frozen=True)
class _Known:
    """A benchmark's title, its published results, and the part of it that was asked (empty: all)."""

    title: str
    rows: tuple[Row, ...] = ()
    note: str = ""
    part: str = ""

    @property
    def page(self) -> str:
        """Return the name of its page; the page of a part does not replace the page of the whole."""
        return f"report{self.part}.html"


def of_most(questions: Sequence[Question], people: int | None) -> list[Question]:
    """Return the questions about `people` people: those with the most questions, the first among equals; None: all."""
    counts = Counter(question.person for question in questions)
    kept = {name for name, _ in counts.most_common(people)}
    return [question for question in questions if question.person in kept]


def spread(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """Return `limit` questions, as many of each person as possible, the first of each task before the second; None: all."""
    if limit is None:
        return list(questions)
    seen, of = Counter[tuple[str, str]](), dict[str, list[tuple[int, int]]]()
    for place, question in enumerate(questions):
        of.setdefault(question.person, []).append((seen[question.person, question.task], place))
        seen[question.person, question.task] += 1
    ranked = [(rank, place) for places in of.values() for rank, (_, place) in enumerate(sorted(places))]
    return [questions[place] for _, place in sorted(ranked)[:limit]]


def part_of(people: int | None, limit: int | None) -> str:
    """Return the suffix for the name of a part."""
    return (f"-of-{people}" if people else "") + (f"-{limit}" if limit else "")


def _run(
    people: Sequence[Person],
    questions: Sequence[Question],
    how: How,
    known: _Known,
    save: Path | None,
    *,
    as_json: bool,
) -> None:
    # Check now rather than after hours of answering.
    extras.require("evals", "The report page of a run")
    from evals import work
    from evals.reports import costs
    from evals.reports.page import render
    from evals.reports.published import beside
    from evals.reports.report import as_json as plain
    from evals.reports.report import figures, table

    cases, out = answer_all(people, questions, how), how.out
    found, took, done = figures(cases), costs.costs(cases), work.figures(work.read(out))
    page = render(known.title, cases, known.rows, note=known.note, work=done)
    (out / known.page).write_text(page, encoding="utf-8")
    took_each = costs.as_json(took)
    whole = {solver: {**of, "costs": took_each.get(solver, {})} for solver, of in plain(found).items()}
    whole[OURS] |= {"work": done}
    saved(save, known.title, whole)
    if as_json:
        print_json(whole)
    else:
        print_table(*table(found))
        print_table(*costs.table(took))
        if done:
            print_table(tuple(done), [tuple(f"{value:g}" for value in done.values())])
        if known.rows:
            print_table(*beside(found, known.rows))
        if known.note:
            progress(known.note)
        progress(f"Report with published figures and all wrong cases: {out / known.page}. Log of all cases: {out / LOG}")
