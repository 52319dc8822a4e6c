"""The HTTP API inside LangGraph's server (`http.app` in `langgraph.json`), beside that server's own routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from memory.core import extras

if TYPE_CHECKING:
    from app.service import PersonaService

PATHS = ("/v1/{rest:path}", "/api/v1/{rest:path}", "/mcp", "/health", "/ready")
"""The API's routes. LangGraph's server keeps its own `/docs`, `/openapi.json` and `/metrics`; its `/mcp` gives way to ours."""


def build(service: PersonaService) -> Starlette:
    """Return an application with the API's routes; without routes where the extra [api] is not installed.

    LangGraph's server takes over the middleware and the error handlers of the application that it is given. Ours refuse what is
    not meant for the API, Studio's calls among them, so the API keeps them behind its routes.
    """
    if extras.missing("api") is not None:
        return Starlette()
    from app.api import server

    api = server.build(service)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with api.router.lifespan_context(api):
            yield

    return Starlette(routes=[Route(path, api, include_in_schema=False) for path in PATHS], lifespan=lifespan)
