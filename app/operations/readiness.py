"""Whether a message would be answered now: each part that an answer needs is looked at, seldom and not for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from app.service import PersonaService

Look = Callable[[], str]
"""Returns in a sentence what is in the way, or an empty text. It may take seconds."""
_KEPT_S = 5.0
"""Seconds for which an outcome counts: the route is open to everybody, and must not be a way to call a server often."""
_WAIT_S = 2.5
"""Seconds that a request waits for an outcome; looking up a name may take longer."""
MODEL = "model"
STILL_LOOKING = {
    MODEL: "The model server does not answer in time. Start it again, or correct PERSONA_LLM_BASE_URL.",
    "journal": "The database does not answer in time. Start it again, or correct PERSONA_DATABASE_URL.",
    "chroma": "Chroma does not answer in time. Start it again, or correct PERSONA_CHROMA_URL.",
}


class Readiness:
    """Looks at one part, at most once in some seconds, however many ask.

    Args:
        look: Looks at it.
        clock: Seconds that only grow.
        wait_s: Most seconds of one request.
        late: The sentence about a part that does not answer in time.
    """

    def __init__(
        self,
        look: Look,
        clock: Callable[[], float] = time.monotonic,
        wait_s: float = _WAIT_S,
        late: str = STILL_LOOKING[MODEL],
    ) -> None:
        self._look = look
        self._clock = clock
        self._wait_s = wait_s
        self._late = late
        self._looking: asyncio.Task[str] | None = None
        self._looked = 0.0

    async def obstacle(self) -> str:
        """Return in a sentence what is in the way; empty if nothing is."""
        if self._looking is None or (self._looking.done() and self._clock() - self._looked >= _KEPT_S):
            self._looking = asyncio.create_task(self._found())
        looking = self._looking
        if not looking.done():
            await asyncio.wait({looking}, timeout=self._wait_s)
        return looking.result() if looking.done() else self._late

    async def _found(self) -> str:
        found = await run_in_threadpool(self._look)
        self._looked = self._clock()
        return found


class AllReadiness:
    """Looks at all parts at once.

    Args:
        looks: The parts by name.
    """

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._parts = {
            name: Readiness(look, late=STILL_LOOKING.get(name, f"The part {name} does not answer in time."))
            for name, look in looks.items()
        }

    async def obstacles(self) -> dict[str, str]:
        """Return what is in the way of each part; empty for a part that is ready."""
        found = await asyncio.gather(*(part.obstacle() for part in self._parts.values()))
        return dict(zip(self._parts, found, strict=True))


def looks_of(service: PersonaService) -> dict[str, Look]:
    """Return the parts of a service: its model, and what its memory is stored in."""
    return {**service.memory.looks, MODEL: service.models.obstacle}
