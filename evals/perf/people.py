"""How much faster a run of questions is with several people at once, with a model of fixed call time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evals.perf.stand_in import StandIn
from evals.perf.timing import timed
from evals.runner import Log, run
from evals.solvers import Ours
from evals.types import Person, Question, Said
from graph.prompts.briefing import Style
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

_BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def measure(
    people: int, in_flight: Sequence[int], seconds: float, embedder: Embedder, on_progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Replay and ask synthetic people, two sessions and two questions each, once for each concurrency.

    Args:
        people: Number of people.
        in_flight: How many at once, one run each.
        seconds: Duration of a model call.
        embedder: Makes the vectors.
        on_progress: Called with a line of progress.

    Returns:
        For each run `in_flight`, `seconds`, and `times`, the speed relative to the first run.
    """
    lives = [_life(number) for number in range(people)]
    asked = [_question(person, number) for person in lives for number in range(2)]
    # Loading at first use is not measured.
    embedder.embed(["warm"])
    rows: list[dict[str, Any]] = []
    for count in in_flight:
        with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "memory", embedder) as memory:
            ours, log = Ours(StandIn(seconds=seconds), memory, Style()), Log(Path(folder) / "cases.jsonl")
            took = timed(lambda: run(lives, asked, {"ours": ours}, log, concurrency=count)) / 1000  # noqa: B023 - called at once
        rows.append(
            {"in_flight": count, "seconds": round(took, 1), "times": round((rows[0]["seconds"] if rows else took) / took, 2)}
        )
        on_progress(f"{count} of {people} people at once: {took:.1f} s")
    return rows


def _life(number: int) -> Person:
    said = [Said(_BEGIN + timedelta(days=day), f"Today I saw {day} birds.", "How nice.", ()) for day in range(2)]
    return Person(f"made-up/{number}", tuple(said))


def _question(person: Person, number: int) -> Question:
    return Question(
        f"{person.id}-{number}", person.id, "Memory Recall", "Semantic Information Recall", "What did I see?", "a",
        {"a": "birds", "b": "cats"},
    )  # fmt: skip
