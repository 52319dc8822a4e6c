"""A chat model as a judge of replies by rubric; its verdicts are kept, so that a resumed run asks nothing twice."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import BaseModel, ValidationError

from app.settings import Settings
from evals.claim import fingerprint
from evals.runner import Case
from evals.scoring import rubric
from evals.scoring.letters import answered
from evals.types import Question
from graph.calls.asking import Asker, ThoughtTooLong
from graph.prompts.texts import Prompts
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

FILE = "judgements.jsonl"
_MAX_TOKENS = 24
_POINT = (
    "You check a reply that an assistant gave to a person. You are told one point, and say how far the reply satisfies it: 1 "
    "if it does, with the same names, numbers and dates; 0.5 if a part of the point is there and nothing contradicts it; 0 if "
    "the point is missing, is said differently, or if the reply does not answer the question. Other words for the same thing "
    'count. Write one line: "verdict": 0, "verdict": 0.5 or "verdict": 1.'
)
_SAME = (
    "You compare two short texts. Do they tell of the same event or subject, in whatever words? "
    'Write one line: "verdict": 1 if they do, "verdict": 0 if they do not.'
)
_VERDICT = re.compile(r'(?:verdict"?\s*[:=]\s*"?|^\s*"?)(0?\.5|[01](?:\.0+)?)(?![\d.])', re.IGNORECASE | re.MULTILINE)


class _Kept(BaseModel):
    """One verdict: a line of the file."""

    of: str
    asked: str
    verdict: float


class Judgements:
    """The verdicts of a folder, one JSON line each; a line that a crash cut off is dropped.

    Args:
        path: The file; None: kept for this process alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._verdicts = {one.of: one.verdict for one in self._read()}

    def get(self, of: str) -> float | None:
        """Return a verdict that is there already."""
        return self._verdicts.get(of)

    def add(self, of: str, asked: str, verdict: float) -> None:
        """Keep a verdict."""
        with self._lock:
            self._verdicts[of] = verdict
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(_Kept(of=of, asked=asked, verdict=verdict).model_dump_json() + "\n")

    def _read(self) -> Iterator[_Kept]:
        if self._path is None or not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            self._path.write_bytes(whole)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                yield _Kept.model_validate_json(line)
            except ValidationError as error:
                raise InvalidInput(
                    f"{self._path}, line {number}: this is no judgement. Delete the line or the file, and run again."
                ) from error


class Judge:
    """Asks a chat model whether replies satisfy the items of a rubric.

    Args:
        chat: The model.
        name: Its name, by which its verdicts are kept.
        window: Its window in tokens.
        kept: The verdicts so far.

    Attributes:
        name: The same.
        unread: How often it wrote no verdict, twice in a row.
    """

    def __init__(self, chat: BaseChatModel, name: str, window: int, kept: Judgements) -> None:
        self._asker = Asker(chat, Prompts().malformed, window)
        self._kept = kept
        self.name = name
        self.unread = 0

    def verdict(self, question: str, item: str, reply: str) -> float | None:
        """Return how far a reply satisfies an item; None if the model writes no verdict. An empty reply satisfies nothing."""
        if not reply.strip():
            return 0.0
        return self._ask(_POINT, f"Question:\n{question}\n\nReply:\n{reply}\n\nPoint:\n{item}", rubric.VERDICTS)

    def same(self, event: str, line: str) -> bool:
        """Return whether two texts tell of the same event."""
        return self._ask(_SAME, f"First: {event}\nSecond: {line}", (0.0, 1.0)) == 1.0

    def _ask(self, task: str, asked: str, verdicts: Sequence[float]) -> float | None:
        of = fingerprint((self.name, task, asked))
        if (known := self._kept.get(of)) is not None:
            return known
        allowed = " | ".join(f'"{verdict:g}"' for verdict in verdicts)
        try:
            _, verdict = self._asker.ask(
                [SystemMessage(task), HumanMessage(asked)],
                lambda text: _read(text, verdicts),
                grammar=f'root ::= "\\"verdict\\": " verdict\nverdict ::= {allowed}\n',
                max_tokens=_MAX_TOKENS,
            )
        except ThoughtTooLong:
            verdict = None
        if verdict is None:
            self.unread += 1
        else:
            self._kept.add(of, asked, verdict)
        return verdict


def judged(
    cases: Sequence[Case],
    questions: Sequence[Question],
    judge: Judge,
    *,
    concurrency: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> list[Case]:
    """Score the replies of a run by a judge instead of by words.

    Args:
        cases: The cases; those of questions without a rubric are left out.
        questions: Their questions.
        judge: Gives the verdicts.
        concurrency: How many replies are judged at once.
        on_done: Called after each reply.

    Returns:
        The cases with the judge's scores; a case with an item that the judge wrote no verdict on is left out.
    """
    of = {question.id: question for question in questions if question.rubric}

    def one(case: Case) -> Case | None:
        scores = _scores(of[case.question], "" if case.error else answered(case.reply), judge)
        on_done()
        return None if scores is None else case.model_copy(update=scores)

    with ThreadPoolExecutor(concurrency, thread_name_prefix="persona-judge") as threads:
        found = list(threads.map(one, [case for case in cases if case.question in of]))
    return [case for case in found if case is not None]


@contextmanager
def opened(url: str, model: str, key_from: str, kept: Judgements) -> Iterator[Judge]:
    """Open a judge and close it.

    Args:
        url: An OpenAI-compatible server; empty: a model on this machine.
        model: The model's name there.
        key_from: The environment variable with the server's key; empty: it needs none.
        kept: The verdicts so far.

    Raises:
        InvalidInput: The environment variable is not set.
        PersonaError: The model is not there.
    """
    from app.models.model_server import ModelServer

    key = os.environ.get(key_from, "") if key_from else ""
    if key_from and not key:
        raise InvalidInput(f"--judge-key-from: the environment variable {key_from} is not set. Set it to the server's key.")
    with closing(ModelServer(Settings(llm_base_url=url, llm_model=model, llm_api_key=key))) as server:
        endpoint = server.endpoint()
        yield Judge(server.chat(), endpoint.model, endpoint.window, kept)


def _scores(question: Question, reply: str, judge: Judge) -> dict[str, float] | None:
    if question.rule == "order":
        order = rubric.order(question.rubric, rubric.lines_of(reply), judge.same)
        return {"score": order.tau, "strict": order.tau * order.f1}
    verdicts = [judge.verdict(question.text, item, reply) for item in question.rubric]
    given = [verdict for verdict in verdicts if verdict is not None]
    if len(given) < len(verdicts):
        return None
    return {"score": rubric.share(given), "strict": float(all(verdict == 1.0 for verdict in given))}


def _read(text: str, verdicts: Sequence[float]) -> float | None:
    found = _VERDICT.search(text)
    verdict = float(found[1]) if found else None
    return verdict if verdict in verdicts else None
