"""Conversations whose questions say which turns answer them: what every reader of such files makes (pure values)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Said:
    """One turn.

    Attributes:
        id: Its name in the file.
        time: When it was said.
        text: The message: the speaker's name before it where people talk with each other, and a picture's description after it.
        reply: What the assistant answered; empty where people talk with each other.
    """

    id: str
    time: datetime
    text: str
    reply: str = ""


@dataclass(frozen=True)
class Asked:
    """A question, its category in the words of its benchmark, and the ids of the turns that answer it."""

    question: str
    category: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Conversation:
    """One conversation of days or months, with its questions."""

    name: str
    turns: tuple[Said, ...]
    questions: tuple[Asked, ...]
