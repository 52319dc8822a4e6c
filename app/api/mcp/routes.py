"""MCP over streamable HTTP at `/mcp`, with the caller's key.

Every request is checked as on every other route, and its person is the key's. A session, which older protocols have, belongs to
the key and the person that opened it: with another key it does not exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from mcp.server.auth.middleware.auth_context import auth_context_var, get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.api.callers import Caller, NotAllowed, caller_of
from app.api.mcp.sessions import Sessions
from app.api.mcp.tools import build

PATH = "/mcp"
_MOST_BYTES = 1_000_000
_MOST_SESSIONS = 1_000
_HERE_CHECKED = TransportSecuritySettings(enable_dns_rebinding_protection=False)
"""`app.api.guard` has checked host and origin; the SDK's own check would refuse every host but loopback's."""


def install(app: FastAPI) -> None:
    """Add the route to an application."""
    app.router.routes.append(Route(PATH, endpoint=_Endpoint(app)))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Serve MCP while the application runs."""
    server = build(app.state.service, _person)
    # Its application is not used: it would add a path and a lifespan of its own. It makes the session manager.
    server.streamable_http_app(transport_security=_HERE_CHECKED, max_request_body_size=_MOST_BYTES, max_sessions=_MOST_SESSIONS)
    app.state.mcp = Sessions(server.session_manager.handle_request)
    async with server.session_manager.run():
        yield


class _Endpoint:
    """Answers one HTTP request as the person of its key.

    Args:
        app: The application that the route belongs to.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        caller = caller_of(request)
        if request.method == "GET":
            # A stream for messages that the server begins: there are none, and an open one would outlive its key.
            await Response(status_code=405, headers={"Allow": "POST, DELETE"})(scope, receive, send)
            return
        user = _authenticated(caller)
        token = auth_context_var.set(user)
        try:
            await self._app.state.mcp({**scope, "user": user}, receive, send)
        finally:
            auth_context_var.reset(token)


def _authenticated(caller: Caller) -> AuthenticatedUser:
    """Return a caller in the form by which the SDK tells whose a session and a half-answered call are."""
    return AuthenticatedUser(AccessToken(token="", client_id=caller.key_id, scopes=[], subject=caller.user_id))


def _person() -> str:
    """Return the person of the running request."""
    token = get_access_token()
    if token is None or not token.subject:
        raise NotAllowed("The request has no person.")
    return token.subject
