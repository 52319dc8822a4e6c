"""`persona eval persona-mme | personamem`: how well questions about people are answered, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, console, print_json, print_table, progress
from memory import extras

if TYPE_CHECKING:
    from evals.cases import Person, Question
    from evals.published import Row
    from evals.runner import Case
    from evals.solvers import Solver
    from memory.store import Memory

OURS = "ours"
LOG = "cases.jsonl"
_OTHER_DATA = (
    "The published figures are of all of Persona-MME's 100 people a context. This run asked {questions} questions about "
    "{people} people of {data}: they stand beside it for their size, not to be compared."
)
_PERSONAMEM = (
    "The published figures are of PersonaMem's 589 questions at 32k; this run asked {questions}. What the system messages "
    "of a talk tell about the person is shown to nobody here."
)


class ContextName(StrEnum):
    """Lengths of history."""

    SHORT = "32k"
    LONG = "128k"


class BaselineName(StrEnum):
    """What stands beside our graph."""

    NONE = "none"
    FULL_CONTEXT = "full-context"
    RAG = "rag"


Out = Annotated[Path, typer.Option("--out", help="Where the log and the memories of the run lie; the same again goes on.")]
Baselines = Annotated[list[BaselineName] | None, typer.Option("--baseline", help="Beside ours, same model, same questions.")]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, max=64, help="How many people are in flight.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Ask the first so many questions alone.")]


def persona_mme(
    data: Annotated[Path, typer.Option("--data", help="The folder of Persona-MME; it is not part of this project.")],
    context: Annotated[ContextName, typer.Option("--context", help="How long the histories are.")] = ContextName.SHORT,
    baseline: Baselines = None,
    out: Out = Path("runs/persona-mme"),
    concurrency: Concurrency = 1,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Answer Persona-MME's questions after living through each person's history."""
    from evals.persona_mme import load
    from evals.published import PEOPLE, PERSONA_MME

    people, questions = load(data, context.value)
    asked = questions[:limit]
    official = len(people) == PEOPLE and limit is None
    name = "Persona-MME" if official else data.resolve().name
    note = _OTHER_DATA.format(data=name, people=len({one.person for one in asked}), questions=len(asked))
    known = _Known(f"{name}, {context.value}", PERSONA_MME[context.value], note="" if official else note, limit=limit)
    _run(people, asked, baseline or [], out / context.value, concurrency, known, as_json=as_json)


