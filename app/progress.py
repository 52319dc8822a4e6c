"""How far a long job has come: a bar on a terminal, and a line now and then in a log file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.console import console, progress

EVERY_S = 30.0
"""Seconds between two lines in a log file."""
_MINUTE = 60.0

Advance = Callable[[int, int | None], None]
"""Called with the number of items that are done, and the number that are left (None: unknown)."""


class Pace:
    """Says when a line of progress is due, and what it says. Pure: the caller gives the time.

    Args:
        what: The job, as in "remembering".
        unit: The items, as in "steps".
        began: When the job began, in seconds of any clock.
        every_s: Seconds from the beginning, or from one line, to the next.
    """

    def __init__(self, what: str, unit: str, began: float, every_s: float = EVERY_S) -> None:
        self._what = what
        self._unit = unit
        self._began = self._said = began
        self._every_s = every_s

    def line(self, now: float, done: int, left: int | None = None) -> str | None:
        """Return the next line, or None while none is due.

        Args:
            now: By the clock of `began`.
            done: Items that are done since the job began.
            left: Items that are still to do; None where nobody knows.
        """
        if now - self._said < self._every_s:
            return None
        self._said = now
        parts = [f"{self._what}: {done} {self._unit} done"]
        if left is not None:
            parts[0] += f", {left} left"
        if done:
            a_minute = done * _MINUTE / (now - self._began)
            parts.append(f"{a_minute:.1f} a minute" if a_minute < 10 else f"{a_minute:.0f} a minute")  # noqa: PLR2004
            if left:
                parts.append(f"about {_lasts(left * (now - self._began) / done)} to go")
        else:
            parts.append(f"the first one takes {_lasts(now - self._began)} so far")
        return "; ".join(parts)


@contextmanager
def shown(what: str, unit: str, total: int | None, every_s: float = EVERY_S) -> Iterator[Advance]:
    """Show on stderr how far a job has come.

    Args:
        what: As in `Pace`.
        unit: As in `Pace`.
        total: Items that are to do; 0 shows nothing, None is unknown.
        every_s: As in `Pace`.

    Yields:
        What the job calls after each item.
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
    from rich.progress import Progress

    with Progress(console=console()) as bars:
        bar = bars.add_task(what, total=total)

        def advance(done: int, left: int | None) -> None:
            # What is done may bring more to do.
            bars.update(bar, completed=done, total=None if left is None else done + left)

        yield advance


@contextmanager
def _lines(pace: Pace, total: int | None, every_s: float) -> Iterator[Advance]:
    """Write lines, also while one item takes long."""
    ended, lock = threading.Event(), threading.Lock()
    far: tuple[int, int | None] = (0, total)

    def say() -> None:
        with lock:
            line = pace.line(time.monotonic(), *far)
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


def _lasts(seconds: float) -> str:
    """Say how long something takes, in the unit that fits."""
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes} min" if minutes < _MINUTE else f"{minutes // 60} h {minutes % 60} min"
