"""Gives each request an id, a span and a line in the log; outside the guard, so that what is refused has them too."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any

from app.operations import request_ids
from app.operations.logs import facts
from app.operations.tracing import RemoteParent
from memory.core import spans

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_log = logging.getLogger(__name__)
_WATCHED_OFTEN = frozenset({"/health", "/ready", "/metrics"})
"""Monitors ask for these every few seconds."""
_SERVER_ERROR = 500


class RequestLog:
    """ASGI middleware around everything else.

    Args:
        app: The application.
        clock: Seconds that only grow.
    """

    def __init__(self, app: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["path"] in _WATCHED_OFTEN:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = request_ids.chosen(headers.get(request_ids.HEADER, ""))
        remote = headers.get("traceparent", "")
        with (
            request_ids.working_for(request_id),
            spans.inside(RemoteParent(remote)) if remote else nullcontext(),
            spans.span("request") as span,
        ):
            await self._pass(scope, receive, send, request_id, span)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, request_id: str, span: spans.Span) -> None:
        status, began = _SERVER_ERROR, self._clock()

        async def passed(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (request_ids.HEADER.encode(), request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, passed)
        finally:
            method, route = scope["method"], route_of(scope)
            span.note("http.request.method", method)
            span.note("http.route", route)
            span.note("http.response.status_code", status)
            if status >= _SERVER_ERROR:
                span.fail(str(status))
            seconds = round(self._clock() - began, 3)
            _log.info("%s %s", method, route, extra=facts(method=method, route=route, status=status, seconds=seconds))


def route_of(scope: Scope) -> str:
    """Return the path of a request with the names of its parameters for their values, which a caller may choose freely.

    A path that is none of ours is not returned at all.
    """
    if scope.get("route") is None:
        return "none"
    path = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(f"/{value}", f"/{{{name}}}")
    return path
