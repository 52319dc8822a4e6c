"""What every benchmark comes down to: people with a history, and questions that are asked of them (pure values)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

Rule = Literal["letter", "letters", "words"]


@dataclass(frozen=True)
class Said:
    """One turn of a history: what was said and shown, and the reply that was given."""

    time: datetime
    user: str
    assistant: str
    images: tuple[Path, ...]


@dataclass(frozen=True)
class Person:
    """Someone whose history is replayed before their questions are asked."""

    id: str
    turns: tuple[Said, ...]


@dataclass(frozen=True)
class Question:
    """One case.

    Attributes:
        id: What the file of questions calls it; where it calls it nothing, its place, from 0.
        person: Whom it is asked of.
        aspect: What it is about, coarsely.
        task: And finely.
        text: What is asked.
        answer: The letter of the right option, or the answer in words.
        choices: Options by letter, in lower case; none where the answer is open.
        time: When it is asked; None: right after the last turn before it.
        after: After how many turns of the history; None: after all of them.
        rule: How the published scorer takes a reply: by the letter it chooses, by all letters it names, or by its words.
        alignment: Two replies, of which the first fits the person; None where the case has none.
    """

    id: str
    person: str
    aspect: str
    task: str
    text: str
    answer: str
    choices: Mapping[str, str] = field(default_factory=dict)
    time: datetime | None = None
    after: int | None = None
    alignment: tuple[str, str] | None = None
    rule: Rule = "letter"
