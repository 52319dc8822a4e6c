"""The common form of all benchmarks: people with a history, and questions about them (pure values)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from evals.says import Says
from memory.core.records import BigFive

Rule = Literal["letter", "letters", "words", "holds", "says", "rubric", "order"]


@dataclass(frozen=True)
class Said:
    """One turn of a history: the message and its photos, and the original reply.

    Attributes:
        facts: What should be remembered, each the words that a memory of it contains (`a|b`: one of them); None: not known.
    """

    time: datetime
    user: str
    assistant: str
    images: tuple[Path, ...]
    facts: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True)
class Person:
    """A person whose history is replayed before their questions are asked.

    Attributes:
        core: What their profile should say, as facts of `Said`; like the following fields, where it is known.
        procedures: Their habits and goals, the same.
        personality: Their true scores.
    """

    id: str
    turns: tuple[Said, ...]
    core: tuple[tuple[str, ...], ...] = ()
    procedures: tuple[tuple[str, ...], ...] = ()
    personality: BigFive | None = None


@dataclass(frozen=True)
class Question:
    """One case.

    Attributes:
        id: The question's id in the file; if it has none, its index, from 0.
        person: Whom it is about.
        aspect: Its broad topic.
        task: Its specific topic.
        text: The question.
        answer: The letter of the right option, or the answer in words.
        choices: Options by letter, in lower case; none if the answer is open.
        time: When it is asked; None: right after the last turn before it.
        after: Number of turns of the history before it; None: all of them.
        rule: How the published scorer judges a reply: by the letter it chooses, by all letters it names, by its words, by
            whether it contains the answer (`a|b`: one of them), by what it says and does not say (`says`), by the share of a
            rubric that it satisfies, or by the order in which it names the rubric's events (`order`).
        alignment: Two replies, of which the first fits the person; None if the case has none.
        evidence: Indices in the history, from 0, of the turns that contain the answer; none if unknown.
        says: What a correct reply says. The model never sees it: if it is refined, a log is scored again.
        rubric: What a correct reply holds, item by item; the same holds for it.
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
    evidence: tuple[int, ...] = ()
    says: Says | None = field(default=None, repr=False)
    rubric: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Shown:
    """A part of the history that a model was shown before it answered.

    Attributes:
        id: The memory's id; for a turn, its index.
        kind: Type of memory, or `turn`.
        turns: Indices in the history, from 0, of the turns that it shows or was made from.
    """

    id: str
    kind: str
    text: str
    turns: tuple[int, ...]
