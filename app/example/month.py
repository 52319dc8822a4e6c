"""What the example person said in a month, and what was made of it: read from `month.json`."""

from __future__ import annotations

from datetime import time
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import Field

from memory.core.records import TRAITS, BigFive, Box, Record

Shape = tuple[Literal["box", "ellipse", "polygon", "line"], str, tuple[float, ...]]
"""What it is, its colour, and where: corners, as shares of the picture's sides."""


class Fact(Record):
    """What a message says about the person; `replaces` and `same_as` name older ones by their `id`."""

    id: str
    content: str
    keywords: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    same_as: str | None = None


class Shown(Record):
    """A drawn picture that a message carries, and what is seen in it."""

    name: str
    caption: str
    category: str | None
    box: Box | None


class Said(Record):
    """A message with its reply.

    Attributes:
        traits: What its words suggest of the Big Five, in the order O C E A N; 3 is no evidence.
        looked_for: What the reply looked into memory for.
        used: What it found: facts by `id`, pictures as `photo:NAME`.
    """

    at: time
    said: str
    reply: str
    traits: tuple[int, int, int, int, int]
    picture: Shown | None = None
    fact: Fact | None = None
    looked_for: str | None = None
    think: str = ""
    used: tuple[str, ...] = ()

    @property
    def inferred(self) -> BigFive:
        """The five scores by name."""
        return BigFive(**dict(zip(TRAITS, map(float, self.traits), strict=True)))


class Topic(Record):
    """One topic of a conversation; `turns` are places in it."""

    summary: str
    keywords: tuple[str, ...]
    turns: tuple[int, ...]


class Talk(Record):
    """One conversation, so many days after the first, and what it amounts to; None leaves a set as it is."""

    day: int = Field(ge=0)
    turns: tuple[Said, ...]
    topics: tuple[Topic, ...]
    profile: dict[str, str] | None = None
    habits: dict[str, str] | None = None


class Month(Record):
    """All conversations, the first on a Monday, and the pictures as shapes one on another."""

    sessions: tuple[Talk, ...]
    pictures: dict[str, tuple[Shape, ...]]


@cache
def read() -> Month:
    """Read it."""
    return Month.model_validate_json((resources.files("app.example") / "month.json").read_bytes())
