"""Whether a message would be answered now: each part that an answer needs is looked at, seldom and not for long."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService

Look = Callable[[], str]
"""Returns in a sentence what is in the way, or an empty text. It may take seconds."""
_KEPT_S = 5.0
"""Seconds for which an outcome counts: the route is open to everybody, and must not be a way to call a server often."""
_WAIT_S = 2.5
"""Seconds that a request waits for an outcome; looking up a name may take longer."""
MODEL = "model"
DISPENSABLE = ("chroma", "object store")
"""A message is answered without them: searches go by the host's index files. Only one with a picture needs the object store."""
_JOURNAL_LATE = "The database does not answer in time. Start it again, or correct PERSONA_DATABASE_URL."
STILL_LOOKING = {
    MODEL: "The model server does not answer in time. Start it again, or correct PERSONA_LLM_BASE_URL.",
    "journal": _JOURNAL_LATE,
    "purges": _JOURNAL_LATE,
    "object store": "The object store does not answer in time. Start it again, or correct PERSONA_PHOTOS_URL.",
    "chroma": "Chroma does not answer in time. Start it again, or correct PERSONA_CHROMA_URL.",
}
_log = logging.getLogger(__name__)


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
        found = await run_in_threadpool(self._seen)
        self._looked = self._clock()
        return found

    def _seen(self) -> str:
        """Look; a look that fails has found something in the way, and the other parts are told all the same."""
        try:
            return self._look()
        except PersonaError as error:
            return error.message
        except Exception as error:  # noqa: BLE001 - whatever fails, a monitor gets the answer that it knows
            # Without the error's own words: anybody reads the answer.
            kind, where = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
            _log.error("a check of whether the program is ready failed (%s)\n%s", kind, where)
            return f"The check failed inside the program ({kind}). It printed where."


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
