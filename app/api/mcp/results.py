"""What the tools return: typed values for programs, and the same in words for a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, Field, PlainSerializer

from app.api.mcp.wording import NOTICE, between_marks, inert

Quoted = Annotated[str, PlainSerializer(inert, return_type=str)]
"""Remembered text, as it was said: it becomes harmless when it leaves, typed here and in words by `between_marks`."""
KindName = Literal["core", "semantic", "episodic", "procedural", "photo", "turn"]
NAMES: dict[str, str] = {
    "core": "profile",
    "semantic": "fact",
    "episodic": "conversation",
    "procedural": "habit or goal",
    "photo": "picture",
    "turn": "message",
}
"""The name of each kind that a person reads."""


class Said(BaseModel):
    """The result of every tool: one sentence for the person."""

    said: str = Field(description="The result in one sentence")


class Told(Said):
    """A result that contains remembered text."""

    notice: str = Field(default=NOTICE, description="How to treat remembered text")


class Entry(BaseModel):
    """One memory."""

    id: str = Field(description="For `forget`, `undo` and persona://memory/{id}")
    kind: KindName
    time: str = Field(description="When it was said, YYYY-MM-DD HH:MM")
    text: Quoted


class Recollection(Told):
    """What a search found, the most relevant first; beside it the profile's lines that are always relevant."""

    profile: list[Entry]
    memories: list[Entry]


class Profile(Told):
    """The profile and the habits."""

    profile: list[Entry]
    habits: list[Entry]


class Trait(BaseModel):
    """One of the five traits."""

    name: str
    score: float | None = Field(description="1 to 5; null while it is too early to tell")
    pinned: bool = Field(description="Whether the person set it")


class Personality(Told):
    """The five traits, and the person's wishes for how they are written to."""

    traits: list[Trait]
    wishes: list[Quoted]


class Timeline(Told):
    """Memories in the order of time."""

    memories: list[Entry]
    more: int = Field(description="How many older ones in the same time were left out")


class Remembered(Said):
    """What became of a text to remember."""

    id: str | None = Field(description="The id of the message, for `forget`; null if it was not saved")
    state: Literal["remembered", "pending_approval", "known_before", "not_saved"]


class Forgotten(Told):
    """What was forgotten."""

    id: str
    text: Quoted = Field(description="What it said")
    counts: dict[str, int] = Field(description="What was forgotten with it, by type")
    mentioned: list[str] = Field(description="Ids of what still mentions it, in the person's own words")
    undo_until: str = Field(description="Until when `undo` restores it, YYYY-MM-DD HH:MM")


class Restored(Told):
    """What is remembered again."""

    id: str
    memory: Entry | None


def in_words(result: Said, entries: Iterable[str] = ()) -> CallToolResult:
    """Return a result for a client: in words, and as a typed value.

    Args:
        result: The typed value.
        entries: The remembered texts in it, as a model reads them.
    """
    content = TextContent(type="text", text=in_text(result, entries))
    return CallToolResult(content=[content], structured_content=result.model_dump(mode="json"))


def in_text(result: Said, entries: Iterable[str] = ()) -> str:
    """Return a result in words; see `in_words`."""
    shown = list(entries)
    return f"{result.said}\n\n{between_marks(shown)}" if shown else result.said


def in_a_line(entry: Entry) -> str:
    """Return a memory as a model reads it."""
    return f"{entry.time}, {NAMES[entry.kind]} {entry.id}: {entry.text}"
