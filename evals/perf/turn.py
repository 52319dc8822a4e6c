"""The cost of our own part of a turn, as one user's memory grows: time, calls, prompt tokens, processor time, memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.events import AnswerDelta
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from evals.perf import filled, script
from evals.perf.fixed_server import Call, Calls
from evals.perf.recorded import Recorded
from evals.perf.timing import latency
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

_WARM_UP_TURNS = 4
"""Turns that are not counted: loading at first use is no part of a turn."""
SESSION = 10
"""Turns per session: half of them questions."""
_PAUSE, _GAP = timedelta(minutes=4), timedelta(hours=5)


@dataclass
class Measured:
    """One turn, in milliseconds.

    Attributes:
        first: To the first token of the answer, minus the model's own time.
        whole: To the end of the reply, minus the model's own time.
        after: Background work of the turn, minus the model's own time.
        calls: The calls of the model.
        ends: Whether a session was summarised as well.
    """

    first: float
    whole: float
    after: float
    calls: list[Call] = field(default_factory=list)
    ends: bool = False


def measure(folder: Path, name: str, turns: int, calls: Calls, embedder: Embedder, afresh: Embedder) -> dict[str, Any]:
    """Let a user send more messages, and measure each turn.

    Args:
        folder: A data folder with the user in it.
        name: The user.
        turns: How many turns are counted.
        calls: The model server.
        embedder: The real embedder of questions and stored texts.
        afresh: The same, with nothing cached.

    Returns:
        `first`, `whole`, `after`, `session_end` (p50, p95 in ms), `processor` (ms per turn: `own`, and the embedder's for
        `questions` and for what is `stored`), `calls` and `tokens` per turn by stage (means; `tokens_most`: the largest of
        one call), `peak_mb`.
    """
    recorded = Recorded(embedder)
    with PersonaService(Memory(folder, recorded), ModelServer(Settings(llm_base_url=calls.url)), work=False) as service:
        said = list(said_later(name, filled.last_said(service.memory, name), turns + _WARM_UP_TURNS))
        for text, at in said[:_WARM_UP_TURNS]:
            one_turn(service, name, text, at, calls, recorded)
        recorded.forget()
        spent = time.process_time()
        measured = [one_turn(service, name, text, at, calls, recorded) for text, at in said[_WARM_UP_TURNS:]]
        spent = 1000 * (time.process_time() - spent)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    embedding = recorded.spent(afresh)
    processor = {"own": spent - sum(embedding.values()), **embedding}
    return {
        **summed_up(measured),
        "processor": {what: round(value / turns, 1) for what, value in processor.items()},
        "peak_mb": peak,
    }


def said_later(name: str, last: datetime, count: int, *, goes_on: bool = False) -> Iterator[tuple[str, datetime]]:
    """Yield synthetic messages: alternating statements and questions, in sessions.

    Args:
        name: Who says it.
        last: The time of their last message.
        count: Number of messages.
        goes_on: Continue the session of the last message without limit; otherwise a new one begins after every tenth turn.
    """
    life = filled.life_of(f"{name}, later")
    statements, questions = life.turns(count), life.questions(count)
    at = last
    for number, (statement, question) in enumerate(zip(statements, questions, strict=True)):
        at += _GAP if number % SESSION == 0 and not goes_on else _PAUSE
        yield (question if number % 2 else statement.text), at


def one_turn(service: PersonaService, name: str, text: str, at: datetime, calls: Calls, recorded: Recorded) -> Measured:
    """Send one message, wait for its background work, and measure both."""
    calls.take()
    recorded.reads_for = "questions"
    began = time.monotonic()
    first = None
    for event in service.stream(name, text, time=at):
        if first is None and isinstance(event, AnswerDelta):
            first = time.monotonic()
    replied = time.monotonic()
    recorded.reads_for = "stored"
    service.wait(name)
    ended = time.monotonic()
    made = calls.take()
    before = [call for call in made if call.stage in script.BEFORE_REPLY]
    behind = [call for call in made if call.stage not in script.BEFORE_REPLY]
    spent = sum(call.ended - call.began for call in before)
    speaks = before[-1]
    waited = spent - (speaks.ended - (speaks.answered or speaks.ended))
    return Measured(
        first=1000 * ((first or replied) - began - waited),
        whole=1000 * (replied - began - spent),
        after=1000 * (ended - replied - busy(behind)),
        calls=made,
        ends=any(call.stage in script.SESSION_END for call in made),
    )


def busy(calls: Sequence[Call]) -> float:
    """Return how many seconds at least one of these calls was running."""
    total, until = 0.0, 0.0
    for call in sorted(calls, key=lambda call: call.began):
        total += max(0.0, call.ended - max(call.began, until))
        until = max(until, call.ended)
    return total


def summed_up(measured: Sequence[Measured]) -> dict[str, Any]:
    """Summarise turns; background work of turns that end a session is reported separately."""
    plain = [one for one in measured if not one.ends]
    ends = [one for one in measured if one.ends]
    made = [call for one in measured for call in one.calls]
    stages = sorted({call.stage for call in made})

    return {
        "first": latency([one.first for one in measured]),
        "whole": latency([one.whole for one in measured]),
        "after": latency([one.after for one in plain]),
        "session_end": latency([one.after for one in ends]) if len(ends) > 1 else None,
        "calls": {stage: round(sum(call.stage == stage for call in made) / len(measured), 2) for stage in stages},
        "tokens": {stage: round(sum(call.tokens for call in made if call.stage == stage) / len(measured)) for stage in stages},
        "tokens_most": {stage: max(call.tokens for call in made if call.stage == stage) for stage in stages},
    }
