"""Builds and runs the HTTP server."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from app.api import failures, monitoring
from app.api.addresses import is_local
from app.api.docs_page import described
from app.api.guard import Limits
from app.operations.stopping import Stopping
from memory.core.errors import InvalidInput, PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.storage.api_keys import ApiKeys

_TITLE = "PersonaVLM on LangGraph"
_DESCRIPTION = (
    "An assistant that remembers one person: chat in OpenAI's form, and everything that is remembered over REST and MCP."
)
_GRACE_S = 5
"""Seconds that running requests get when the server ends."""
_SHORT_GRACE_S = 2
"""The same after SIGTERM, when their replies have had some seconds already."""


class _Api(FastAPI):
    """An application that describes its operations in one thread at a time.

    FastAPI (0.165) changes the warnings filters of the whole process meanwhile, so several first requests at once would show
    pydantic's warnings, and describe everything once each.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._describing = threading.Lock()

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI description."""
        with self._describing:
            return super().openapi()


def build(
    service: PersonaService,
    *,
    host: str = "127.0.0.1",
    limits: Limits | None = None,
    metrics_key: str = "",
    stopping: Stopping | None = None,
) -> FastAPI:
    """Build the application over an open service.

    Args:
        service: Answers messages, and has the memory. The caller closes it.
        host: The address that the server listens on.
        limits: What it takes.
        metrics_key: The id of the key whose holder may read the numbers of the whole machine.
        stopping: Says when the program is stopping.
    """
    parts = _parts()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                if hasattr(part, "lifespan"):
                    await stack.enter_async_context(part.lifespan(app))
            yield

    app = _Api(
        title=_TITLE,
        description=_DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        middleware=monitoring.middleware(service, host, limits or Limits()),
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

    monitoring.install(app, service, metrics_key, stopping)
    return app


def run(
    service: PersonaService,
    *,
    host: str,
    port: int,
    limits: Limits,
    on_ready: Callable[[str], None],
    metrics_key: str = "",
) -> None:
    """Serve until the process is told to end. After SIGTERM it ends within 10 seconds.

    Args:
        service: The service; the caller closes it.
        host: The address to listen on. Another one than this machine's needs a key.
        port: The port; 0: any free one.
        limits: What the server takes.
        on_ready: Takes the server's URL once it answers.
        metrics_key: The id of the key whose holder may read the numbers of the whole machine.

    Raises:
        InvalidInput: There is no such address or key, or the address can be reached from other machines and there is no key.
        PersonaError: The port is in use.
    """
    check_start(service.memory.api_keys, host, metrics_key)
    # With several hosts there is a load balancer in front of them.
    stopping = Stopping(announced=service.memory.leases is not None)
    config = uvicorn.Config(
        build(service, host=host, limits=limits, metrics_key=metrics_key, stopping=stopping), host=host, port=port,
        log_level="critical", access_log=False, server_header=False, timeout_graceful_shutdown=_GRACE_S, lifespan="on",
    )  # fmt: skip
    server = ApiServer(config, service, on_ready, stopping)
    try:
        asyncio.run(server.serve())
    except SystemExit as error:
        raise _not_listening(host, port, error.__context__) from error


def check_start(keys: ApiKeys, host: str, metrics_key: str) -> None:
    """Refuse to start with options that cannot be meant.

    Args:
        keys: The keys of this machine.
        host: The address to listen on.
        metrics_key: The id of the key whose holder may read the numbers of the whole machine.

    Raises:
        InvalidInput: As `run`.
    """
    if not host.strip():
        raise InvalidInput("The address to listen on is empty. Leave --host out for this machine alone, or give an address.")
    valid = {key.id for key in keys.list() if key.revoked is None}
    if metrics_key and metrics_key not in valid:
        raise InvalidInput(f"There is no valid key {metrics_key!r} for --metrics-key. `persona key list` shows all keys.")
    if not is_local(host) and not valid:
        raise InvalidInput(
            f"{host} can be reached from other machines, and there is no key. Make one first: `persona key create --user NAME`."
        )


def _not_listening(host: str, port: int, cause: BaseException | None) -> PersonaError:
    if isinstance(cause, OSError) and (isinstance(cause, socket.gaierror) or cause.errno == errno.EADDRNOTAVAIL):
        return InvalidInput(f"{host} is no address of this machine. Give one of its addresses with --host, or leave it out.")
    return PersonaError(f"The server cannot listen on {host}:{port}. Choose another port with --port.")


class ApiServer(uvicorn.Server):
    """Says when it listens, and ends the replies in progress before it stops: each request gets the part that was written.

    After Ctrl-C that is at once. After SIGTERM, replies in progress get some seconds first; see `Stopping`.

    Args:
        config: The configuration.
        service: Writes the replies.
        on_ready: Takes the server's URL once it answers.
        stopping: What SIGTERM begins; None: it acts as Ctrl-C.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        service: PersonaService,
        on_ready: Callable[[str], None],
        stopping: Stopping | None = None,
    ) -> None:
        super().__init__(config)
        self._service = service
        self._on_ready = on_ready
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        if sig != signal.SIGTERM or self._stopping is None:
            super().handle_exit(sig, frame)
        else:
            self.config.timeout_graceful_shutdown = _SHORT_GRACE_S
            self._stopping.begin()

    async def on_tick(self, counter: int) -> bool:
        """Return whether the server should stop now; called ten times a second."""
        over = self._stopping is not None and self._stopping.may_end(writes=self._service.writes)
        return await super().on_tick(counter) or over

    async def shutdown(self, sockets: Any = None) -> None:
        """Stop the replies in progress, and then the server."""
        self._service.stop()
        await super().shutdown(sockets=sockets)

    async def startup(self, sockets: Any = None) -> None:
        """Start, and say where it listens."""
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
