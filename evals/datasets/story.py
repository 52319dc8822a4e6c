"""A story: a fictional person's messages over months, and questions whose replies rules can judge (data of our own)."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.malformed import Place, checked, read_json
from evals.datasets.histories import in_order, speakable, time_of
from evals.says import NOT_KNOWN, Says
from evals.types import Person, Question, Said

FILE = "story.json"
ASPECT = "Story"
_UNKNOWN = "unknown"


class _Turn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    time: str
    user: str
    assistant: str


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    kind: str = Field(min_length=1)
    text: str
    answer: str
    time: str | None = None
    must: list[str] = []
    must_not: list[str] = []
    words_at_most: int | None = Field(default=None, ge=1)
    evidence: list[int] = []


class _Story(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person: str = Field(min_length=1)
    zone: str
    asked: str
    sessions: list[list[_Turn]] = Field(min_length=1)
    questions: list[_Asked] = Field(min_length=1)


def load(folder: Path) -> tuple[list[Person], list[Question]]:
    """Load a story; `README.md` of `evals/data/story` describes its file.

    Raises:
        InvalidInput: It cannot be read, or something in it is malformed; names the line.
    """
    path = folder / FILE
    story = checked(Place(path), TypeAdapter(_Story), read_json(path, "--data"))
    places = [
        Place(path, ("sessions", number, place)) for number, one in enumerate(story.sessions) for place in range(len(one))
    ]
    turns = [
        Said(time_of(place.at("time"), turn.time, story.zone), speakable(place.at("user"), turn.user), turn.assistant, ())
        for place, turn in zip(places, (turn for session in story.sessions for turn in session), strict=True)
    ]
    in_order(places, turns)
    person = Person(story.person, tuple(turns))
    questions = [
        _question(Place(path, ("questions", number)), one, person, story) for number, one in enumerate(story.questions)
    ]
    names = [question.id for question in questions]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise Place(path, ("questions", number, "id")).wrong(f"another question has the id {name!r} too.")
    return [person], questions


def _question(place: Place, one: _Asked, person: Person, story: _Story) -> Question:
    if not (one.must or one.must_not or one.words_at_most or one.kind == _UNKNOWN):
        raise place.wrong("it does not say what a right reply contains (`must`, `must_not` or `words_at_most`).")
    if not all(0 <= turn < len(person.turns) for turn in one.evidence):
        raise place.at("evidence").wrong(f"a turn of {one.evidence} is not in the history of {len(person.turns)} turns.")
    for name, phrases in (("must", [each for group in one.must for each in group.split("|")]), ("must_not", one.must_not)):
        if not all(phrase.strip() for phrase in phrases):
            raise place.at(name).wrong("one of its phrases is empty.")
    asked = time_of(place.at("time") if one.time else Place(place.path, ("asked",)), one.time or story.asked, story.zone)
    if asked < person.turns[-1].time:
        raise place.wrong("it is asked before the last message.")
    must = (*one.must, NOT_KNOWN) if one.kind == _UNKNOWN else tuple(one.must)
    says = Says(must, tuple(one.must_not), one.words_at_most)
    return Question(
        id=one.id, person=person.id, aspect=ASPECT, task=one.kind, text=speakable(place.at("text"), one.text),
        answer=one.answer, time=asked, rule="says", evidence=tuple(one.evidence), says=says,
    )  # fmt: skip
