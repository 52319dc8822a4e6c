"""Remembering while somebody waits: the work queue is worked off, and stderr shows how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.pace import shown

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.records import WorkItem


def remember_now(service: PersonaService, user_id: str | None = None) -> int:
    """Do the background work that waits, of one user or of all; returns how many steps.

    Raises:
        PersonaError: As `PersonaService.wait`.
    """
    waiting, done = service.memory.pending, 0
    with shown("remembering", "steps", waiting.count(user_id)) as advance:

        def on_done(_item: WorkItem) -> None:
            nonlocal done
            done += 1
            advance(done, waiting.count(user_id))

        return service.wait(user_id, on_done)
