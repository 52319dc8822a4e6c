"""Review of data in Persona-MME's layout that names its evidence: does the evidence of every answer exist?"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from app.malformed import Place, checked, read_json
from evals.datasets.drawings import Drawn, Scene, draw
from evals.datasets.persona_mme import QUESTIONS, TASKS, load
from evals.scoring.scorers import holds
from evals.types import Person, Question

SCENES = "scenes.json"
"""Description of each photo, by its path."""
_EXPLANATION_TASK = "Tiered Explanation Delivery"
_PEOPLE, _TURNS, _WEEKS = 8, range(20, 41), timedelta(weeks=3)
_COLOUR_TOLERANCE = 3
"""Allowed difference of a colour channel (of 255), for drawing-library versions that round differently."""
_MAX_DIFFERENT_PIXELS = 24
"""Number of edge pixels that may differ by more than that."""


class _Evidence(BaseModel):
    """A turn that contains the answer: in its words, or on its photo."""

    model_config = ConfigDict(extra="forbid")

    turn: int
    quote: str | None = None
    picture: str | None = None
    shows: dict[str, Any] | None = None


def review(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Check the people and the questions of the short context.

    Returns:
        The errors, one sentence each; and the counts: people, turns, questions, photos, cases of each task, how often each
        letter is right, and how often the right option is the longest.

    Raises:
        InvalidInput: The data cannot be read.
    """
    people, questions = load(folder, "32k")
    scenes = {
        name: checked(Place(folder / SCENES, (name,)), TypeAdapter(Scene), value)
        for name, value in checked(
            Place(folder / SCENES), TypeAdapter(dict[str, Any]), read_json(folder / SCENES, "--data")
        ).items()
    }
    by_id = {person.id: person for person in people}
    entries = read_json(folder / QUESTIONS, "--data")
    wrong = [*_people(people), *_pictures(folder, people, scenes), *_facts(people), *_tasks(questions)]
    for question in questions:
        wrong += _question(folder, question, by_id[question.person], entries[int(question.id)].get("evidence", []), scenes)
    return wrong, _counts(people, questions, scenes)


def _people(people: list[Person]) -> list[str]:
    wrong = [] if len(people) >= _PEOPLE else [f"There are {len(people)} people, and {_PEOPLE} are wanted."]
    for person in people:
        times = [said.time for said in person.turns]
        if len(times) not in _TURNS:
            wrong.append(f"{person.id} has {len(times)} turns; 20 to 40 are wanted.")
        if times != sorted(times) or times[-1] - times[0] < _WEEKS:
            wrong.append(f"{person.id}: the turns are not in order, or within less than three weeks.")
    return wrong


def _tasks(questions: list[Question]) -> list[str]:
    there = Counter((question.aspect, question.task) for question in questions)
    wanted = [(aspect, task) for aspect, tasks in TASKS.items() for task in tasks if aspect != "Alignment"]
    wrong = [f"No question is of the task {task}." for aspect, task in wanted if not there[aspect, task]]
    return wrong if any(question.alignment for question in questions) else [*wrong, "No question has a pair for alignment."]


def _facts(people: list[Person]) -> list[str]:
    return [
        f"{person.id}, turn {place}: it does not say {' + '.join(fact)}."
        for person in people
        for place, said in enumerate(person.turns)
        for fact in said.facts or ()
        if not holds(said.user, fact)
    ]


def _pictures(folder: Path, people: list[Person], scenes: dict[str, Scene]) -> list[str]:
    """Return which photos do not match their scenes, and which have none."""
    wrong = []
    shown = {path.relative_to(folder).as_posix(): path for person in people for said in person.turns for path in said.images}
    for name, path in shown.items():
        if name not in scenes:
            wrong.append(f"{name}: {SCENES} does not say what is on it.")
            continue
        try:
            wanted = draw(scenes[name])
        except ValueError as error:
            wrong.append(f"{name}: {error}.")
            continue
        apart = ImageChops.difference(Image.open(path).convert("RGB").resize(wanted.size), wanted).convert("L")
        if sum(apart.histogram()[_COLOUR_TOLERANCE + 1 :]) > _MAX_DIFFERENT_PIXELS:
            wrong.append(f"{name}: it is not what {SCENES} says.")
    return wrong + [f"{SCENES}: {name} is shown by nobody." for name in scenes if name not in shown]


