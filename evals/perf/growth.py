"""One benchmark run: each size in a process of its own, ours and the published schedule, and how both grow."""

from __future__ import annotations

import math
import multiprocessing
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from app.console import progress
from app.factory import build_embedder
from app.settings import Settings
from evals.perf import crowd, filled, published_schedule, turn
from evals.perf.corpus import TEXT_EMBEDDER, embedder
from evals.perf.fixed_server import Pace, serving
from memory.embedding.text_embedder import TextEmbedder

_TURNS_OF_REFERENCE = 20
_SHORT_PACE = Pace(0.1, 0.1)
_SLOW_PACE = Pace(1.0, 4.0)
T = TypeVar("T")
Say = Callable[[str], None]


def one_user(size: int, turns: int) -> dict[str, Any]:
    """Measure turns of one user with `size` earlier turns; see `turn.measure`."""
    with filled.one_user(size, _embedder(), progress) as folder, serving(_SHORT_PACE) as calls:
        return turn.measure(folder, filled.USER, turns, calls, _embedder(), _embedder())


def published(size: int) -> dict[str, Any]:
    """Measure turns of the published schedule; see `published_schedule.measure`."""
    # As published: sentence-transformers embeds, on torch, and no embedding is cached.
    reader = TextEmbedder(str(embedder().model), TEXT_EMBEDDER, remembers=0)
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder, serving(_SHORT_PACE) as calls:
        return published_schedule.measure(Path(folder), size, _TURNS_OF_REFERENCE, calls, reader)


def many_users(users: int) -> dict[str, Any]:
    """Search the memory of each of `users` users; see `crowd.search_each`."""
    with filled.many_users(users, _embedder(), progress) as folder:
        return crowd.search_each(folder, users, _embedder())


def at_once(people: int, turns: int) -> dict[str, Any]:
    """Let `people` people chat at once with a model whose calls take 5 s; see `crowd.talk_at_once`."""
    with filled.many_users(people, _embedder(), progress) as folder, serving(_SLOW_PACE) as calls:
        return crowd.talk_at_once(folder, people, turns, _SLOW_PACE, calls, _embedder(), _embedder())


def run(sizes: Sequence[int], users: Sequence[int], conversations: int, turns: int, reference: int, say: Say) -> dict[str, Any]:
    """Measure everything, one after another.

    Args:
        sizes: Turns of one user, smallest first.
        users: Numbers of users, fewest first.
        conversations: How many people chat at once; 0: leave that out.
        turns: Turns that are counted at each size.
        reference: The largest size at which the published schedule is measured too.
        say: Called with a line of progress.

    Returns:
        `turns`, `published` and `users`, by size as text; `at_once`; and `growth`, exponents of the time with the size.
    """
    found: dict[str, Any] = {"turns": {}, "published": {}, "users": {}}
    for size in sizes:
        # Making the folder is not measured, neither in time nor in memory.
        say(f"{size:,} turns of one user")
        _apart(_fill_one, size)
        found["turns"][str(size)] = _apart(one_user, size, turns)
        if size <= reference:
            found["published"][str(size)] = _apart(published, size)
    for count in users:
        say(f"{count:,} users")
        _apart(_fill_many, count)
        found["users"][str(count)] = _apart(many_users, count)
    if conversations:
        say(f"{conversations} people at once, with a model whose calls take {_SLOW_PACE.whole_s:.0f} s")
        _apart(_fill_many, conversations)
        found["at_once"] = _apart(at_once, conversations, 4)
    found["growth"] = {
        "first": exponent(found["turns"], "first"),
        "after": exponent(found["turns"], "after"),
        "published first": exponent(found["published"], "first"),
        "warm search by users": exponent(found["users"], "warm"),
    }
    return found


def exponent(rows: Mapping[str, Mapping[str, Any]], what: str) -> float | None:
    """Return b of time = a · sizeᵇ, fitted to the medians by least squares of the logarithms; 0 is flat, 1 is linear."""
    points = [(math.log(float(size)), math.log(max(row[what]["p50"], 0.1))) for size, row in rows.items()]
    if len(points) < 2:  # noqa: PLR2004 - a line takes two
        return None
    slope = statistics.linear_regression(*zip(*points, strict=True)).slope
    return round(float(slope), 2)


def _apart(do: Callable[..., T], *given: Any) -> T:
    """Run a function in a process of its own, so that no memory use carries over to the next one."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(do, *given).result()


def _fill_one(size: int) -> None:
    with filled.one_user(size, _embedder(), progress):
        pass


def _fill_many(users: int) -> None:
    with filled.many_users(users, _embedder(), progress):
        pass


def _embedder() -> TextEmbedder:
    return build_embedder(Settings())
