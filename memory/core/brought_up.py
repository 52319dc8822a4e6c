"""Upcoming events that a prompt asked a reply to mention (pure)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class BroughtUp(BaseModel):
    """One upcoming event that a reply was asked to mention.

    Attributes:
        sources: Ids of the messages and facts that the event comes from; forgetting one of them forgets the event too.
        when: The time of the event in words, relative to the reply ("tomorrow").
        text: What the person said about the event.
        said: Whether the reply mentions the event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...]
    when: str
    text: str
    said: bool
