"""Conversations whose questions say which turns answer them: what every reader of such files makes (pure values)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from memory.core.errors import InvalidInput


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


def conversations_of(path: Path, file: str, read: Callable[[Path], Conversation], what: str) -> list[Conversation]:
    """Read a folder that has a file, or all folders of it that have one.

    Args:
        path: The folder.
        file: The name of the file that each conversation has.
        read: Reads one conversation's folder.
        what: What `--data` takes, for errors.

    Raises:
        InvalidInput: There is none, or no question has its evidence.
    """
    folders = [path] if (path / file).exists() else sorted(one.parent for one in path.glob(f"*/{file}"))
    if not folders:
        raise InvalidInput(f"Neither {path} nor a folder in it holds a {file}. Give --data {what}.")
    found = [read(folder) for folder in folders]
    if not any(one.questions for one in found):
        raise InvalidInput(f"{path} holds no question whose evidence is there. Give --data {what}.")
    return found
