"""Ask every question of every person, several people at once; finished cases are on disk, and are not repeated."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from evals.claim import fingerprint
from evals.scoring.asked import Asked, Kind, all_asked, scores
from evals.solvers import Reply, Solver
from evals.types import Person, Question, Shown
from memory.core.errors import InvalidInput, MessageTooLong, NothingWritten


class Case(BaseModel):
    """One question as one solver answered it: a line of the log.

    Attributes:
        score: By the published rule, from 0 to 1.
        strict: By our strict rule.
        error: Why there is no reply; it counts as wrong.
        prompt_tokens: The prompt's part of `tokens`; like the following fields, 0 in older logs.
        completion_tokens: The written part of `tokens`.
        calls_to_first: Model calls that had begun when the first word of the reply arrived.
        first_seconds: From the question to that word.
        of: A fingerprint of the question: its time, its place in the history, and all of its content.
    """

    solver: str
    question: str
    kind: Kind
    person: str
    aspect: str
    task: str
    asked: str
    answer: str
    reply: str
    score: float
    strict: float
    tokens: int
    seconds: float
    steps: tuple[dict[str, Any], ...] = ()
    rounds: tuple[tuple[Shown, ...], ...] = ()
    error: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls_to_first: int = 0
    first_seconds: float = 0.0
    of: str = ""


class Log:
    """The cases of a run, one JSON line each; a line that a crash cut off is dropped.

    Args:
        path: The file; created if missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self.cases = list(self._read())

    def add(self, case: Case) -> None:
        """Write a case so that it survives a crash."""
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(case.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
            self.cases.append(case)

    def _read(self) -> Iterator[Case]:
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            self.path.write_bytes(whole)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                yield Case.model_validate_json(line)
            except ValidationError as error:
                raise InvalidInput(f"{self.path}, line {number}: this is not the log of a run. Give another folder.") from error


def run(
    people: Sequence[Person],
    questions: Sequence[Question],
    solvers: Mapping[str, Solver],
    log: Log,
    *,
    concurrency: int = 1,
    on_done: Callable[[Case], None] = lambda _case: None,
) -> list[Case]:
    """Ask the questions that are not in the log yet; a person's questions in order, each after the history before it.

    Args:
        people: Whom the questions are about.
        questions: The questions.
        solvers: By name; all are asked the same.
        log: The finished cases; new ones are added to it.
        concurrency: How many people are processed at once.
        on_done: Called with every new case, from several threads.

    Returns:
        All cases, in the order of the questions; earlier ones are scored by the current rules.

    Raises:
        PersonaError: The model does not answer, a store cannot be written, or the log is of other questions. Finished cases
            are kept.
    """
    by_person: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_person[question.person].append(question)
    done = {(case.solver, case.question, case.kind): case for case in log.cases}
    _check_same(questions, done)
    stopped = threading.Event()

    def one(person: Person) -> None:
        asked = sorted(by_person[person.id], key=lambda question: _place(person, question))
        for name, solver in solvers.items():
            lived = -1
            for question in asked:
                open_ = [each for each in all_asked(question) if (name, question.id, each.kind) not in done]
                if open_ and _place(person, question) > lived and not stopped.is_set():
                    # Once for all questions at the same place: hashing a history loads its photos.
                    lived = _place(person, question)
                    solver.replay(person, lived)
                for each in open_:
                    if stopped.is_set():
                        return
                    case = _case(name, solver, person, question, each)
                    log.add(case)
                    on_done(case)

    with ThreadPoolExecutor(concurrency, thread_name_prefix="persona-eval") as threads:
        running = [threads.submit(one, person) for person in people if by_person[person.id]]
        try:
            finished, _ = wait(running, return_when=FIRST_EXCEPTION)
        finally:
            stopped.set()
            for future in running:
                future.cancel()
    for future in finished:
        future.result()
    order = {question.id: number for number, question in enumerate(questions)}
    mine = _scored(questions, [case for case in log.cases if case.solver in solvers and case.question in order])
    return sorted(mine, key=lambda case: (list(solvers).index(case.solver), order[case.question], case.kind))


def _scored(questions: Sequence[Question], cases: Sequence[Case]) -> list[Case]:
    """Score cases again: a refined rule does not require asking a model again."""
    asked = {(question.id, each.kind): (question, each) for question in questions for each in all_asked(question)}
    known = [(case, asked.get((case.question, case.kind))) for case in cases]
    return [case.model_copy(update=scores(*one, case.reply)) if one else case for case, one in known]


def _check_same(questions: Sequence[Question], done: Mapping[tuple[str, str, Kind], Case]) -> None:
    """Refuse a log that has answers to other questions under the same ids."""
    prints = {question.id: fingerprint(question) for question in questions}
    for case in done.values():
        if prints.get(case.question, case.of) != case.of:
            raise InvalidInput(f"Question {case.question} of the log differs: the log is of other data. Give another --out.")


def _case(name: str, solver: Solver, person: Person, question: Question, asked: Asked) -> Case:
    error = None
    try:
        reply = solver.answer(person, question, asked.text)
    except (MessageTooLong, NothingWritten) as refused:
        reply, error = Reply(""), refused.message
    return Case(
        solver=name, question=question.id, kind=asked.kind, person=person.id, aspect=question.aspect, task=question.task,
        asked=asked.text, answer=asked.answer, reply=reply.text, tokens=reply.tokens, seconds=round(reply.seconds, 3),
        steps=reply.steps, rounds=reply.rounds, error=error, prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens, calls_to_first=reply.calls_to_first,
        first_seconds=round(reply.first_seconds, 3), of=fingerprint(question), **scores(question, asked, reply.text),
    )  # fmt: skip


def _place(person: Person, question: Question) -> int:
    return len(person.turns) if question.after is None else min(question.after, len(person.turns))
