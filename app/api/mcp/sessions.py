"""How many sessions a key may have open: beyond that, the one that was not used for longest ends."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from http import HTTPStatus

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_OF_A_KEY = 50


class Sessions:
    """Passes requests on to the SDK's session manager, and keeps count of the sessions of each key.

    A session that ended by itself is still counted until newer ones take its place: ending it again does no harm. A client
    whose session has ended is answered 404, and begins another one.

    Args:
        handle: Answers a request; the manager's.
        most: Most open sessions of one key.
    """

    def __init__(self, handle: ASGIApp, most: int = _MOST_OF_A_KEY) -> None:
        self._handle = handle
        self._most = most
        self._open: defaultdict[str, OrderedDict[str, AuthenticatedUser]] = defaultdict(OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whose scope has the caller as `user`."""
        user: AuthenticatedUser = scope["user"]
        mine = self._open[user.access_token.client_id]
        named = _header(scope["headers"])
        if named in mine:
            mine.move_to_end(named)

        async def watched(message: Message) -> None:
            starts = message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK
            if starts and not named and (begun := _header(message["headers"])):
                # At once: a client that leaves in the midst of the answer has a session all the same.
                mine[begun] = user
            await send(message)

        await self._handle(scope, receive, watched)
        while len(mine) > self._most:
            await self._end(scope, *mine.popitem(last=False))

    async def _end(self, scope: Scope, session_id: str, user: AuthenticatedUser) -> None:
        headers = [(MCP_SESSION_ID_HEADER.encode(), session_id.encode())]
        await self._handle({**scope, "method": "DELETE", "headers": headers, "user": user}, _no_body, _nobody)


def _header(headers: list[tuple[bytes, bytes]]) -> str:
    name = MCP_SESSION_ID_HEADER.encode()
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nobody(_message: Message) -> None:
    """Drop an answer that nobody waits for."""
