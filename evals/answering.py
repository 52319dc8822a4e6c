"""One run of questions with the configured model and embedders: our graph, and the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.console import console

if TYPE_CHECKING:
    from evals.runner import Case, Log
    from evals.solvers import Solver
    from evals.types import Person, Question
    from evals.work import Work
    from memory.memory import Memory

OURS = "ours"
LOG = "cases.jsonl"


class BaselineName(StrEnum):
    """The baselines for comparison with our graph."""

    NONE = "none"
    FULL_CONTEXT = "full-context"
    RAG = "rag"
    HYBRID = "hybrid"
    NOTES = "notes"


class Remember(StrEnum):
    """Which parts of a history the model remembers before it is asked."""

    ALL = "all"
    NONE = "none"


@dataclass(frozen=True)
class How:
    """How questions are answered.

    Attributes:
        out: Folder of the log and the memories.
        baselines: The baselines to ask as well.
        concurrency: How many people are processed at once.
        remember: `none`: histories are searched as raw turns alone, and no model is asked before the first question.
        ours: Whether our graph is asked at all.
    """

    out: Path
    baselines: Sequence[BaselineName] = ()
    concurrency: int = 1
    remember: Remember = Remember.ALL
    ours: bool = True


def answer_all(
    people: Sequence[Person],
    questions: Sequence[Question],
    how: How,
    then: Callable[[Memory], None] = lambda _memory: None,
) -> list[Case]:
    """Answer the questions that are not in a folder's log yet.

    Args:
        people: Whom the questions are about.
        questions: The questions.
        how: Which solvers are asked, and where the results go.
        then: Called with the memory once everything is answered.

    Returns:
        All cases of these questions.
    """
    from rich.progress import Progress

    from app.factory import build_embedder, build_sight
    from app.models.model_server import ModelServer
    from app.settings import Settings
    from evals import work
    from evals.claim import claim, fingerprint
    from evals.runner import Log, run
    from evals.solvers import Ours
    from memory.memory import Memory

    settings = Settings()
    log, embedder, server = Log(how.out / LOG), build_embedder(settings), ModelServer(settings)
    try:
        chat, style = server.chat(counts=True), server.style()
        asked = {question.person for question in questions}
        made_with = {"model": server.endpoint().model, "text embedder": embedder.name, "set of prompts": fingerprint(style)}
        if how.remember is Remember.NONE:
            made_with["--remember"] = how.remember.value
        claim(how.out, made_with, [person for person in people if person.id in asked])
        with (
            Memory(how.out / "memory", embedder, sight=build_sight(settings), asks=False) as memory,
            Progress(console=console()) as bars,
        ):
            bar = bars.add_task("answering")

            def on_work(person: Person, left: int) -> None:
                bars.update(bar, description=f"remembering {person.id}: {left} left")

            def on_worked(done: Work) -> None:
                work.keep(how.out, done)

            solvers: dict[str, Solver] = {}
            if how.ours:
                remembers = how.remember is Remember.ALL
                solvers[OURS] = Ours(chat, memory, style, on_work, remembers=remembers, on_worked=on_worked)
            solvers |= _baselines(how.baselines, chat, style, embedder, log)
            bars.update(bar, total=len(solvers) * sum(3 if one.alignment else 1 for one in questions))
            there = {question.id for question in questions}
            bars.advance(bar, sum(case.solver in solvers and case.question in there for case in log.cases))

            def on_done(_case: Case) -> None:
                bars.update(bar, advance=1, description="answering")

            cases = run(people, questions, solvers, log, concurrency=how.concurrency, on_done=on_done)
            then(memory)
    finally:
        server.close()
    return cases


def _baselines(names: Sequence[BaselineName], chat: Any, style: Any, embedder: Any, log: Log) -> dict[str, Solver]:
    from evals.baselines import Baseline, FullContext, Hybrid, Notes, Rag

    def tokens_of(question: str, asked: str) -> int | None:
        mine = (case for case in log.cases if case.solver == OURS and case.question == question and case.asked == asked)
        return next((case.prompt_tokens for case in mine), None)

    made: dict[BaselineName, Callable[[], Solver]] = {
        BaselineName.NONE: lambda: Baseline(chat, style),
        BaselineName.FULL_CONTEXT: lambda: FullContext(chat, style),
        BaselineName.RAG: lambda: Rag(chat, style, embedder),
        BaselineName.HYBRID: lambda: Hybrid(chat, style, embedder, tokens_of),
        BaselineName.NOTES: lambda: Notes(chat, style, embedder),
    }
    return {name.value: made[name]() for name in names}
