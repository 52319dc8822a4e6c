"""What every benchmark comes down to: people with a history, and questions that are asked of them (pure values)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from evals.says import Says
from memory.core.records import BigFive

Rule = Literal["letter", "letters", "words", "holds", "says"]


@dataclass(frozen=True)
class Said:
    """One turn of a history: what was said and shown, and the reply that was given.

    Attributes:
        facts: What is to be remembered of it, each the words that a memory of it holds (`a|b`: one of them); None: not known.
    """

    time: datetime
    user: str
    assistant: str
    images: tuple[Path, ...]
    facts: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True)
class Person:
    """Someone whose history is replayed before their questions are asked.

    Attributes:
        core: What a profile of them has to say, as facts of `Said`; like what follows, where it is known.
        procedures: Their habits and goals, the same.
        personality: How they really are.
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
        id: What the file of questions calls it; where it calls it nothing, its place, from 0.
        person: Whom it is asked of.
        aspect: What it is about, coarsely.
        task: And finely.
        text: What is asked.
        answer: The letter of the right option, or the answer in words.
        choices: Options by letter, in lower case; none where the answer is open.
        time: When it is asked; None: right after the last turn before it.
        after: After how many turns of the history; None: after all of them.
        rule: How the published scorer takes a reply: by the letter it chooses, by all letters it names, by its words, by
            whether it holds the answer (`a|b`: one of them), or by what it says and does not say (`says`).
        alignment: Two replies, of which the first fits the person; None where the case has none.
        evidence: Places in the history, from 0, of the turns that say the answer; none where it is not known.
        says: What a right reply says. It is no part of what is asked: refine it, and a log is scored again.
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


@dataclass(frozen=True)
class Shown:
    """Something of a history that a model was shown before it answered.

    Attributes:
        id: Of the memory; of a turn, its place.
        kind: Of memory, or `turn`.
        turns: Places in the history, from 0, of the turns that it shows or was made from.
    """

    id: str
    kind: str
    text: str
    turns: tuple[int, ...]