def _question(folder: Path, question: Question, person: Person, entries: object, scenes: dict[str, Scene]) -> list[str]:
    where = f"Question {question.id} ({question.person}, {question.task})"
    try:
        evidence = TypeAdapter(list[_Evidence]).validate_python(entries)
    except ValidationError as error:
        return [f"{where}: its evidence is malformed: {error.errors()[0]['msg']}."]
    wrong = [] if evidence else [f"{where}: it has no evidence."]
    if len(set(question.choices.values())) != len(question.choices):
        wrong.append(f"{where}: two options are the same.")
    wrong += [f"{where}: its answer says {word!r}, and its evidence does not." for word in _unsaid(question, person, evidence)]
    for one in evidence:
        said = person.turns[one.turn]
        if question.time is None or said.time >= question.time:
            wrong.append(f"{where}: turn {one.turn} comes after the question.")
        if one.quote is not None and one.quote not in said.user:
            wrong.append(f"{where}: turn {one.turn} does not say {one.quote!r}.")
        if one.picture is not None and not _is_shown(folder, person, one, scenes):
            wrong.append(f"{where}: turn {one.turn} does not show {one.shows} on {one.picture}.")
        if one.quote is None and one.picture is None:
            wrong.append(f"{where}: its evidence has neither words nor a picture.")
    return wrong


def _unsaid(question: Question, person: Person, evidence: list[_Evidence]) -> list[str]:
    """Return the numbers and names of the right option, and the colours of a photo, that do not agree with the evidence."""
    right = question.choices[question.answer]
    colours = [str(one.shows[key]) for one in evidence if one.shows for key in ("color", "second") if key in one.shows]
    wrong = [colour for colour in colours if colour not in right.lower()]
    said = " ".join([question.text, *(person.turns[one.turn].user for one in evidence)])
    # Names: capitalised words that begin no sentence. An explanation contains names of its own.
    words = [] if colours or question.task == _EXPLANATION_TASK else re.findall(r"\d[\d,.]*\d|\d|(?<=[a-z,;] )[A-Z]\w+", right)
    return wrong + [word for word in words if word.lower() not in said.lower()]


def _is_shown(folder: Path, person: Person, evidence: _Evidence, scenes: dict[str, Scene]) -> bool:
    names = [path.relative_to(folder).as_posix() for path in person.turns[evidence.turn].images]
    scene = next((scenes[name] for name in names if name.endswith(f"/{evidence.picture}") and name in scenes), None)
    wanted = evidence.shows or {}
    return bool(wanted) and scene is not None and any(_has(thing, wanted) for thing in scene.things)


def _has(thing: Drawn, wanted: dict[str, Any]) -> bool:
    return all(thing.model_dump().get(key) == value for key, value in wanted.items())


def _counts(people: list[Person], questions: list[Question], scenes: dict[str, Scene]) -> dict[str, Any]:
    longest = sum(max(one.choices.values(), key=len) == one.choices[one.answer] for one in questions)
    return {
        "people": len(people),
        "turns": sum(len(person.turns) for person in people),
        "questions": len(questions),
        "alignment pairs": sum(one.alignment is not None for one in questions),
        "pictures": len(scenes),
        "facts": sum(len(said.facts or ()) for person in people for said in person.turns),
        "by task": dict(Counter(one.task for one in questions)),
        "right letters": dict(sorted(Counter(one.answer for one in questions).items())),
        "right option is the longest": round(longest / len(questions), 3),
    }
