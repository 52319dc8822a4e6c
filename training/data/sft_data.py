"""Loads the published SFT format: a JSON list of {conversations: [{from, value}…], image: […]}."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from app.malformed import Place, checked, read_json
from training.data.lessons import MARK, PICTURE, Kind, Lesson, Message, Role, kind_of, picture_problem

_ROLES: dict[str, Role] = {"human": "user", "gpt": "assistant", "system": "system"}


class _Said(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    by: Literal["human", "gpt", "system"] = Field(alias="from")
    value: str


class _Sample(BaseModel):
    conversations: list[_Said] = Field(min_length=2)
    image: Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)] = []
    kind: Literal["reasoning", "semantic", "personality", "core", "episodic", "procedural", "other"] | None = None


_SAMPLE = TypeAdapter(_Sample)


def read(path: Path, pictures: Path | None = None) -> list[Lesson]:
    """Load and check every sample.

    Args:
        path: The file.
        pictures: The folder that image paths are relative to; the file's folder if None.

    Raises:
        InvalidInput: Something is wrong; names file, line and problem.
    """
    samples = read_json(path, "data")
    place = Place(path)
    if not isinstance(samples, list) or not samples:
        raise place.wrong("this is not a list of samples.")
    return [_lesson(place.at(number), sample, pictures or path.parent) for number, sample in enumerate(samples)]


def written(lessons: Sequence[Lesson]) -> list[dict[str, Any]]:
    """Return lessons in the published format; images by their paths as they are."""
    names = {role: name for name, role in _ROLES.items()}
    return [
        {
            "kind": lesson.kind,
            "conversations": [{"from": names[message.role], "value": message.text} for message in lesson.messages],
            **({"image": [str(path) for path in lesson.images]} if lesson.images else {}),
        }
        for lesson in lessons
    ]


def _lesson(place: Place, given: object, folder: Path) -> Lesson:
    sample = checked(place, _SAMPLE, given)
    said = sample.conversations
    begins = 1 if said[0].by == "system" else 0
    for number, one in enumerate(said[begins:]):
        turn = "human" if number % 2 == 0 else "gpt"
        where = place.at("conversations", begins + number)
        if one.by != turn:
            raise where.at("from").wrong(f"here {turn!r} has to speak, not {one.by!r}.")
        if mark := MARK.search(one.value):
            raise where.at("value").wrong(f"{mark[0]} is a chat-template mark, which a text must not contain.")
        if one.by == "gpt" and not one.value.strip():
            raise where.at("value").wrong("the assistant says nothing here: there is nothing to learn.")
        if one.by == "gpt" and PICTURE in one.value:
            raise where.at("value").wrong(f"the assistant shows no pictures: {PICTURE} is not allowed here.")
    if said[-1].by != "gpt":
        raise place.at("conversations", len(said) - 1, "from").wrong("the conversation has to end with the assistant ('gpt').")
    marks = sum(one.value.count(PICTURE) for one in said)
    if marks != len(sample.image):
        raise place.wrong(f"there are {marks} {PICTURE} marks for {len(sample.image)} pictures.")
    images = tuple(folder / name for name in sample.image)
    for number, image in enumerate(images):
        if problem := picture_problem(image):
            raise place.at("image", number).wrong(f"{problem}.")
    kind: Kind = sample.kind or kind_of(said[-1].value)
    return Lesson(kind, tuple(Message(_ROLES[one.by], one.value) for one in said), images, place.shown())
