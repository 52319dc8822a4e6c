"""Progress of a long job: a bar on a terminal, or a line at intervals in a log file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app import duration_words
from app.console import console, progress

EVERY_S = 30.0
"""Seconds between two lines in a log file."""
_MINUTE = 60.0
_LONG_S = 600.0
"""What is left of a job from which on a person wants to know the time of its end."""

Advance = Callable[[int, int | None], None]
"""Called with the number of items done, and the number left (None: unknown)."""


class Pace:
    """Decides when a line of progress is due, and writes it. Pure: the caller passes the time.

    Args:
        what: The job, for example "remembering".
        unit: The items, for example "steps".
        began: Start time of the job, in seconds of any clock.
        every_s: Seconds between two lines, and before the first.
    """

    def __init__(self, what: str, unit: str, began: float, every_s: float = EVERY_S) -> None:
        self._what = what
        self._unit = unit
        self._began = self._said = began
        self._every_s = every_s

    def line(self, now: float, done: int, left: int | None = None, day: datetime | None = None) -> str | None:
        """Return the next line; None if none is due.

        Args:
            now: The time, on the clock of `began`.
            done: Items done since the start of the job.
            left: Items left; None if unknown.
            day: The time of day; then the line also says when a long job ends.
        """
        if now - self._said < self._every_s:
            return None
        self._said = now
        parts = [f"{self._what}: {done} {self._unit} done"]
        if left is not None:
            parts[0] += f", {left} left"
        if done:
            parts.append(duration_words.rate(done * _MINUTE / (now - self._began)))
            if left:
                parts.append(_to_go(left * (now - self._began) / done, day))
        else:
            parts.append(f"the first one takes {_duration(now - self._began)} so far")
        return "; ".join(parts)


@contextmanager
def shown(what: str, unit: str, total: int | None, every_s: float = EVERY_S) -> Iterator[Advance]:
    """Show the progress of a job on stderr.

    Args:
        what: As in `Pace`.
        unit: As in `Pace`.
        total: Number of items; 0 shows nothing, None means unknown.
        every_s: As in `Pace`.

    Yields:
        A function that the job calls after each item.
    """
    if total == 0:
        yield lambda _done, _left: None
    elif console().is_terminal:
        with _bar(what, total) as advance:
            yield advance
    else:
        with _lines(Pace(what, unit, time.monotonic(), every_s), total, every_s) as advance:
            yield advance


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Advance]:
    from rich.progress import Progress, TextColumn

    began = time.monotonic()
    with Progress(*Progress.get_default_columns(), TextColumn("{task.fields[told]}"), console=console()) as bars:
        bar = bars.add_task(what, total=total, told="")

        def advance(done: int, left: int | None) -> None:
            took = time.monotonic() - began
            told = duration_words.rate(done * _MINUTE / took) if done and took else ""
            if told and left:
                told += f", until {duration_words.end(left * took / done, datetime.now().astimezone())}"
            # An item may add more items.
            bars.update(bar, completed=done, total=None if left is None else done + left, told=told)

        yield advance


@contextmanager
def _lines(pace: Pace, total: int | None, every_s: float) -> Iterator[Advance]:
    """Write lines at intervals, also during a long item."""
    ended, lock = threading.Event(), threading.Lock()
    far: tuple[int, int | None] = (0, total)

    def say() -> None:
        with lock:
            line = pace.line(time.monotonic(), *far, datetime.now().astimezone())
            if line is not None:
                progress(line)

    def advance(done: int, left: int | None) -> None:
        nonlocal far
        far = (done, left)
        say()

    def watch() -> None:
        while not ended.wait(every_s):
            say()

    watcher = threading.Thread(target=watch, name="persona-progress", daemon=True)
    watcher.start()
    try:
        yield advance
    finally:
        ended.set()
        watcher.join()


def _to_go(seconds: float, day: datetime | None) -> str:
    told = f"about {_duration(seconds)} to go"
    return f"{told}, until {duration_words.end(seconds, day)}" if day and seconds >= _LONG_S else told


def _duration(seconds: float) -> str:
    """Return a duration in a suitable unit."""
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes} min" if minutes < _MINUTE else f"{minutes // 60} h {minutes % 60} min"
