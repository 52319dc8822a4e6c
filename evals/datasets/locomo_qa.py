"""LoCoMo's questions with their answers in words; adversarial ones separate (CC BY-NC 4.0; not part of this project)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.malformed import Place
from evals.datasets.corrections import Corrections, name_of
from evals.datasets.histories import in_order, speakable
from evals.datasets.locomo import CATEGORIES, asked_once, each, text_of, turns_of
from evals.types import Person, Question, Said
from memory.core.errors import InvalidInput

ADVERSARIAL = 5
NOT_MENTIONED = "not mentioned"
_ASKED = "{question}\n\nAnswer in a few words. If it was never said, write: " + NOT_MENTIONED + "."


def load(path: Path, corrections: Corrections | None = None, *, doubled: bool = False) -> tuple[list[Person], list[Question]]:
    """Load every conversation as the history of one person, and the questions about it.

    Both speakers' turns are messages with the speaker's name, as if one person reported the conversation; there are no
    replies.

    Args:
        path: The file.
        corrections: Corrections of its golds.
        doubled: Ask a question that stands twice in its conversation twice.

    Raises:
        InvalidInput: The file cannot be read, or is no LoCoMo file; or a correction does not fit it.
    """
    read = each(path, lambda number, entry: _one(number, entry, doubled=doubled), corrections)
    names: dict[str, int] = {}
    for number, (person, _) in enumerate(read):
        place = Place(path, (number,))
        if person.id in names:
            raise place.wrong(f"its name {person.id!r} is also the name of conversation {names[person.id]}.")
        names[person.id] = number
        for said in person.turns:
            speakable(place, said.user)
        in_order([place] * len(person.turns), person.turns)
    if not any(questions for _, questions in read):
        raise InvalidInput(f"{path} contains no questions. Give --data a LoCoMo file.")
    return [person for person, _ in read], [question for _, questions in read for question in questions]


def _one(number: int, entry: dict[str, Any], *, doubled: bool) -> tuple[Person, list[Question]]:
    name = name_of(number, entry)
    person = Person(name, tuple(Said(turn.time, turn.text, "", ()) for turn in turns_of(entry)))
    asked = list(enumerate(entry["qa"])) if doubled else asked_once(entry["qa"])
    return person, [_question(f"{name}/{place}", name, one) for place, one in asked]


def _question(name: str, person: str, asked: dict[str, Any]) -> Question:
    category = asked["category"]
    kinds = {**CATEGORIES, ADVERSARIAL: "adversarial"}
    # The answer of an adversarial question is wrong; the right reply is that there is none.
    answer = NOT_MENTIONED if category == ADVERSARIAL else text_of(str(asked["answer"]))
    return Question(
        id=name, person=person, aspect="LoCoMo" if category in CATEGORIES else "LoCoMo, adversarial",
        task=f"{category} {kinds[category]}", text=_ASKED.format(question=text_of(asked["question"])), answer=answer,
        rule="words",
    )  # fmt: skip
