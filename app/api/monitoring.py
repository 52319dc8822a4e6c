"""What a monitor asks: whether the server runs, whether a message would be answered, and numbers for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field
from starlette.middleware import Middleware

from app.api import failures
from app.api.callers import KnownReaders, caller_of, key_of, valid_key
from app.api.guard import Guard, Limits
from app.api.request_log import RequestLog
from app.operations import metrics as numbers
from app.operations.readiness import DISPENSABLE, AllReadiness, looks_of
from app.operations.stopping import SENTENCE, Stopping

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.storage.api_keys import ApiKey

_OK = "ok"
_NUMBERS = "/metrics"


class Ready(BaseModel):
    """Whether a message would be answered now.

    Attributes:
        status: `ready`; `waiting`: it would be answered a little later; `not_ready`.
        waits_for: Why it is not ready, in a sentence.
        checks: Each part that an answer needs: `ok`, or what is in the way.
    """

    status: str
    waits_for: str | None = None
    checks: dict[str, str] = Field(default_factory=dict)


def install(app: FastAPI, service: PersonaService, metrics_key: str = "", stopping: Stopping | None = None) -> None:
    """Add the routes to an application.

    Args:
        app: The application.
        service: The service that it serves.
        metrics_key: The id of the key whose holder may read the numbers of the whole machine.
        stopping: Says when the program is stopping.
    """
    readiness, metrics = AllReadiness(looks_of(service)), numbers.Metrics(service)

    @app.get("/health", tags=["server"], summary="Whether the server runs", operation_id="health")
    async def health() -> dict[str, str]:
        # Without a thread and without a store: a process whose threads all wait is alive.
        return {"status": "ok"}

    @app.get(
        "/ready", tags=["server"], summary="Whether a message would be answered now", operation_id="ready",
        response_model=Ready, responses={503: {"model": Ready, "description": "It would not; `waits_for` says why"}},
    )  # fmt: skip
    async def ready() -> JSONResponse:
        if stopping is not None and stopping.begun:
            return _said(503, "not_ready", SENTENCE)
        found = await readiness.obstacles()
        checks = {name: obstacle or _OK for name, obstacle in found.items()}
        # A loading model is no failure: the message would be taken, and answered a little later.
        if waits := service.waits_for:
            found |= {"model": ""}
            checks["model"] = waits
        needed = (obstacle for name, obstacle in found.items() if name not in DISPENSABLE)
        if obstacle := next(filter(None, needed), ""):
            return _said(503, "not_ready", obstacle, checks)
        return _said(200, "waiting", waits, checks) if waits else _said(200, "ready", "", checks)

    @app.get(
        _NUMBERS, tags=["server"], summary="Numbers for Prometheus", operation_id="metrics", response_class=PlainTextResponse
    )
    def read_metrics(request: Request) -> Response:
        key = key_of(request)
        if key is None or key.id == metrics_key:
            data, content_type = metrics.written(request.headers.get("accept", ""))
            return Response(data, headers={"content-type": content_type})
        return PlainTextResponse(numbers.own_count(service.memory.work.count(caller_of(request).user_id)))


def middleware(service: PersonaService, host: str, limits: Limits) -> list[Middleware]:
    """Return what stands before the routes of every server: the log of requests, and the guard.

    Args:
        service: Has the keys.
        host: The address that the server listens on.
        limits: What the server takes.
    """
    readers = KnownReaders(service.memory.api_keys)

    def check_key(headers: dict[str, str], peer: str, path: str) -> ApiKey | None:
        authorization = headers.get("authorization", "")
        if path == _NUMBERS:
            return readers.key(authorization=authorization, peer=peer)
        return valid_key(service.memory.api_keys, authorization=authorization, peer=peer)

    return [Middleware(RequestLog), Middleware(Guard, limits=limits, host=host, check_key=check_key)]


def alone(service: PersonaService, *, host: str, metrics_key: str = "", stopping: Stopping | None = None) -> FastAPI:
    """Build an application with these routes alone, for a program that serves no requests: `persona work`, `persona page`.

    Args:
        service: The service of the program.
        host: The address that it listens on.
        metrics_key: As in `install`.
        stopping: As in `install`.
    """
    app = FastAPI(title="PersonaVLM", middleware=middleware(service, host, Limits()), docs_url=None, redoc_url=None)
    failures.install(app)
    install(app, service, metrics_key, stopping)
    return app


def _said(code: int, status: str, waits_for: str, checks: dict[str, str] | None = None) -> JSONResponse:
    said: dict[str, Any] = {"status": status}
    if waits_for:
        said["waits_for"] = waits_for
    if checks:
        said["checks"] = checks
    return JSONResponse(said, code)
