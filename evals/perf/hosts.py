"""Several hosts beside one machine: the same messages in turn, a person who is new to a host, and a thousand people on one."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.factory import build_embedder
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from evals.perf import filled
from evals.perf.corpus import Life
from evals.perf.fixed_server import Pace, serving
from evals.perf.recorded import Recorded
from evals.perf.retrieval import DrawnEmbedder
from evals.perf.timing import latency, timed
from evals.perf.turn import one_turn, said_later
from memory.core.query import Query
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory
from memory.objects.folder import FolderStore
from memory.objects.store import ObjectStore

_WARM_UP_TURNS = 4
_SHORT_PACE = Pace(0.1, 0.1)
_SEARCHES_PER_USER = 3
_POLL_S = 0.05
Say = Callable[[str], None]


@dataclass(frozen=True)
class Servers:
    """What the hosts share.

    Attributes:
        database_url: An empty database on PostgreSQL.
        chroma_url: A Chroma server.
        objects: The object store; None: a folder.
    """

    database_url: str
    chroma_url: str
    objects: ObjectStore | None = None


def measure(size: int, turns: int, people: int, servers: Servers, say: Say) -> dict[str, Any]:
    """Measure hosts on real servers.

    Args:
        size: Messages of the person before the first that is measured.
        turns: Messages that are measured.
        people: How many people with 80 memories each one host then serves; 0: leave this out.
        servers: What the hosts share.
        say: Called with a line of progress.

    Returns:
        `embedded` and `host`: `first` (p50, p95 in ms: our own time to the first word), and `ratio` of the p95; `new`: for a
        host that does not know the person, milliseconds to the first answer of a search (`search`), what answered it, and
        seconds until the whole index was there (`index_s`); `people`: see `_crowd`.
    """
    embedder = build_embedder(Settings(), caches=False)
    drawn = DrawnEmbedder(embedder, Life().words)
    drawn.filling = True
    with tempfile.TemporaryDirectory(prefix="persona-hosts-") as place, filled.one_user(size, embedder, say) as folder:
        shared = Servers(servers.database_url, servers.chroma_url, servers.objects or FolderStore(Path(place) / "objects"))
        say(f"Bringing {size:,} turns to PostgreSQL")
        with _opened(Path(place) / "one", drawn, shared) as first:
            # The same as in the folder: every second turn taught a fact.
            filled.fill(first, [filled.USER], say, size, 2)
            while first.catch_up():
                say("Copying to Chroma")
            saving = first._host_files._saving if first._host_files else None  # noqa: SLF001 - to wait for it
            while saving is not None and saving.is_waiting(filled.USER):
                time.sleep(_POLL_S)
        say("The same messages to one machine and to a host, in turn")
        found = _in_turn(folder, Path(place) / "one", turns, embedder, shared)
        say("A person who is new to a host")
        found["new"] = _new_here(Path(place) / "two", embedder, shared)
        if people:
            say(f"{people:,} people on one host")
            found["people"] = _crowd(Path(place) / "three", people, embedder, drawn, shared, say)
        with _opened(Path(place) / "one", embedder, shared) as first:
            # The Chroma server may be used again.
            first.delete_user(filled.USER)
    return {"turns": size, **found}


def _opened(folder: Path, embedder: Embedder, servers: Servers) -> Memory:
    return Memory(
        folder,
        embedder,
        database_url=servers.database_url,
        chroma_url=servers.chroma_url,
        objects=servers.objects,
        asks=False,
    )


def _in_turn(folder: Path, host: Path, turns: int, embedder: Embedder, servers: Servers) -> dict[str, Any]:
    firsts: dict[str, list[float]] = {"embedded": [], "host": []}
    with ExitStack() as opened:
        calls = opened.enter_context(serving(_SHORT_PACE))
        recorded = {name: Recorded(embedder) for name in firsts}
        memories = {
            "embedded": Memory(folder, recorded["embedded"], asks=False),
            "host": _opened(host, recorded["host"], servers),
        }
        services = {
            name: opened.enter_context(PersonaService(memory, ModelServer(Settings(llm_base_url=calls.url)), work=False))
            for name, memory in memories.items()
        }
        last = filled.last_said(memories["embedded"], filled.USER)
        for number, (text, at) in enumerate(said_later(filled.USER, last, turns + _WARM_UP_TURNS)):
            for name in (("embedded", "host"), ("host", "embedded"))[number % 2]:
                took = one_turn(services[name], filled.USER, text, at, calls, recorded[name]).first
                if number >= _WARM_UP_TURNS:
                    firsts[name].append(took)
    rows: dict[str, Any] = {name: {"first": latency(times)} for name, times in firsts.items()}
    return {**rows, "ratio": round(rows["host"]["first"]["p95"] / rows["embedded"]["first"]["p95"], 2)}


def _new_here(folder: Path, embedder: Embedder, servers: Servers) -> dict[str, Any]:
    with _opened(folder, embedder, servers) as memory:
        embedder.embed(["warm"])
        last = filled.last_said(memory, filled.USER)
        [first, second] = filled.life_of(filled.USER).questions(2)
        asked = Query(first, first, last + timedelta(days=1))
        began = time.monotonic()
        found = memory.search_jointly(filled.USER, asked)
        answered = time.monotonic()
        while memory.search_jointly(filled.USER, Query(second, second, last + timedelta(days=1))).from_chroma:
            time.sleep(_POLL_S)
        there = time.monotonic()
    source = "Chroma" if found.from_chroma else "index"
    return {"search": round(1000 * (answered - began)), "by": source, "index_s": round(there - began, 1)}


def _crowd(folder: Path, people: int, embedder: Embedder, drawn: DrawnEmbedder, servers: Servers, say: Say) -> dict[str, Any]:
    """Let one host serve many people, and search each of them three times.

    Returns:
        `cold`, `warm` (p50, p95 in ms of a search), `peak_mb`.
    """
    names = [filled.user(number) for number in range(people)]
    with _opened(folder, drawn, servers) as memory:
        filled.fill(memory, names, say)
    cold, warm = list[float](), list[float]()
    with _opened(folder, embedder, servers) as memory:
        embedder.embed(["warm"])
        for name in names:
            last = filled.last_said(memory, name)
            for place, question in enumerate(filled.life_of(name).questions(_SEARCHES_PER_USER)):
                query = Query(question, ", ".join(question.rstrip("?").split()[-3:]), last + timedelta(days=1))
                embedder.embed([query.message, query.keywords])
                (warm if place else cold).append(timed(lambda: memory.search_by_kind(name, query)))  # noqa: B023 - called at once
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {"people": people, "cold": latency(cold), "warm": latency(warm), "peak_mb": peak}
