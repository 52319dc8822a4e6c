"""Ways to answer a question about a person: the protocol, and our graphs as one way; `baselines` contains the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig

from evals.types import Person, Question, Shown
from evals.usage import Usage
from evals.work import Work
from graph import consolidate, remember, respond
from graph.context import Context
from graph.events import AnswerDelta, ReplyEvent, sending_to
from graph.prompts.briefing import Style
from memory.core import clock
from memory.core.errors import InvalidInput, StorageError
from memory.core.records import Line, Trace
from memory.memory import Memory

_DELAY = timedelta(hours=2)
"""A question without a time of its own is asked after the last conversation, outside the recent window."""


@dataclass(frozen=True)
class Reply:
    """An answer and its cost.

    Attributes:
        text: The reply.
        tokens: Prompt and completion tokens over all calls; 0 if the server does not count.
        seconds: From the question to the whole reply.
        steps: The retrievals; empty for baselines.
        rounds: The results of each retrieval; for a baseline, one round with what it was shown.
        prompt_tokens: The prompt's part of `tokens`.
        completion_tokens: The written part of `tokens`.
        calls_to_first: Model calls that had begun when the first word arrived.
        first_seconds: From the question to the first word.
    """

    text: str
    tokens: int = 0
    seconds: float = 0.0
    steps: tuple[dict[str, Any], ...] = ()
    rounds: tuple[tuple[Shown, ...], ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls_to_first: int = 0
    first_seconds: float = 0.0

    @classmethod
    def of(
        cls, text: str, usage: Usage, steps: tuple[dict[str, Any], ...] = (), rounds: tuple[tuple[Shown, ...], ...] = ()
    ) -> Reply:
        """Return a reply that has just been completed."""
        return cls(
            text,
            tokens=usage.prompt_tokens + usage.completion_tokens,
            seconds=usage.seconds,
            steps=steps,
            rounds=rounds,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            calls_to_first=usage.calls_to_first,
            first_seconds=usage.first_seconds,
        )


class Solver(Protocol):
    """Answers questions about people; the calls for one person come one after another."""

    def replay(self, person: Person, upto: int) -> None:
        """Store a person's first turns; turns that are already stored are skipped."""

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Answer; no trace of the question stays."""


class Ours:
    """The graphs of this project: histories are remembered and consolidated with their original replies.

    Args:
        chat: The model.
        memory: Where the people's memories are.
        style: How prompts are made for the model.
        on_work: Called before each item of background work with the person and the number of items left.
        remembers: Whether the model extracts facts, topics and the rest; if not, a search finds raw turns alone.
        on_worked: Called after each item of background work with its cost.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        memory: Memory,
        style: Style,
        on_work: Callable[[Person, int], None] = lambda _person, _left: None,
        *,
        remembers: bool = True,
        on_worked: Callable[[Work], None] = lambda _work: None,
    ) -> None:
        self._memory = memory
        self._on_work = on_work
        self._on_worked = on_worked
        self._remembers = remembers
        self._respond = respond.build(chat, memory, style)
        self._remember = remember.build(chat, memory, style)
        self._consolidate = consolidate.build(chat, memory, style.prompts, style.budgets, small=style.is_small)

    def replay(self, person: Person, upto: int) -> None:
        """Journal, remember and consolidate; after a crash it continues where it stopped.

        Raises:
            InvalidInput: The memory contains later turns: they would help to answer.
        """
        user = user_of(person)
        if len(lived := self._memory.journal.turns(user)) > upto:
            raise InvalidInput(
                f"The memory of {person.id} has lived through {len(lived)} turns, and a question is asked after {upto}: what "
                "was said later would help. Give another --out."
            )
        lines = []
        for said in person.turns[:upto]:
            ids = tuple(self._memory.photos.receive(user, path.read_bytes()) for path in said.images)
            lines.append(Line(time=said.time, text=said.user, reply=said.assistant, images=ids))
        self._memory.ingest(user, lines)
        # Once for everything, so that the first question does not wait for it.
        self._memory.index(user)
        while self._remembers and (item := self._memory.work.next_of(user, due_only=False)):
            self._on_work(person, self._memory.work.count(user))
            usage, processor = Usage(), time.process_time()
            context, config = Context(user_id=user), RunnableConfig(callbacks=[usage])
            if item.kind == "remember":
                self._remember.invoke({"turn_id": item.subject}, context=context, config=config)
            else:
                self._consolidate.invoke({"session": int(item.subject)}, context=context, config=config)
            self._on_worked(Work.of(person.id, item.kind, usage, time.process_time() - processor))

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Ask off the record: memory is used, and nothing is written."""
        usage = Usage()

        def send(event: ReplyEvent) -> None:
            if isinstance(event, AnswerDelta) and event.text:
                usage.spoke()

        context = Context(user_id=user_of(person), time=asked_at(person, question), off_the_record=True)
        config = sending_to(send)
        config["callbacks"] = [usage]
        state = self._respond.invoke({"text": asked, "images": []}, context=context, config=config)
        turn = state["turn"]
        if turn.trace is None:
            raise StorageError("The graph gave no trace with its reply.")
        steps = tuple(step.model_dump(mode="json") for step in turn.trace.steps)
        return Reply.of(turn.reply, usage, steps, self._rounds(turn.trace, user_of(person)))

    def _rounds(self, trace: Trace, user: str) -> tuple[tuple[Shown, ...], ...]:
        places = places_of(self._memory, user)
        shown = (
            Shown(one.id, one.kind, one.text, tuple(places[turn] for turn in one.turn_ids if turn in places))
            for one in trace.memories
        )
        # A receipt lists the results of all retrievals, one after the other.
        return tuple(tuple(islice(shown, len(step.memory_ids))) for step in trace.steps if step.action == "retrieve")


def user_of(person: Person) -> str:
    """Return the user id of a person."""
    return person.id.replace("/", "-")


def places_of(memory: Memory, user: str) -> dict[str, int]:
    """Return the index in the history of every turn, by its id."""
    return {turn.id: place for place, turn in enumerate(memory.journal.turns(user))}


def asked_at(person: Person, question: Question) -> str:
    """Return when a question is asked."""
    turns = person.turns[: question.after]
    asked = question.time or (turns[-1].time + _DELAY if turns else clock.now())
    return asked.isoformat()
