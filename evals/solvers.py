"""Ways to answer a question about a person: our graph, and the baselines that stand beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Protocol

import numpy as np
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, SystemMessage

from evals.cases import Person, Question, Said, Shown
from graph import consolidate, remember, respond
from graph.briefing import Style
from graph.budgets import estimate_tokens
from graph.context import Context
from graph.sections import PICTURE_TOKENS, Picture, human
from graph.showing import data_url
from memory import clock
from memory.embedders import Embedder
from memory.errors import InvalidInput, StorageError
from memory.pictures import read_picture
from memory.records import Trace
from memory.store import Memory
from memory.transcript import Line

_TOP = 5
"""Messages that the published retrieval baseline brings."""
_FRAME = 100
"""Tokens kept free for headings and the marks between messages."""
_PICTURES = 8
"""Of a history, the newest."""
_LATER = timedelta(hours=2)
"""A question without a time of its own is asked when the last conversation is over, and out of the recent window."""
_SYSTEM = "You know a person from the conversations that are shown to you, if any are. Answer the question about them."


@dataclass(frozen=True)
class Reply:
    """What was answered, and what it took.

    Attributes:
        text: The reply.
        tokens: Read and written, over all calls; 0 where the server does not count.
        seconds: From the question to the whole reply.
        steps: What was looked for; empty for baselines.
        rounds: What each look brought; a baseline's only one is what it was shown.
    """

    text: str
    tokens: int = 0
    seconds: float = 0.0
    steps: tuple[dict[str, Any], ...] = ()
    rounds: tuple[tuple[Shown, ...], ...] = ()


class Solver(Protocol):
    """Answers questions about people; one person's calls come one after another."""

    def replay(self, person: Person, upto: int) -> None:
        """Take in a person's first turns; what was taken in before is passed over."""

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Answer; nothing of the question stays."""


class Ours:
    """The graphs of this project: histories are remembered and consolidated with the replies that were given.

    Args:
        chat: The model.
        memory: Where the people's memories are.
        style: How prompts are made for the model.
        on_work: Told, before each piece of remembering, of whom it is and how many pieces are left.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        memory: Memory,
        style: Style,
        on_work: Callable[[Person, int], None] = lambda _person, _left: None,
    ) -> None:
        self._memory = memory
        self._on_work = on_work
        self._respond = respond.build(chat, memory, style)
        self._remember = remember.build(chat, memory, style)
        self._consolidate = consolidate.build(chat, memory, style.prompts, style.budgets)

    def replay(self, person: Person, upto: int) -> None:
        """Journal, remember and consolidate; after a crash it goes on where it was.

        Raises:
            InvalidInput: The memory has lived beyond these turns: what came later would help to answer.
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
        self._memory.journal.ingest_all(user, lines)
        while item := self._memory.pending.next_of(user, due_only=False):
            self._on_work(person, self._memory.pending.count(user))
            context = Context(user_id=user)
            if item.kind == "remember":
                self._remember.invoke({"turn_id": item.subject}, context=context)
            else:
                self._consolidate.invoke({"session": int(item.subject)}, context=context)

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Ask off the record: memory is read, and nothing is written."""
        counted, started = UsageMetadataCallbackHandler(), time.perf_counter()
        context = Context(user_id=user_of(person), time=_when(person, question), off_the_record=True)
        state = self._respond.invoke({"text": asked, "images": []}, context=context, config={"callbacks": [counted]})
        turn = state["turn"]
        if turn.trace is None:
            raise StorageError("The graph gave no trace with its reply.")
        return Reply(
            text=turn.reply,
            tokens=_tokens(counted),
            seconds=time.perf_counter() - started,
            steps=tuple(step.model_dump(mode="json") for step in turn.trace.steps),
            rounds=self._rounds(turn.trace, user_of(person)),
        )

    def _rounds(self, trace: Trace, user: str) -> tuple[tuple[Shown, ...], ...]:
        places = places_of(self._memory, user)
        shown = (
            Shown(one.id, one.kind, one.text, tuple(places[turn] for turn in one.turn_ids if turn in places))
            for one in trace.memories
        )
        # A receipt lists what all looks brought, one after the other.
        return tuple(tuple(islice(shown, len(step.memory_ids))) for step in trace.steps if step.action == "retrieve")


