"""What an import costs a conversation that goes on meanwhile: our own time to the first word, quiet and beside the import."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.importers.conversations import Choices
from app.importers.importing import Wanted, import_history
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from evals.perf import filled, history_files
from evals.perf.fixed_server import Calls, Pace, serving
from evals.perf.recorded import Recorded
from evals.perf.timing import latency
from evals.perf.turn import one_turn, said_later
from memory.core.priority import behind
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

_STORED_TURNS = 1_000
_WARM_UP_TURNS = 4
_MOST_TURNS = 100_000
_PACE = Pace(0.1, 0.1)


def measure(size: int, quiet_turns: int, embedder: Embedder, on_progress: Callable[[str], None]) -> dict[str, Any]:
    """Let a person with 1,000 turns chat, first alone, then until an import of their history is embedded.

    Args:
        size: Messages of the import.
        quiet_turns: Turns that are measured before the import.
        embedder: The embedder.
        on_progress: Called with a line of progress.

    Returns:
        `quiet` and `beside`: p50 and p95 of our own milliseconds to the first word; `turns`: their numbers; `ratio`: of both
        p95; `import_s`: seconds until all of the import was embedded, with the conversation beside it.
    """
    with filled.one_user(_STORED_TURNS, embedder, on_progress) as folder, serving(_PACE) as calls:
        return _measure(folder, size, quiet_turns, embedder, calls)


def _measure(folder: Path, size: int, quiet_turns: int, embedder: Embedder, calls: Calls) -> dict[str, Any]:
    recorded = Recorded(embedder)
    models = ModelServer(Settings(llm_base_url=calls.url))
    with PersonaService(Memory(folder, recorded), models, work=False) as service, tempfile.TemporaryDirectory() as files:
        # A conversation is later than all history.
        last = max(filled.last_said(service.memory, filled.USER), *(one.time for one in history_files.said(size)))
        said = said_later(filled.USER, last, _MOST_TURNS)

        def first_word() -> float:
            text, at = next(said)
            return one_turn(service, filled.USER, text, at, calls, recorded).first

        history = history_files.write("chatgpt", Path(files), size)
        for _ in range(_WARM_UP_TURNS):
            first_word()
        quiet = [first_word() for _ in range(quiet_turns)]
        beside: list[float] = []
        with ThreadPoolExecutor(1) as pool:
            importing = pool.submit(_import, service.memory, history)
            while not importing.done():
                beside.append(first_word())
    both = {"quiet": latency(quiet), "beside": latency(beside)}
    return {
        **both,
        "turns": {"quiet": len(quiet), "beside": len(beside)},
        "ratio": round(both["beside"]["p95"] / both["quiet"]["p95"], 2),
        "import_s": importing.result(),
    }


def _import(memory: Memory, file: Path) -> float:
    began = time.monotonic()
    with behind():
        import_history(memory, file, filled.USER, Wanted(Choices(zone="UTC"), depth="none"))
        while memory.imports.deepen(filled.USER):
            pass
    return round(time.monotonic() - began, 1)
