"""Does the background work in the foreground, with progress on stderr."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from app import duration_words
from app.console import progress
from app.progress import shown
from app.set_aside import told
from memory.core import clock

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.core.records import WorkItem
    from memory.core.retry import Refusal
    from memory.memory import Memory


_SHORT_S = 60.0


def remember_now(service: PersonaService, user_id: str | None = None) -> int:
    """Do the background work that is left, of one user or of all; return the number of steps.

    Raises:
        PersonaError: As `PersonaService.wait`.
    """
    waiting, done = service.memory.work, 0
    if expected := _expected(service, user_id):
        progress(expected)
    with shown("remembering", "steps", waiting.count(user_id)) as advance:

        def on_done(_item: WorkItem) -> None:
            nonlocal done
            done += 1
            advance(done, waiting.count(user_id))

        return service.wait(user_id, on_done)


def _expected(service: PersonaService, user_id: str | None) -> str:
    """Return how long the work will take by what such steps took before; empty if it is short, or nobody knows."""
    left = [one for one in service.memory.work.left(user_id) if not one.paused]
    seconds = service.steps.estimate(left)
    if seconds is None or seconds < _SHORT_S:
        return ""
    steps = sum(one.steps for one in left)
    took, ends = duration_words.about(seconds), duration_words.end(seconds, datetime.now().astimezone())
    return f"{steps:,} steps to do: {took} with this model, until {ends}. Ctrl-C leaves the rest for later."


def remember_and_report(service: PersonaService, user_id: str, say: Callable[[str], None]) -> list[Refusal]:
    """Do one user's background work; report and return the steps that were set aside.

    Raises:
        PersonaError: As `PersonaService.wait`; the steps set aside before that are printed first.
    """
    began = clock.instant()
    try:
        remember_now(service, user_id)
    finally:
        aside = service.memory.refusals.set_aside(user_id, since=began)
        for line in told(aside, own=True):
            say(line)
    return aside


def is_alone(memory: Memory) -> bool:
    """Return whether a data folder has at most one user; then a command prints that user's own words."""
    return len(memory.journal.users()) <= 1
