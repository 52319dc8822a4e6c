"""Builds and runs the HTTP server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.middleware import Middleware

from app.api import failures
from app.api.addresses import is_local
from app.api.callers import caller_of, identify
from app.api.docs_page import described
from app.api.guard import Guard, Limits
from memory.core.errors import InvalidInput, PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService

_TITLE = "PersonaVLM on LangGraph"
_DESCRIPTION = (
    "An assistant that remembers one person: chat in OpenAI's form, and everything that is remembered over REST and MCP."
)
_GRACE_S = 5
"""Seconds that running requests get when the server ends."""


def build(service: PersonaService, *, host: str = "127.0.0.1", limits: Limits | None = None) -> FastAPI:
    """Build the application over an open service.

    Args:
        service: Answers messages, and has the memory. The caller closes it.
        host: The address that the server listens on.
        limits: What it takes.
    """
    parts = _parts()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                if hasattr(part, "lifespan"):
                    await stack.enter_async_context(part.lifespan(app))
            yield

    def check_key(headers: dict[str, str], peer: str) -> None:
        keys = service.memory.api_keys
        identify(keys, authorization=headers.get("authorization", ""), named="", front_end_user="", peer=peer)

    guard = Middleware(Guard, limits=limits or Limits(), host=host, check_key=check_key)
    app = FastAPI(
        title=_TITLE,
        description=_DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        middleware=[guard],
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    failures.install(app)
    for part in parts:
        part.install(app)

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    def docs() -> str:
        return described(app.openapi())

    @app.get("/health", tags=["server"], summary="Whether the server runs", operation_id="health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready", tags=["server"], summary="Whether a message would be answered now", operation_id="ready")
    def ready() -> dict[str, str]:
        waits = service.waits_for
        # A loading model is no failure: the message would be taken, and answered a little later.
        return {"status": "waiting", "waits_for": waits} if waits else {"status": "ready"}

    @app.get(
        "/metrics", tags=["server"], summary="Counts for Prometheus", operation_id="metrics",
        response_class=PlainTextResponse, dependencies=[Depends(caller_of)],
    )  # fmt: skip
    def metrics() -> str:
        counts = {"users": len(service.memory.journal.users()), "steps_pending": service.memory.work.count(None)}
        lines = [f"# TYPE persona_{name} gauge\npersona_{name} {count}" for name, count in counts.items()]
        return "\n".join(lines) + "\n"

    return app


def run(service: PersonaService, *, host: str, port: int, limits: Limits, on_ready: Callable[[str], None]) -> None:
    """Serve until the process is told to end.

    Args:
        service: The service; the caller closes it.
        host: The address to listen on. Another one than this machine's needs a key.
        port: The port; 0: any free one.
        limits: What the server takes.
        on_ready: Takes the server's URL once it answers.

    Raises:
        InvalidInput: The address can be reached from other machines, and there is no key.
        PersonaError: The port is in use.
    """
    if not is_local(host) and not any(key.revoked is None for key in service.memory.api_keys.list()):
        raise InvalidInput(
            f"{host} can be reached from other machines, and there is no key. Make one first: `persona key create --user NAME`."
        )
    config = uvicorn.Config(
        build(service, host=host, limits=limits), host=host, port=port, log_level="critical", access_log=False,
        server_header=False, timeout_graceful_shutdown=_GRACE_S, lifespan="on",
    )  # fmt: skip
    server = _Server(config, on_ready)
    try:
        asyncio.run(server.serve())
    except SystemExit as error:
        raise PersonaError(f"The server cannot listen on {host}:{port}. Choose another port with --port.") from error


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            name, port, *_ = self.servers[0].sockets[0].getsockname()
            self._on_ready(f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}")


def _parts() -> list[Any]:
    """Return the modules that add routes: each has `install(app)`, and some a `lifespan(app)`."""
    from app.api.chat import routes as chat
    from app.api.mcp import routes as mcp
    from app.api.rest import routes as rest

    return [chat, mcp, rest]


def _version() -> str:
    try:
        return version("personavlm-langgraph")
    except PackageNotFoundError:
        return "unknown"


def print_ready(url: str) -> None:
    """Print the line that says where the server listens."""
    sys.stderr.write(f"listening on {url}\n")
    sys.stderr.flush()
