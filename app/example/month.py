"""The month of the example person, read from `month.json`: messages, and the memories made from them."""

from __future__ import annotations

from datetime import time
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import Field

from memory.core.records import TRAITS, BigFive, Box, Record

Shape = tuple[Literal["box", "ellipse", "polygon", "line"], str, tuple[float, ...]]
"""Type, colour and corners of a shape; corners are fractions of the sides of the picture."""


class Fact(Record):
    """A fact from a message; `replaces` and `same_as` name older facts by `id`."""

    id: str
    content: str
    keywords: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    same_as: str | None = None


class Shown(Record):
    """A drawn picture in a message, and what it shows."""

    name: str
    caption: str
    category: str | None
    box: Box | None


class Said(Record):
    """A message with its reply.

    Attributes:
        traits: The Big Five scores that its words suggest, in the order O C E A N; 3 means no evidence.
        looked_for: The search query of the reply.
        used: The results: facts by `id`, pictures as `photo:NAME`.
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
        """Return the five scores by name."""
        return BigFive(**dict(zip(TRAITS, map(float, self.traits), strict=True)))


class Topic(Record):
    """One topic of a conversation; `turns` are indices of its turns."""

    summary: str
    keywords: tuple[str, ...]
    turns: tuple[int, ...]


class Talk(Record):
    """One conversation, `day` days after the first, with its results; None leaves profile or habits unchanged."""

    day: int = Field(ge=0)
    turns: tuple[Said, ...]
    topics: tuple[Topic, ...]
    profile: dict[str, str] | None = None
    habits: dict[str, str] | None = None


class Month(Record):
    """All conversations, the first on a Monday, and the pictures as shapes in drawing order."""

    sessions: tuple[Talk, ...]
    pictures: dict[str, tuple[Shape, ...]]


@cache
def read() -> Month:
    """Return the month."""
    return Month.model_validate_json((resources.files("app.example") / "month.json").read_bytes())
