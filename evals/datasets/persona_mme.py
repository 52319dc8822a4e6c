"""Persona-MME as distributed: questions about people, and what each said and showed before (not part of this project)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.malformed import Place, checked, read_json
from evals.datasets.histories import in_order, speakable, time_of
from evals.types import Person, Question, Said
from memory.core.errors import InvalidInput, PersonaError
from memory.core.records import BigFive
from memory.photos.image_file import read_picture

Context = Literal["32k", "128k"]
FOLDERS: dict[Context, tuple[str, ...]] = {"32k": ("50", "100"), "128k": ("200", "500")}
"""The folders of each context, named after the number of turns of each history."""
PEOPLE = 50
"""Number of people taken from each folder, the first (published)."""
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


def load(folder: Path, context: Context, zone: str = "UTC") -> tuple[list[Person], list[Question]]:
    """Load the people of a context and the questions about them; every image is checked.

    Args:
        folder: The folder with the file of questions and the folder `samples`.
        context: How long the histories are.
        zone: Time zone of the times, which name none.

    Raises:
        InvalidInput: Something is missing or malformed; names the file and the entry.
    """
    path = folder / QUESTIONS
    entries = checked(Place(path), TypeAdapter(list[dict[str, Any]]), read_json(path, "--data"))
    people: dict[str, Person] = {}
    for name in FOLDERS[context]:
        root = folder / "samples" / name
        if not root.is_dir():
            raise InvalidInput(f"There is no folder {root}: the histories of {context} are missing. Check --data.")
        for place in islice(sorted((one for one in root.iterdir() if one.is_dir()), key=_by_number), PEOPLE):
            people[f"{name}/{place.name}"] = _person(f"{name}/{place.name}", place, zone)
    questions = [
        question for number, entry in enumerate(entries) if (question := _question(Place(path, (number,)), entry, people, zone))
    ]
    if not questions:
        raise InvalidInput(f"{path} has no question about the {len(people)} people of {context}. Check --data and --context.")
    return list(people.values()), questions


class _Turn(BaseModel):
    time: str
    user: str
    assistant: str
    facts: list[list[str]] | None = None


class _Known(BaseModel):
    """The truth about a person, to measure what is made from their history; the published data has none."""

    model_config = ConfigDict(extra="forbid")

    core: list[list[str]] = []
    procedures: list[list[str]] = []
    personality: BigFive | None = None


class _History(BaseModel):
    known: _Known = _Known()
    imgs: list[str] = []
    sessions: list[list[_Turn]]


class _Evidence(BaseModel):
    turn: int = Field(ge=0)


class _Alignment(BaseModel):
    chosen: str
    rejected: str


class _Entry(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    data_path: str
    aspect: str = Field(alias="type")
    task: str = Field(alias="question_type")
    time: str | None = None
    query: str = Field(min_length=1)
    choices: dict[str, str] = Field(min_length=2)
    answer: str
    alignment: _Alignment | None = None
    evidence: list[_Evidence] = []


def _question(place: Place, entry: object, people: dict[str, Person], zone: str) -> Question | None:
    """Load one case; None if it is about a person of another context."""
    case = checked(place, TypeAdapter(_Entry), entry)
    if case.task not in TASKS.get(case.aspect, ()):
        raise place.at("question_type").wrong(f"there is no task {case.task!r} of the aspect {case.aspect!r}.")
    person = next((name for name in people if _is_of(case.data_path, name)), None)
    if person is None:
        _check_there(place.at("data_path"), case.data_path)
        return None
    choices = {name.strip("() ").lower(): text for name, text in case.choices.items()}
    if len(choices) != len(case.choices) or not all(re.fullmatch("[a-z]", letter) for letter in choices):
        raise place.at("choices").wrong(f"{', '.join(case.choices)} are not letters in brackets, each once.")
    for name, text in (("query", case.query), *(((f"choices.{letter}", text) for letter, text in case.choices.items()))):
        speakable(place.at(*name.split(".")), text)
    answer = case.answer.strip("() ").lower()
    if answer not in choices:
        raise place.at("answer").wrong(f"the answer {case.answer!r} is none of its choices.")
    alignment = (case.alignment.chosen, case.alignment.rejected) if case.alignment else None
    asked = time_of(place.at("time"), case.time, zone) if case.time else None
    turns = [one.turn for one in case.evidence]
    if max(turns, default=-1) >= len(people[person].turns):
        raise place.at("evidence").wrong(f"there is no turn {max(turns)} in the history.")
    return Question(
        id=str(place.keys[0]), person=person, aspect=case.aspect, task=case.task, text=case.query, answer=answer,
        choices=choices, time=asked, alignment=alignment, evidence=tuple(dict.fromkeys(turns)),
    )  # fmt: skip


def _person(name: str, folder: Path, zone: str) -> Person:
    path = folder / "user_data.json"
    history = checked(Place(path), TypeAdapter(_History), read_json(path, "--data"))
    images = enumerate(history.imgs)
    turns = [
        _said(Place(path, ("sessions", number, place)), turn, images, zone)
        for number, session in enumerate(history.sessions)
        for place, turn in enumerate(session)
    ]
    places = [
        Place(path, ("sessions", number, place)) for number, one in enumerate(history.sessions) for place in range(len(one))
    ]
    in_order(places, turns)
    known = history.known
    return Person(name, tuple(turns), _facts(known.core), _facts(known.procedures), known.personality)


def _said(place: Place, turn: _Turn, images: Iterator[tuple[int, str]], zone: str) -> Said:
    shown = []
    for _ in range(turn.user.count(_IMAGE)):
        number, name = next(images, (None, ""))
        if number is None:
            raise place.at("user").wrong("it shows a picture, but `imgs` names no further one.")
        shown.append(_picture(Place(place.path, ("imgs", number)), name))
    facts = None if turn.facts is None else _facts(turn.facts)
    time = time_of(place.at("time"), turn.time, zone)
    said = speakable(place.at("user"), turn.user.replace(_IMAGE, "").strip(), len(shown))
    return Said(time, said, turn.assistant, tuple(shown), facts)


def _facts(given: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(fact) for fact in given)


def _picture(place: Place, name: str) -> Path:
    folder = place.path.parent
    path = folder / name
    if not path.resolve().is_relative_to(folder.parent.parent.resolve()):
        raise place.wrong(f"the picture {name!r} is outside the data folder.")
    try:
        read_picture(path.read_bytes())
    except OSError as error:
        raise place.wrong(f"there is no picture {name!r} ({error.strerror}).") from error
    except PersonaError as error:
        raise place.wrong(f"{name!r}: {error.message}") from error
    return path


def _check_there(place: Place, data_path: str) -> None:
    """Refuse a question about a person without a folder in any context."""
    names = [name for name in data_path.split("/") if name and not name.endswith(".json")][-2:]
    if not place.path.parent.joinpath("samples", *names).is_dir():
        raise place.wrong(f"there is no folder samples/{'/'.join(names)}.")


def _is_of(data_path: str, person: str) -> bool:
    """Return whether a path of a question leads into a person's folder, whatever precedes it."""
    return f"/{person}/" in f"/{data_path.strip('/')}/"


def _by_number(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else 0, folder.name)
