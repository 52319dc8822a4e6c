"""Guards a server before any route: host and origin, size and pace of bodies, requests at once, and their rate."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from app.api.addresses import is_local
from app.api.callers import KEY_IN_SCOPE
from app.api.failures import body, status_of
from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from memory.storage.api_keys import ApiKey

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_MAX_COUNTED_CALLERS = 10_000
_OPEN_PATHS = frozenset({"/health", "/ready"})
"""Health checks are neither counted nor limited."""
_PUBLIC_PATHS = frozenset({"/openapi.json", "/docs"})
"""Descriptions of the server, which name nobody."""
_ARCHIVE_PATH = "/api/v1/import"
"""Takes an archive, which has all pictures of a person."""


@dataclass(frozen=True)
class Limits:
    """What a server takes.

    Attributes:
        body_bytes: Most bytes of one request.
        archive_bytes: Most bytes of an archive to import.
        at_once: Most requests at the same time.
        per_minute: Most requests of one key in a minute; of one address, for requests without a valid key.
        slow_s: Most seconds without any byte of a body.
    """

    body_bytes: int = 40_000_000
    archive_bytes: int = 1024**3
    at_once: int = 200
    per_minute: int = 600
    slow_s: float = 30.0


class Refused(Exception):
    """A request is not taken."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


class Guard:
    """ASGI middleware in front of all routes.

    Args:
        app: The application that gets the requests which are taken.
        limits: What it takes.
        host: The address that the server listens on. On loopback, requests must name a loopback host: a page of another site
            whose name was pointed at this machine (DNS rebinding) is refused.
        check_key: Takes the headers, the other end's address and the path; returns the key, or raises `NotAllowed`. It runs
            before the body is read: a caller without a key must not make the server decode 40 MB. Routes find the key by
            `key_of`.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        app: Any,
        limits: Limits,
        host: str,
        check_key: Callable[[dict[str, str], str, str], ApiKey | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._check_key = check_key
        self._limits = limits
        self._local = is_local(host)
        self._clock = clock
        self._running = 0
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            self._check_names(headers)
            if scope["path"] in _OPEN_PATHS:
                await self._app(scope, receive, send)
                return
            self._check_room()
        except Refused as refused:
            await _answer(scope, send, refused)
            return
        self._running += 1
        try:
            await self._check_caller(scope, headers)
            self._check_size(headers.get("content-length", ""), self._most(scope))
            await self._run(scope, receive, send)
        except Refused as refused:
            await _answer(scope, send, refused)
        finally:
            self._running -= 1

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, started, most = 0, False, self._most(scope)
        refused: Refused | None = None

        async def limited() -> MutableMapping[str, Any]:
            nonlocal taken, refused
            try:
                # After the body, the application waits for the end of the connection, which may take long.
                message = await (asyncio.wait_for(receive(), self._limits.slow_s) if taken >= 0 else receive())
            except TimeoutError as error:
                refused = Refused(408, "too_slow", f"Nothing came for {self._limits.slow_s:.0f} s. Send the request again.")
                raise refused from error
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > most:
                    refused = _too_large(most)
                    raise refused
                if not message.get("more_body"):
                    taken = -1
            return message

        async def passed(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            # The framework makes an error of its own of a refusal while it reads the body.
            if refused is None or started:
                started = True
                await send(message)

        with suppress(Refused):
            await self._app(scope, limited, passed)
        if refused is not None and not started:
            await _answer(scope, send, refused)

    def _check_names(self, headers: dict[str, str]) -> None:
        host = headers.get("host", "")
        if self._local and not is_local(_name_of(f"//{host}")):
            raise Refused(
                421, "wrong_host", "This server answers to names of this machine alone, such as 127.0.0.1 or localhost."
            )
        origin = headers.get("origin")
        if origin is None:
            return
        name = _name_of(origin)
        if not is_local(name) and name != _name_of(f"//{host}"):
            raise Refused(403, "wrong_origin", "Pages of other sites may not use this server.")

    async def _check_caller(self, scope: Scope, headers: dict[str, str]) -> None:
        """Look the key up, and count the request: by its key, or else by the other end's address.

        A header without a valid key does not count as a caller: another wrong key in each request would never be limited.
        """
        peer = (scope.get("client") or ("",))[0]
        key, refused = None, None
        if scope["path"] not in _PUBLIC_PATHS:
            try:
                key = await run_in_threadpool(self._check_key, headers, peer, scope["path"])
            except PersonaError as error:
                refused = Refused(status_of(error), error.code, error.message)
        self._count(key.id if key else peer)
        if refused is not None:
            raise refused
        scope[KEY_IN_SCOPE] = key

    def _check_room(self) -> None:
        if self._running >= self._limits.at_once:
            raise Refused(503, "busy", "Too many requests at once. Try again in a moment.", 1)

    def _most(self, scope: Scope) -> int:
        return self._limits.archive_bytes if scope["path"] == _ARCHIVE_PATH else self._limits.body_bytes

    def _check_size(self, stated: str, most: int) -> None:
        if stated.isdigit() and int(stated) > most:
            raise _too_large(most)

    def _count(self, caller: str) -> None:
        minute = self._clock() // 60
        begun, count = self._counts.pop(caller, (minute, 0))
        count = count + 1 if begun == minute else 1
        self._counts[caller] = (minute, count)
        while len(self._counts) > _MAX_COUNTED_CALLERS:
            self._counts.popitem(last=False)
        if count > self._limits.per_minute:
            wait = 60 - int(self._clock() % 60)
            raise Refused(
                429, "rate_limit", f"More than {self._limits.per_minute} requests in a minute. Try again in {wait} s.", wait
            )


def _too_large(most: int) -> Refused:
    return Refused(413, "too_large", f"The request is larger than {most:,} bytes. Send smaller pictures, or less.")


def _name_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


async def _answer(scope: Scope, send: Send, refused: Refused) -> None:
    data = json.dumps(body(scope["path"], refused.status, refused.code, refused.message)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode()), (b"connection", b"close")]
    if refused.status == 401:  # noqa: PLR2004 - a status
        headers.append((b"www-authenticate", b"Bearer"))
    if refused.retry_after is not None:
        headers.append((b"retry-after", str(refused.retry_after).encode()))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
