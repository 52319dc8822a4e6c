"""The MCP server: its tools, resources and prompt, over the memory of one person or of each request's person."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver import AcceptedElicitation, Context, DeclinedElicitation, ElicitationResult, MCPServer, Resolve
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from app.api.mcp import changing, recalling, times, wording
from app.api.mcp.consent import Approval, NotAsked, approval
from app.api.mcp.here import Here, told
from app.api.mcp.results import (
    Forgotten,
    KindName,
    Personality,
    Profile,
    Recollection,
    Remembered,
    Restored,
    Timeline,
    in_a_line,
    in_text,
    in_words,
)
from app.api.mcp.strict import StrictServer

if TYPE_CHECKING:
    from app.service import PersonaService

_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
_REMOVES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)
_RESTORES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_NAME, _TITLE = "persona", "PersonaVLM memory"
_PACKAGE = "personavlm-langgraph"

Ctx = Context[Here, Any]
Since = Annotated[str | None, Field(description=wording.SINCE)]
Until = Annotated[str | None, Field(description=wording.UNTIL)]
MemoryId = Annotated[str, Field(description="The id of a memory or a message, from `recall` or `timeline`")]


def build(service: PersonaService, user: Callable[[], str]) -> MCPServer[Here]:
    """Build the server over an open service; the caller closes the service.

    Args:
        service: The service.
        user: Returns the person of the running call.
    """
    here = Here(service, user)

    @asynccontextmanager
    async def lifespan(_server: MCPServer[Here]) -> AsyncIterator[Here]:
        yield here

    with _root_logger_left_alone():
        server: MCPServer[Here] = StrictServer(
            _NAME, title=_TITLE, version=_version(), instructions=wording.INSTRUCTIONS, lifespan=lifespan, subscriptions=False
        )
    server.tool(title="Recall", description=wording.RECALL, annotations=_READS)(recall)
    server.tool(title="Remember", description=wording.REMEMBER, annotations=_ADDS)(remember)
    server.tool(title="Profile", description=wording.PROFILE, annotations=_READS)(profile)
    server.tool(title="Personality", description=wording.PERSONALITY, annotations=_READS)(personality)
    server.tool(title="Timeline", description=wording.TIMELINE, annotations=_READS)(timeline)
    server.tool(title="Forget", description=wording.FORGET, annotations=_REMOVES)(forget)
    server.tool(title="Undo", description=wording.UNDO, annotations=_RESTORES)(undo)
    _add_resources(server, here)
    return server


def recall(
    query: Annotated[str, Field(description="What to search for: a question, or a few words")],
    ctx: Ctx,
    since: Since = None,
    until: Until = None,
    kinds: Annotated[list[KindName] | None, Field(description=wording.KINDS)] = None,
    limit: Annotated[int, Field(ge=1, le=50, description="Most memories to return")] = 8,
) -> Annotated[CallToolResult, Recollection]:
    """Search what is remembered; see `recalling.recall`."""
    with told():
        here = ctx.request_context.lifespan_context
        person = here.user()
        window = times.window(since, until, times.zone_of(here.service.memory, person))
        found = recalling.recall(here.service, person, query, window, kinds, limit)
    return in_words(found, map(in_a_line, [*found.profile, *found.memories]))


def remember(
    text: Annotated[str, Field(description="What the person told, in their own words and in the first person")],
    ctx: Ctx,
    asked: Annotated[ElicitationResult[Approval], Resolve(approval)],
    time: Annotated[str | None, Field(description=wording.TIME)] = None,
) -> Annotated[CallToolResult, Remembered]:
    """Save what the person told; see `changing.remember`."""
    answer: changing.Answer = "no" if isinstance(asked, DeclinedElicitation) else "none"
    if isinstance(asked, AcceptedElicitation) and not isinstance(asked.data, NotAsked):
        answer = "yes" if asked.data.remember else "no"
    with told():
        here = ctx.request_context.lifespan_context
        return in_words(changing.remember(here.service, here.user(), text, time, answer))


def profile(ctx: Ctx) -> Annotated[CallToolResult, Profile]:
    """Return the profile and the habits."""
    with told():
        here = ctx.request_context.lifespan_context
        found = recalling.profile(here.service, here.user())
    return in_words(found, map(in_a_line, [*found.profile, *found.habits]))


def personality(ctx: Ctx) -> Annotated[CallToolResult, Personality]:
    """Return the traits and the wishes."""
    with told():
        here = ctx.request_context.lifespan_context
        found = recalling.personality(here.service, here.user())
    return in_words(found, [f"How they asked to be written to: {wish}" for wish in found.wishes])


def timeline(ctx: Ctx, since: Since = None, until: Until = None) -> Annotated[CallToolResult, Timeline]:
    """Return what is remembered of a time."""
    with told():
        here = ctx.request_context.lifespan_context
        person = here.user()
        window = times.window(since, until, times.zone_of(here.service.memory, person))
        found = recalling.timeline(here.service, person, window)
    return in_words(found, map(in_a_line, found.memories))


def forget(
    id: MemoryId,  # noqa: A002 - the parameter's name in the contract
    ctx: Ctx,
) -> Annotated[CallToolResult, Forgotten]:
    """Forget one thing with its cascade."""
    with told():
        here = ctx.request_context.lifespan_context
        done = changing.forget(here.service, here.user(), id)
    return in_words(done, [done.text] if done.text else [])


def undo(
    id: MemoryId,  # noqa: A002 - the parameter's name in the contract
    ctx: Ctx,
) -> Annotated[CallToolResult, Restored]:
    """Restore what was forgotten."""
    with told():
        here = ctx.request_context.lifespan_context
        done = changing.undo(here.service, here.user(), id)
    return in_words(done, [in_a_line(done.memory)] if done.memory else [])


def _add_resources(server: MCPServer[Here], here: Here) -> None:
    """Add the two resources and the prompt."""

    # A resource without a parameter gets no context.
    @server.resource("persona://profile", name="profile", title="Profile", description=wording.PROFILE)
    def profile_text() -> str:
        return _profile_text(here)

    @server.resource(
        "persona://memory/{id}",
        name="memory",
        title="One memory",
        description="One memory or message by its id.",
    )
    def memory_text(id: str) -> str:  # noqa: A002 - the parameter's name in the contract
        with told(ResourceNotFoundError):
            entry = recalling.by_id(here.service.memory, here.user(), id)
        return wording.between_marks([in_a_line(entry)])

    @server.prompt("what_do_you_know_about_me", title="What do you know about me?", description="All that is known.")
    def question() -> str:
        return f"{wording.QUESTION}\n\n{_profile_text(here)}"


def _profile_text(here: Here) -> str:
    with told(ResourceError):
        found = recalling.profile(here.service, here.user())
    return in_text(found, map(in_a_line, [*found.profile, *found.habits]))


@contextmanager
def _root_logger_left_alone() -> Iterator[None]:
    """Keep `MCPServer` from giving the root logger a handler and the level INFO, which it does if that has no handler.

    Every library of the program would then log to stderr, and the SDK itself what the person's messages say.
    """
    root, placeholder = logging.getLogger(), logging.NullHandler()
    root.addHandler(placeholder)
    try:
        yield
    finally:
        root.removeHandler(placeholder)


def _version() -> str:
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        return "unknown"
