"""The official client, connected to the server in this process: by the newest protocol, and by the one before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mcp import Client

    from app.service import PersonaService

MODES = ("auto", "legacy")
"""The newest protocol, and the one with a handshake."""


both = pytest.mark.parametrize("mode", MODES, indirect=True)
"""A test with this mark is run with each protocol, others with the newest alone."""


@pytest.fixture
def mode(request) -> str:
    return getattr(request, "param", "auto")


@pytest.fixture
def call(mode: str) -> Callable[..., Any]:
    """Call one tool as a person, and return (text, typed value); an error is raised as `Failed`.

    `answers`: what the person's form says: True, False, "decline", "cancel"; None: the client has no forms.
    """

    def run(service: PersonaService, name: str, *, user: str = "ada", answers: Any = None, **arguments: Any) -> tuple[str, Any]:
        import anyio

        return anyio.run(partial(_call, service, name, user, arguments, answers, mode))

    run.asked = asked = []  # type: ignore[attr-defined]

    async def _call(service, name, user, arguments, answers, mode):
        # Without the extra, this file is read, and the tests beside it are left out.
        from mcp import Client
        from mcp.types import ElicitResult

        from app.api.mcp.tools import build

        async def form(_context, params):
            asked.append(params.message)
            if answers in ("decline", "cancel"):
                return ElicitResult(action=answers)
            return ElicitResult(action="accept", content={"remember": answers})

        client = Client(build(service, lambda: user), mode=mode, elicitation_callback=None if answers is None else form)
        async with client:
            result = await client.call_tool(name, arguments)
        [content] = result.content
        if result.is_error:
            raise Failed(content.text)
        return content.text, result.structured_content

    return run


class Failed(Exception):
    """A tool said that it failed."""


@pytest.fixture
def use(mode: str) -> Callable[..., Any]:
    """Do something with a client: `use(service, lambda client: client.list_tools())`."""

    def run(service: PersonaService, what: Callable[[Client], Any], user: str = "ada") -> Any:
        import anyio
        from mcp import Client

        from app.api.mcp.tools import build

        async def go():
            async with Client(build(service, lambda: user), mode=mode) as client:
                return await what(client)

        return anyio.run(go)

    return run
