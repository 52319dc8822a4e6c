"""What the HTTP server adds to a reply: many people at once over `/v1`, and the same people over `PersonaService` directly."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from evals.perf.fixed_server import Pace, serving
from evals.perf.timing import latency
from memory.memory import Memory

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_WARM_UP_MESSAGES = 2
_TIMEOUT_S = 300


@dataclass
class Talks:
    """What people got.

    Attributes:
        first_ms: Time to the first word of each reply.
        turns: For each person the (turn id, message) pairs, in the order of their replies.
    """

    first_ms: list[float] = field(default_factory=list)
    turns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def measure(people: int, messages: int, repeats: int, pace: Pace, on_progress: Callable[[str], None]) -> dict[str, Any]:
    """Let people talk at once, directly and over HTTP in turn; each way runs in a process of its own.

    Args:
        people: How many at once, each with a key of their own.
        messages: Messages of each.
        repeats: How often both ways are measured.
        pace: How long a call of the model takes.
        on_progress: Called with a line of progress.

    Returns:
        For `direct` and `api`: `own_first` (p50, p95 in ms: time to the first word without the model's), `peak_mb`, `replies`,
        `misplaced` (replies that belong to another message or person, or are out of order); and the `ratio` of both ways: the
        median over the repeats.
    """
    found: dict[str, list[dict[str, Any]]] = {"direct": [], "api": []}
    for repeat in range(repeats):
        for way, rows in found.items():
            with serving(pace) as calls, tempfile.TemporaryDirectory() as folder:
                rows.append(_run(way, calls.url, Path(folder), people, messages, 1000 * pace.answers_s()))
            on_progress(f"{way}, {repeat + 1} of {repeats}: p95 {rows[-1]['own_first']['p95']} ms")
    summary = {way: _median(rows) for way, rows in found.items()}
    ratios = _ratios(found["direct"], found["api"])
    return {**summary, "ratio": ratios}


def _ratios(direct: list[dict[str, Any]], api: list[dict[str, Any]]) -> dict[str, float]:
    pairs = list(zip(direct, api, strict=True))
    return {
        "first_p95": round(statistics.median(two["own_first"]["p95"] / one["own_first"]["p95"] for one, two in pairs), 2),
        "memory": round(statistics.median(two["peak_mb"] / one["peak_mb"] for one, two in pairs), 2),
    }


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    middle = sorted(rows, key=lambda row: row["own_first"]["p95"])[len(rows) // 2]
    return {**middle, "misplaced": sum(row["misplaced"] for row in rows)}


def _run(way: str, url: str, folder: Path, people: int, messages: int, model_ms: float) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(way, url, folder, people, messages, its), daemon=True)
    process.start()
    try:
        if way == "api":
            address, keys = ours.recv()
            talks = asyncio.run(_over_http(address, keys, messages))
            ours.send(talks.turns)
        else:
            talks = ours.recv()
        kept, peak = ours.recv()
    finally:
        process.join(timeout=_TIMEOUT_S)
    return {
        "own_first": latency([max(0.0, one - model_ms) for one in talks.first_ms]),
        "peak_mb": peak,
        "replies": sum(map(len, talks.turns.values())),
        "misplaced": sum(kept[name] != turns for name, turns in talks.turns.items()),
    }


def _serve(way: str, url: str, folder: Path, people: int, messages: int, pipe: Connection) -> None:
    """Open the service in this process, and let people talk to it."""
    from app.factory import build_embedder

    embedder = build_embedder(Settings())
    embedder.embed(["warm"])
    with PersonaService(Memory(folder / "data", embedder), ModelServer(Settings(llm_base_url=url))) as service:
        names = [f"person {number}" for number in range(people)]
        if way == "api":
            _listen(service, names, pipe)
        else:
            talks = _directly(service, names, messages)
            pipe.send(talks)
        kept = {name: [(turn.id, turn.text) for turn in service.memory.journal.turns(name)] for name in names}
        pipe.send((kept, round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))


def _listen(service: PersonaService, names: list[str], pipe: Connection) -> None:
    """Serve until the other side says that everybody is done."""
    import uvicorn

    from app.api.guard import Limits
    from app.api.server import build

    keys = {name: service.memory.api_keys.create(name)[1] for name in names}
    app = build(service, limits=Limits(per_minute=1_000_000, at_once=10_000))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False))
    running = threading.Thread(target=server.run)
    running.start()
    while not server.started:
        time.sleep(0.01)
    pipe.send((f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", keys))
    pipe.recv()
    server.should_exit = True
    running.join()


def _directly(service: PersonaService, names: list[str], messages: int) -> Talks:
    from app.events import AnswerDelta, Answered

    talks, lock = Talks(turns={name: [] for name in names}), threading.Lock()

    def talk(name: str) -> None:
        for number in range(messages):
            began, first = time.monotonic(), 0.0
            for event in service.stream(name, _message(name, number)):
                if isinstance(event, AnswerDelta) and not first:
                    first = 1000 * (time.monotonic() - began)
                elif isinstance(event, Answered):
                    talks.turns[name].append((event.turn.id, event.turn.text))
            if number >= _WARM_UP_MESSAGES:
                with lock:
                    talks.first_ms.append(first)

    threads = [threading.Thread(target=talk, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return talks


async def _over_http(address: str, keys: dict[str, str], messages: int) -> Talks:
    talks = Talks(turns={name: [] for name in keys})
    limits = httpx.Limits(max_connections=len(keys))
    async with httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_S, trust_env=False, limits=limits) as client:

        async def talk(name: str, key: str) -> None:
            history: list[dict[str, str]] = []
            for number in range(messages):
                history.append({"role": "user", "content": _message(name, number)})
                began, first, reply = time.monotonic(), 0.0, ""
                body = {"model": "persona", "messages": history, "stream": True, "include_reasoning": False}
                headers = {"authorization": f"Bearer {key}"}
                async with client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
                    answer.raise_for_status()
                    async for line in answer.aiter_lines():
                        text = _delta(line)
                        if text and not first:
                            first = 1000 * (time.monotonic() - began)
                        reply += text
                    talks.turns[name].append((answer.headers["x-persona-turn"], history[-1]["content"]))
                history.append({"role": "assistant", "content": reply})
                if number >= _WARM_UP_MESSAGES:
                    talks.first_ms.append(first)

        await asyncio.gather(*(talk(name, key) for name, key in keys.items()))
    return talks


def _delta(line: str) -> str:
    if not line.startswith("data: {"):
        return ""
    choices = json.loads(line.removeprefix("data: ")).get("choices") or [{}]
    return str(choices[0].get("delta", {}).get("content") or "")


def _message(name: str, number: int) -> str:
    return f"Today I walked {number + 1} miles along the river, as {name} does."
