"""Persona-MME as it is distributed: questions about people, and what each said and showed before (not part of this project)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from evals.cases import Person, Question, Said
from evals.malformed import malformed
from memory import clock
from memory.errors import InvalidInput, PersonaError
from memory.pictures import read_picture

Context = Literal["32k", "128k"]
FOLDERS: dict[Context, tuple[str, ...]] = {"32k": ("50", "100"), "128k": ("200", "500")}
"""Whose histories make up a context: folders named after the turns of each."""
PEOPLE = 50
"""Of each folder, the first (published)."""
TASKS = {
    "Memory Recall": ("Visual Detail Recall", "Semantic Information Recall"),
    "Intent Inference": ("Explicit Intent Inference", "Implicit Intent Recognition"),
    "Preference Recognition": (
        "Latest Preference Recognition",
        "Interest Evolution Analysis",
        "Implicit Preference Recommendation",
    ),
    "Behavioral Awareness": ("Behavioral Pattern Recognition", "Long-term Goal Tracking"),
    "Relationship Understanding": ("Relationship Recognition", "Relationship Dynamics Comprehension"),
    "Personalized Growth Modeling": ("Tiered Explanation Delivery", "Generalizing to New Scenarios"),
    "Alignment": ("Personality Alignment",),
}
"""The seven aspects and their fourteen tasks."""
QUESTIONS = "Persona-MME.json"
_IMAGE = "<img>"
_Read = TypeVar("_Read")


def load(folder: Path, context: Context, zone: str = "UTC") -> tuple[list[Person], list[Question]]:
    """Read the people of a context and the questions about them, with every picture checked.

    Args:
        folder: Where the file of questions and the folder `samples` lie.
        context: How long the histories are.
        zone: Of times, which name none.

    Raises:
        InvalidInput: Something is missing or malformed; names the file and the entry.
    """
    path = folder / QUESTIONS
    entries = _read(path, TypeAdapter(list[dict[str, Any]]))
    people: dict[str, Person] = {}
    for name in FOLDERS[context]:
        root = folder / "samples" / name
        if not root.is_dir():
            raise InvalidInput(f"There is no folder {root}: the histories of {context} are missing. Check --data.")
        for place in islice(sorted((one for one in root.iterdir() if one.is_dir()), key=_by_number), PEOPLE):
            people[f"{name}/{place.name}"] = _person(f"{name}/{place.name}", place, zone)
    questions = [question for number, entry in enumerate(entries) if (question := _question(path, number, entry, people, zone))]
    if not questions:
        raise InvalidInput(f"{path} asks nothing about the {len(people)} people of {context}. Check --data and --context.")
    return list(people.values()), questions


class _Turn(BaseModel):
    time: str
    user: str
    assistant: str


class _History(BaseModel):
    imgs: list[str] = []
    sessions: list[list[_Turn]]


class _Alignment(BaseModel):
    chosen: str
    rejected: str


class _Entry(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    data_path: str
    aspect: str = Field(alias="type")
    task: str = Field(alias="question_type")
    time: str | None = None
    query: str
    choices: dict[str, str] = Field(min_length=2)
    answer: str
    alignment: _Alignment | None = None


def _question(path: Path, number: int, entry: object, people: dict[str, Person], zone: str) -> Question | None:
    """Read one case; None where it is about somebody of another context."""
    where = f"{path}, question {number}"
    case = _checked(where, TypeAdapter(_Entry), entry)
    person = next((name for name in people if _is_of(case.data_path, name)), None)
    if person is None:
        return None
    if case.task not in TASKS.get(case.aspect, ()):
        raise InvalidInput(f"{where}: there is no task {case.task!r} of the aspect {case.aspect!r}.")
    choices = {name.strip("() ").lower(): text for name, text in case.choices.items()}
    answer = case.answer.strip("() ").lower()
    if answer not in choices:
        raise InvalidInput(f"{where}: the answer {case.answer!r} is none of its choices.")
    alignment = (case.alignment.chosen, case.alignment.rejected) if case.alignment else None
    asked = _time(where, case.time, zone) if case.time else None
    return Question(
        id=str(number), person=person, aspect=case.aspect, task=case.task, text=case.query, answer=answer, choices=choices,
        time=asked, alignment=alignment,
    )  # fmt: skip


def _person(name: str, folder: Path, zone: str) -> Person:
    path = folder / "user_data.json"
    history = _read(path, TypeAdapter(_History))
    images = iter(history.imgs)
    turns = [
        _said(f"{path}, session {number}, turn {place}", turn, images, folder, zone)
        for number, session in enumerate(history.sessions)
        for place, turn in enumerate(session)
    ]
    return Person(name, tuple(turns))


def _said(where: str, turn: _Turn, images: Iterator[str], folder: Path, zone: str) -> Said:
    shown = []
    for _ in range(turn.user.count(_IMAGE)):
        name = next(images, None)
        if name is None:
            raise InvalidInput(f"{where}: it shows a picture, and `imgs` names no further one.")
        shown.append(_picture(where, folder, name))
    return Said(_time(where, turn.time, zone), turn.user.replace(_IMAGE, "").strip(), turn.assistant, tuple(shown))


def _picture(where: str, folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.parent.parent.resolve()):
        raise InvalidInput(f"{where}: the picture {name!r} lies outside the data.")
    try:
        read_picture(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{where}: there is no picture {name!r} ({error.strerror}).") from error
    except PersonaError as error:
        raise InvalidInput(f"{where}: {name}: {error.message}") from error
    return path


def _time(where: str, text: str, zone: str) -> datetime:
    try:
        return clock.parse_time(text, zone)
    except PersonaError as error:
        raise InvalidInput(f"{where}: {error.message}") from error


def _read(path: Path, kind: TypeAdapter[_Read]) -> _Read:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}). Check --data.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is no JSON ({error}).") from error
    return _checked(str(path), kind, value)


def _checked(where: str, kind: TypeAdapter[_Read], value: object) -> _Read:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise malformed(where, error) from error


def _is_of(data_path: str, person: str) -> bool:
    """Say whether a path of a question leads into a person's folder, however much stands before it."""
    return f"/{person}/" in f"/{data_path.strip('/')}/"


def _by_number(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else 0, folder.name)
