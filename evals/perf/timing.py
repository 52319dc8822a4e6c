"""Milliseconds of one call, and percentiles of many."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence


def timed(what: Callable[[], object]) -> float:
    """Return how many milliseconds a call takes."""
    started = time.perf_counter()
    what()
    return (time.perf_counter() - started) * 1000


def latency(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    shares = statistics.quantiles(milliseconds, n=20, method="inclusive")
    return {"p50": round(statistics.median(milliseconds), 1), "p95": round(shares[18], 1)}
