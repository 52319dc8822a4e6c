"""Many people: how memory and searches grow with their number, and the throughput of a hundred at once with a slow model."""

from __future__ import annotations

import resource
import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.events import AnswerDelta
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from evals.perf import filled
from evals.perf.fixed_server import Calls, Pace
from evals.perf.recorded import Recorded
from evals.perf.timing import latency, timed
from evals.perf.turn import said_later
from memory.core.query import Query
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

_SEARCHES_PER_USER = 3
"""Searches of one user, one after another: the first is cold."""
_MIN_USERS = 20
"""With fewer users, each is asked several times, so that there is something to take a median of."""
_CALLS_PER_REPLY = 1.5
"""Consecutive model calls that a reply waits for here: every second reply retrieves once."""


def search_each(folder: Path, users: int, embedder: Embedder) -> dict[str, Any]:
    """Search the memory of every user, each first cold and then warm.

    Args:
        folder: A data folder with this many users.
        users: Number of users.
        embedder: Embeds the questions beforehand: its time does not count.

    Returns:
        `cold`, `warm` (p50, p95 in ms of a search in all memories), `peak_mb`.
    """
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(max(1, _MIN_USERS // users)):
        # Opened again each time, so that all of them are cold.
        with Memory(folder, embedder) as memory:
            embedder.embed(["warm"])
            for number in range(users):
                name = filled.user(number)
                last = filled.last_said(memory, name)
                queries = [
                    Query(question, ", ".join(question.rstrip("?").split()[-3:]), last + timedelta(days=1))
                    for question in filled.life_of(name).questions(_SEARCHES_PER_USER)
                ]
                for place, query in enumerate(queries):
                    embedder.embed([query.message, query.keywords])
                    took = timed(lambda: memory.search_by_kind(name, query))  # noqa: B023 - called at once
                    (warm if place else cold).append(took)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {"cold": latency(cold), "warm": latency(warm), "peak_mb": peak}


def talk_at_once(
    folder: Path, people: int, turns: int, pace: Pace, calls: Calls, embedder: Embedder, afresh: Embedder
) -> dict[str, Any]:
    """Let many people chat at once, each sending the next message when the reply arrives; all return from a pause first.

    They return at the same instant, and begin to chat one after another, spread over the time of one turn: nobody's message
    waits for the timing of another person's.

    Args:
        folder: A data folder with this many users.
        people: Number of people.
        turns: Messages of each person; every second one is a question.
        pace: How long a call of the model takes.
        calls: The model server.
        embedder: The real embedder.
        afresh: The same, with nothing cached.

    Returns:
        `back_s`: until everybody's first message, all sent at once, is remembered and their last sessions are summarised;
        then `replies`: how many a second, the ideal (the model's own time alone), and their quotient, by the time from a
        person's first message to their last reply; `remembered`: the same for whole turns, until everybody's last one is
        remembered; `first`: our own time to the first token (p50, p95 in ms); `processor`: ms per turn, `own` and the
        embedder's; `peak_mb`.
    """
    recorded = Recorded(embedder)
    own: list[float] = []
    model: list[float] = []
    took: list[float] = []
    spread = pace.whole_s * _CALLS_PER_REPLY
    with PersonaService(Memory(folder, recorded), ModelServer(Settings(llm_base_url=calls.url))) as service:
        back = time.monotonic()
        _come_back(service, people)
        back = time.monotonic() - back
        recorded.forget()
        processor = time.process_time()
        began = time.monotonic()

        def talk(number: int) -> None:
            time.sleep(spread * number / people)
            name = filled.user(number)
            alone, came = 0.0, time.monotonic()
            talk_goes_on = said_later(name, filled.last_said(service.memory, name), turns, goes_on=True)
            for text, at in talk_goes_on:
                sent, first = time.monotonic(), None
                for event in service.stream(name, text, time=at):
                    if first is None and isinstance(event, AnswerDelta):
                        first = time.monotonic()
                rounds = 2 if text.endswith("?") else 1
                answers = pace.answers_s() + (rounds - 1) * pace.whole_s
                own.append(1000 * ((first or time.monotonic()) - sent - answers))
                alone += rounds * pace.whole_s
            model.append(alone)
            took.append(time.monotonic() - came)

        _side_by_side(talk, people)
        service.wait()
        worked = time.monotonic() - began
        processor = 1000 * (time.process_time() - processor)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    embedding = sum(recorded.spent(afresh).values())
    said = people * turns
    ideal = statistics.fmean(model)
    return {
        "back_s": round(back, 1),
        "replies": _share(said, statistics.fmean(took), ideal),
        # Its two calls run in parallel.
        "remembered": _share(said, worked, ideal + spread + pace.whole_s),
        "first": latency(own),
        "processor": {"own": round((processor - embedding) / said, 1), "embedding": round(embedding / said, 1)},
        "peak_mb": peak,
    }


def _come_back(service: PersonaService, people: int) -> None:
    """Let everybody send a message after months, and remember it: their last sessions are summarised, their indexes opened."""

    def say(number: int) -> None:
        name = filled.user(number)
        at = filled.last_said(service.memory, name) + timedelta(days=30)
        for _ in service.stream(name, "I am back from a long journey.", time=at):
            pass

    _side_by_side(say, people)
    service.wait()


def _side_by_side(do: Callable[[int], None], people: int) -> None:
    threads = [threading.Thread(target=do, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _share(count: int, took: float, ideal: float) -> dict[str, float]:
    return {"per_second": round(count / took, 2), "ideal": round(count / ideal, 2), "share": round(ideal / took, 3)}