def personamem(
    questions: Annotated[Path, typer.Option("--questions", help="PersonaMem's table (CSV).")],
    contexts: Annotated[Path, typer.Option("--contexts", help="PersonaMem's talks (JSON lines).")],
    baseline: Baselines = None,
    out: Out = Path("runs/personamem"),
    concurrency: Concurrency = 1,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Answer PersonaMem's questions, each in the midst of its talk."""
    from evals.personamem import load
    from evals.published import PERSONAMEM

    people, cases = load(questions, contexts)
    known = _Known("PersonaMem", PERSONAMEM, note=_PERSONAMEM.format(questions=len(cases[:limit])), limit=limit)
    _run(people, cases[:limit], baseline or [], out, concurrency, known, as_json=as_json)


def locomo(
    data: Annotated[Path, typer.Option("--data", help="LoCoMo's file; it is not part of this project.")],
    baseline: Baselines = None,
    out: Out = Path("runs/locomo"),
    concurrency: Concurrency = 1,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Answer LoCoMo's questions in words, scored by shared words; the adversarial ones are counted apart."""
    from evals.locomo_qa import load

    people, cases = load(data)
    _run(people, cases[:limit], baseline or [], out, concurrency, _Known("LoCoMo", limit=limit), as_json=as_json)


@dataclass(frozen=True)
class _Known:
    """What a benchmark is called, what is published of it, and how many of its questions were asked (None: all)."""

    title: str
    rows: tuple[Row, ...] = ()
    note: str = ""
    limit: int | None = None

    @property
    def page(self) -> str:
        """The name of its page; that of the first questions does not replace that of all."""
        return "report.html" if self.limit is None else f"report-{self.limit}.html"


def _run(
    people: Sequence[Person],
    questions: Sequence[Question],
    baselines: Sequence[BaselineName],
    out: Path,
    concurrency: int,
    known: _Known,
    *,
    as_json: bool,
) -> None:
    # Now, and not after hours of answering.
    extras.require("evals", "The page of a run")
    from evals.page import render
    from evals.published import beside
    from evals.report import as_json as plain
    from evals.report import figures, table

    cases = answer_all(people, questions, baselines, out, concurrency)
    (out / known.page).write_text(render(known.title, cases, known.rows, note=known.note), encoding="utf-8")
    found = figures(cases)
    if as_json:
        print_json(plain(found))
    else:
        print_table(*table(found))
        if known.rows:
            print_table(*beside(found, known.rows))
        if known.note:
            progress(known.note)
        page, log = out / known.page, out / LOG
        progress(f"Beside the published figures, with every case that went wrong: {page}. All of it: {log}")


def answer_all(
    people: Sequence[Person],
    questions: Sequence[Question],
    baselines: Sequence[BaselineName],
    out: Path,
    concurrency: int,
    then: Callable[[Memory], None] = lambda _memory: None,
) -> list[Case]:
    """Answer what is not in the log of a folder yet, with the model and the embedders that are set.

    Args:
        people: Whom the questions are about.
        questions: What is asked.
        baselines: What is asked beside ours.
        out: Where log and memories lie.
        concurrency: How many people are in flight.
        then: Given the memory when all is answered.

    Returns:
        All cases of these questions.
    """
    from rich.progress import Progress

    from app.build import build_embedder, build_sight
    from app.model_server import ModelServer
    from app.settings import Settings
    from evals.claim import claim, fingerprint
    from evals.runner import Log, run
    from evals.solvers import Ours
    from memory.store import Memory

    settings = Settings()
    log, embedder, server = Log(out / LOG), build_embedder(settings), ModelServer(settings)
    try:
        chat, style = server.chat(counts=True), server.style()
        asked = {question.person for question in questions}
        made_with = {"model": server.endpoint().model, "text embedder": embedder.name, "set of prompts": fingerprint(style)}
        claim(out, made_with, [person for person in people if person.id in asked])
        with (
            Memory(out / "memory", embedder, sight=build_sight(settings), asks=False) as memory,
            Progress(console=console()) as bars,
        ):
            bar = bars.add_task("answering")

            def on_work(person: Person, left: int) -> None:
                bars.update(bar, description=f"remembering {person.id}: {left} left")

            solvers = _solvers(Ours(chat, memory, style, on_work), chat, style, embedder, baselines)
            bars.update(bar, total=len(solvers) * sum(3 if one.alignment else 1 for one in questions))
            there = {question.id for question in questions}
            bars.advance(bar, sum(case.solver in solvers and case.question in there for case in log.cases))

            def on_done(_case: Case) -> None:
                bars.update(bar, advance=1, description="answering")

            cases = run(people, questions, solvers, log, concurrency=concurrency, on_done=on_done)
            then(memory)
    finally:
        server.close()
    return cases


def _solvers(ours: Solver, chat: Any, style: Any, embedder: Any, baselines: Sequence[BaselineName]) -> dict[str, Solver]:
    from evals.solvers import Baseline, FullContext, Rag

    made: dict[str, Solver] = {OURS: ours}
    for name in baselines:
        match name:
            case BaselineName.NONE:
                made[name.value] = Baseline(chat, style)
            case BaselineName.FULL_CONTEXT:
                made[name.value] = FullContext(chat, style)
            case BaselineName.RAG:
                made[name.value] = Rag(chat, style, embedder)
    return made