class Baseline:
    """The model alone, with nothing, with all that fits, or with what a plain search finds of a history.

    Args:
        chat: The model.
        style: Its window, and whether it sees.
    """

    def __init__(self, chat: BaseChatModel, style: Style) -> None:
        self._chat = chat
        self._style = style

    def replay(self, person: Person, upto: int) -> None:
        """Nothing is taken in: the history is at hand when it is asked."""

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Ask the model directly."""
        shown = self.choose(person.turns[: question.after], asked)
        messages: list[BaseMessage] = [
            SystemMessage(_SYSTEM),
            human(self._text(shown, question, person, asked), self._pictures(shown)),
        ]
        counted, started = UsageMetadataCallbackHandler(), time.perf_counter()
        limit = self._style.budgets.output
        chunks = self._chat.stream(messages, max_tokens=limit, config={"callbacks": [counted]})
        text = "".join(chunk.text for chunk in chunks)
        places = {id(said): place for place, said in enumerate(person.turns)}
        brought = tuple(Shown(str(places[id(said)]), "turn", said.user, (places[id(said)],)) for said in shown)
        return Reply(text.strip(), _tokens(counted), time.perf_counter() - started, rounds=(brought,) if brought else ())

    def choose(self, turns: Sequence[Said], asked: str) -> Sequence[Said]:  # noqa: ARG002 - others choose by them
        """Return the turns that the model is shown: none."""
        return ()

    def _text(self, shown: Sequence[Said], question: Question, person: Person, asked: str) -> str:
        history = "\n\n".join(_told(said) for said in shown)
        before = f"## Conversations\n{history}\n\n" if shown else ""
        now = clock.show(clock.parse_time(_when(person, question)))
        return f"{before}## Question\n[{now}]\n{asked}"

    def _pictures(self, shown: Sequence[Said]) -> list[Picture]:
        if not self._style.sees:
            return []
        paths = [path for said in shown for path in said.images][-_PICTURES:]
        return [Picture(path.name, data_url(read_picture(path.read_bytes()).small), "") for path in paths]


class FullContext(Baseline):
    """All of a history that fits into the window, the newest first kept."""

    def choose(self, turns: Sequence[Said], asked: str) -> Sequence[Said]:
        """Return the newest turns that fit beside the question."""
        budgets = self._style.budgets
        fixed = estimate_tokens(asked) + estimate_tokens(_SYSTEM) + _PICTURES * PICTURE_TOKENS + _FRAME
        room = budgets.window - budgets.output - fixed
        kept: list[Said] = []
        for said in reversed(turns):
            room -= estimate_tokens(_told(said)) + 1
            if room < 0:
                break
            kept.append(said)
        return kept[::-1]


class Rag(Baseline):
    """The five turns whose meaning is nearest to the question (published: top-5 messages).

    Args:
        chat: The model.
        style: Its window, and whether it sees.
        embedder: Makes the vectors.
    """

    def __init__(self, chat: BaseChatModel, style: Style, embedder: Embedder) -> None:
        super().__init__(chat, style)
        self._embedder = embedder
        self._known: dict[str, Any] = {}

    def choose(self, turns: Sequence[Said], asked: str) -> Sequence[Said]:
        """Return the nearest turns, in the order in which they were said."""
        if not turns:
            return ()
        texts = [f"{said.user}\n{said.assistant}" for said in turns]
        fresh = [text for text in texts if text not in self._known]
        for text, reading in zip(fresh, self._embedder.read(fresh) if fresh else [], strict=True):
            self._known[text] = reading.vector
        scores = np.stack([self._known[text] for text in texts]) @ self._embedder.read([asked])[0].vector
        return [turns[place] for place in sorted(np.argsort(-scores)[:_TOP])]


def user_of(person: Person) -> str:
    """Return the name under which a person is remembered."""
    return person.id.replace("/", "-")


def places_of(memory: Memory, user: str) -> dict[str, int]:
    """Return the place in the history of every turn, by its id."""
    return {turn.id: place for place, turn in enumerate(memory.journal.turns(user))}


def _when(person: Person, question: Question) -> str:
    turns = person.turns[: question.after]
    asked = question.time or (turns[-1].time + _LATER if turns else clock.now())
    return asked.isoformat()


def _told(said: Said) -> str:
    shown = "".join(f" [picture {path.name}]" for path in said.images)
    return f"[{clock.show(said.time)}]{shown}\nUser: {said.user}\nAssistant: {said.assistant}"


def _tokens(counted: UsageMetadataCallbackHandler) -> int:
    return sum(usage["total_tokens"] for usage in counted.usage_metadata.values())
