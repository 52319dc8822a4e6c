"""BEAM's probing questions with the rubrics that score their answers (not part of this repository)."""

from __future__ import annotations

from pathlib import Path

from evals.datasets.beam import TALK, WHAT, read
from evals.datasets.evidence import folders_of
from evals.datasets.histories import speakable
from evals.types import Person, Question, Said

ORDERING = "event ordering"
"""The ability that BEAM scores by the order in which a reply names events."""


def load(path: Path) -> tuple[list[Person], list[Question]]:
    """Load every conversation as the history of one person, and all questions about it, abstention among them.

    Args:
        path: One conversation's folder, or a folder of such folders.

    Raises:
        InvalidInput: A file cannot be read or is not in BEAM's form, or a question has no rubric; names file and line.
    """
    people, questions = [], []
    for folder in folders_of(path, TALK, WHAT):
        talk = read(folder)
        person = Person(folder.name, tuple(Said(one.time, one.text, one.reply, ()) for one in talk.turns))
        places = {one.id: place for place, one in enumerate(talk.turns)}
        for number, (place, ability, probe) in enumerate(talk.probes):
            if not any(item.strip() for item in probe.rubric):
                raise place.at("rubric").wrong("it has no rubric, so no answer to it can be scored.")
            rubric = tuple(item for item in probe.rubric if item.strip())
            question = Question(
                id=f"{folder.name}/{number}", person=person.id, aspect="BEAM", task=ability,
                text=speakable(place.at("question"), probe.question), answer="\n".join(rubric),
                rule="order" if ability == ORDERING else "rubric",
                evidence=tuple(places[turn] for turn in talk.evidence(probe)), rubric=rubric,
            )  # fmt: skip
            questions.append(question)
        people.append(person)
    return people, questions
