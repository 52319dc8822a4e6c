"""What our own part of a turn costs, as one user's memory grows: time, calls, prompt tokens, processor time, memory."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.events import AnswerDelta
from app.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from evals.perf import filled, script
from evals.perf.fixed_server import Call, Calls
from evals.perf.timing import latency
from memory.embedders import Embedder
from memory.reading import Reading
from memory.store import Memory

_WARM = 4
"""Turns that are not counted: what is loaded at first use is no part of a turn."""
SESSION = 10
"""Turns of a session: half of them questions."""
_PAUSE, _GAP = timedelta(minutes=4), timedelta(hours=5)


class Metered:
    """An embedder that counts its own processor time, apart for questions and for what is stored.

    Args:
        real: What embeds.
    """

    def __init__(self, real: Embedder) -> None:
        self.name = real.name
        self.spent = {"questions": 0.0, "stored": 0.0}
        self.reading = "stored"
        self._real = real

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read texts; nothing else of this process is at work meanwhile, so that its time is the process's."""
        began = time.process_time()
        try:
            return self._real.read(texts)
        finally:
            self.spent[self.reading] += time.process_time() - began


@dataclass
class Measured:
    """One turn, in milliseconds.

    Attributes:
        first: To the first token of the answer, less the model's own time.
        whole: To the end of the reply, less the model's own time.
        after: Background work of the turn, less the model's own time.
        processor: Processor time of the process, but for the embedder's.
        questions: Processor time of the embedder, for what is asked.
        stored: The same, for what is stored.
        calls: The calls of the model.
        ends: Whether a session was summed up besides.
    """

    first: float
    whole: float
    after: float
    processor: float
    questions: float
    stored: float
    calls: list[Call] = field(default_factory=list)
    ends: bool = False


def measure(folder: Path, name: str, turns: int, calls: Calls, embedder: Embedder) -> dict[str, Any]:
    """Let a user say so much more, and measure each turn.

    Args:
        folder: A data folder with the user in it.
        name: The user.
        turns: How many turns are counted.
        calls: The model server.
        embedder: Embeds questions and what is stored, for real.

    Returns:
        `first`, `whole`, `after`, `session_end` (p50, p95 in ms), `processor` (means of ms a turn), `calls` and `tokens` of a
        turn by stage (means; `tokens_most`: the largest of one call), `peak_mb`.
    """
    metered = Metered(embedder)
    with PersonaService(Memory(folder, metered), ModelServer(Settings(llm_base_url=calls.url)), work=False) as service:
        last = service.memory.journal.last_time(name)
        if last is None:
            raise ValueError(f"{name} has said nothing")
        said = _said(name, last, turns + _WARM)
        measured = [_turn(service, name, text, at, calls, metered) for text, at in said][_WARM:]
    return {**summed_up(measured), "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def _said(name: str, last: datetime, count: int) -> Iterator[tuple[str, datetime]]:
    """Make up what is said: statements and questions by turns, in sessions."""
    life = filled.life_of(f"{name}, later")
    statements, questions = life.turns(count), life.questions(count)
    at = last
    for number, (statement, question) in enumerate(zip(statements, questions, strict=True)):
        at += _GAP if number % SESSION == 0 else _PAUSE
        yield (question if number % 2 else statement.text), at


def _turn(
    service: PersonaService, name: str, text: str, at: datetime, calls: Calls, metered: Metered
) -> Measured:
    calls.take()
    metered.spent = dict.fromkeys(metered.spent, 0.0)
    metered.reading = "questions"
    processor = time.process_time()
    began = time.monotonic()
    first = None
    for event in service.stream(name, text, time=at):
        if first is None and isinstance(event, AnswerDelta):
            first = time.monotonic()
    replied = time.monotonic()
    metered.reading = "stored"
    service.wait(name)
    ended = time.monotonic()
    processor = time.process_time() - processor
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
        processor=1000 * (processor - sum(metered.spent.values())),
        questions=1000 * metered.spent["questions"],
        stored=1000 * metered.spent["stored"],
        calls=made,
        ends=any(call.stage in script.SESSION_END for call in made),
    )


def busy(calls: Sequence[Call]) -> float:
    """Return how many seconds at least one of these calls was under way."""
    total, until = 0.0, 0.0
    for call in sorted(calls, key=lambda call: call.began):
        total += max(0.0, call.ended - max(call.began, until))
        until = max(until, call.ended)
    return total


def summed_up(measured: Sequence[Measured]) -> dict[str, Any]:
    """Sum up turns; those that end a session stand apart where background work is concerned."""
    plain = [one for one in measured if not one.ends]
    ends = [one for one in measured if one.ends]
    made = [call for one in measured for call in one.calls]
    stages = sorted({call.stage for call in made})

    def mean(of: Callable[[Measured], float]) -> float:
        return round(statistics.fmean(map(of, measured)), 1)

    return {
        "first": latency([one.first for one in measured]),
        "whole": latency([one.whole for one in measured]),
        "after": latency([one.after for one in plain]),
        "session_end": latency([one.after for one in ends]) if len(ends) > 1 else None,
        "processor": {
            "own": mean(lambda one: one.processor),
            "questions": mean(lambda one: one.questions),
            "stored": mean(lambda one: one.stored),
        },
        "calls": {stage: round(sum(call.stage == stage for call in made) / len(measured), 2) for stage in stages},
        "tokens": {stage: round(sum(call.tokens for call in made if call.stage == stage) / len(measured)) for stage in stages},
        "tokens_most": {stage: max(call.tokens for call in made if call.stage == stage) for stage in stages},
    }
