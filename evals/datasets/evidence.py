"""Conversations whose questions name their answering turns: the types that loaders of such files return (pure values)."""

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
        id: Its id in the file.
        time: When it was said.
        text: The message: preceded by the speaker's name in conversations between people, followed by a photo's description.
        reply: The assistant's reply; empty in conversations between people.
        session: The name of its session; empty in a format without sessions.
    """

    id: str
    time: datetime
    text: str
    reply: str = ""
    session: str = ""


@dataclass(frozen=True)
class Asked:
    """A question.

    Attributes:
        question: Its words.
        category: Its category, in the words of its benchmark.
        evidence: The ids of the turns that answer it; empty if only the sessions are known.
        sessions: The sessions that answer it, where the format names them; empty: those of the evidence.
        time: When it is asked; None: a day after the last turn.
    """

    question: str
    category: str
    evidence: tuple[str, ...]
    sessions: tuple[str, ...] = ()
    time: datetime | None = None


@dataclass(frozen=True)
class Conversation:
    """One conversation of days or months, with its questions."""

    name: str
    turns: tuple[Said, ...]
    questions: tuple[Asked, ...]


def conversations_of(path: Path, file: str, read: Callable[[Path], Conversation], what: str) -> list[Conversation]:
    """Load a folder that contains `file`, or all its subfolders that do.

    Args:
        path: The folder.
        file: The name of the file that each conversation has.
        read: Loads one conversation's folder.
        what: What `--data` takes, for errors.

    Raises:
        InvalidInput: There is none, or no question has its evidence.
    """
    found = [read(folder) for folder in folders_of(path, file, what)]
    if not any(one.questions for one in found):
        raise InvalidInput(f"{path} contains no question with existing evidence. Give --data {what}.")
    return found


def folders_of(path: Path, file: str, what: str) -> list[Path]:
    """Return a folder if it contains `file`, else its subfolders that do.

    Raises:
        InvalidInput: There is none.
    """
    folders = [path] if (path / file).exists() else sorted(one.parent for one in path.glob(f"*/{file}"))
    if not folders:
        raise InvalidInput(f"Neither {path} nor one of its folders contains a {file}. Give --data {what}.")
    return folders
