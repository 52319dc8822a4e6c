"""What a monitor asks: whether the server runs, whether a message would be answered, and counts for Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool

from app.api.callers import caller_of, key_of

if TYPE_CHECKING:
    from app.service import PersonaService

_KEPT_S = 5.0
"""Seconds for which an outcome counts: the route is open to everybody, and must not be a way to call the model server often."""
_WAIT_S = 2.5
"""Seconds that a request waits for an outcome; looking up a name may take longer."""
_STILL_LOOKING = "The model server does not answer in time. Start it again, or correct PERSONA_LLM_BASE_URL."


class Readiness:
    """Finds out whether a message would be answered now, at most once in some seconds, however many ask.

    Args:
        look: Returns in a sentence what is in the way, or an empty text. It may take seconds.
        clock: Seconds that only grow.
        wait_s: Most seconds of one request.
    """

    def __init__(self, look: Callable[[], str], clock: Callable[[], float] = time.monotonic, wait_s: float = _WAIT_S) -> None:
        self._look = look
        self._clock = clock
        self._wait_s = wait_s
        self._looking: asyncio.Task[str] | None = None
        self._looked = 0.0

    async def obstacle(self) -> str:
        """Return in a sentence what is in the way; empty if a message would be answered."""
        if self._looking is None or (self._looking.done() and self._clock() - self._looked >= _KEPT_S):
            self._looking = asyncio.create_task(self._found())
        looking = self._looking
        if not looking.done():
            await asyncio.wait({looking}, timeout=self._wait_s)
        return looking.result() if looking.done() else _STILL_LOOKING

    async def _found(self) -> str:
        found = await run_in_threadpool(self._look)
        self._looked = self._clock()
        return found


def install(app: FastAPI, service: PersonaService, metrics_key: str = "") -> None:
    """Add the routes to an application.

    Args:
        app: The application.
        service: The service that it serves.
        metrics_key: The id of the key whose holder may read the counts of the whole machine.
    """
    readiness = Readiness(service.models.obstacle)

    @app.get("/health", tags=["server"], summary="Whether the server runs", operation_id="health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get(
        "/ready", tags=["server"], summary="Whether a message would be answered now", operation_id="ready",
        response_model=dict[str, str], responses={503: {"description": "No model could answer; `waits_for` says why"}},
    )  # fmt: skip
    async def ready() -> JSONResponse:
        if waits := service.waits_for:
            # A loading model is no failure: the message would be taken, and answered a little later.
            return JSONResponse({"status": "waiting", "waits_for": waits})
        if obstacle := await readiness.obstacle():
            return JSONResponse({"status": "not_ready", "waits_for": obstacle}, 503)
        return JSONResponse({"status": "ready"})

    @app.get(
        "/metrics", tags=["server"], summary="Counts for Prometheus", operation_id="metrics", response_class=PlainTextResponse
    )
    def metrics(request: Request) -> str:
        key = key_of(request)
        if key is None or key.id == metrics_key:
            counts = {"users": len(service.memory.journal.users()), "steps_pending": service.memory.work.count(None)}
        else:
            counts = {"steps_pending": service.memory.work.count(caller_of(request).user_id)}
        lines = [f"# TYPE persona_{name} gauge\npersona_{name} {count}" for name, count in counts.items()]
        return "\n".join(lines) + "\n"
