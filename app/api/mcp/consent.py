"""Asks the person, through their client, whether something sensitive is remembered.

The form is asked for by a parameter with `Resolve`: it reaches old clients as a request of the server, and new ones (protocol
2026-07-28, where a server cannot send requests) as the first half of an answer. The tool's body runs once, with the outcome.
"""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import Context, Elicit
from pydantic import BaseModel, Field

from app.api.mcp.here import Here
from memory.consent.sensitive import NAMED, topic_of

_QUOTED = 300


class Approval(BaseModel):
    """The form.

    Attributes:
        remember: Whether the text is remembered.
    """

    remember: bool = Field(title="Remember it", description="Yes: it is remembered like everything else. No: it is not saved.")


class NotAsked(BaseModel):
    """No form was shown: the text needs no approval, or the client cannot show one."""


def approval(text: str, ctx: Context[Here, Any]) -> Elicit[Approval] | NotAsked:
    """Ask for approval if a text needs it and the client can show a form."""
    here = ctx.request_context.lifespan_context
    topic = topic_of(text)
    asks = topic == "credential" or (topic is not None and here.service.memory.consent.mode(here.user()) == "each")
    if topic is None or not asks or not _can_ask(ctx):
        return NotAsked()
    quoted = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
    return Elicit(f"This is about {NAMED[topic]}: “{quoted}” Shall it be remembered?", Approval)


def _can_ask(ctx: Context[Here, Any]) -> bool:
    # An empty capability is how clients declared forms before there were other modes.
    can = ctx.client_capabilities.elicitation if ctx.client_capabilities else None
    return can is not None and (can.form is not None or can.url is None)
