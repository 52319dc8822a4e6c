"""Scenes in which a person asks the assistant to forget one thing, as in PersonaMem-v2 (data of our own)."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.malformed import malformed
from memory.core.errors import InvalidInput


class Scene(BaseModel):
    """A short history, a request to forget one thing, and two questions.

    Attributes:
        id: Its name; also that of its user.
        history: Messages with their replies.
        ask: The request.
        marks: Words of the thing, each of which gives it away and begins with letters or digits of ASCII.
        question: A question whose answer would reveal it.
        near: A question about something that must still be known.
        near_marks: Words of its answer.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    history: list[tuple[str, str]] = Field(min_length=2)
    ask: str = Field(min_length=1)
    marks: list[str] = Field(min_length=1)
    question: str = Field(min_length=1)
    near: str = Field(min_length=1)
    near_marks: list[str] = Field(min_length=1)

    def problem(self) -> str:
        """Return what makes its figures meaningless; empty: nothing."""
        said = " ".join(text for turn in self.history for text in turn).casefold()
        if not all(mark.casefold() in said for mark in [*self.marks, *self.near_marks]):
            return "its history does not contain all of its marks."
        if any(not mark[:1].isascii() or not mark[:1].isalnum() for mark in self.marks):
            return "one of its marks does not begin with a letter or digit of ASCII."
        if any(mark.casefold() in self.question.casefold() for mark in self.marks):
            return "its question already says a mark."
        return ""


def load(path: Path) -> list[Scene]:
    """Load scenes, one JSON object a line.

    Raises:
        InvalidInput: The file cannot be read, or a scene is malformed; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Give --data a file of scenes.") from error
    scenes: dict[str, Scene] = {}
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        try:
            scene = Scene.model_validate(json.loads(line))
        except ValidationError as error:
            raise malformed(where, error) from error
        except ValueError as error:
            raise InvalidInput(f"{where}: this is not JSON ({error}). Correct the line.") from error
        if problem := scene.problem() or ("another scene has its id." if scene.id in scenes else ""):
            raise InvalidInput(f"{where}: {problem} Correct the line.")
        scenes[scene.id] = scene
    if not scenes:
        raise InvalidInput(f"{path} contains no scene. Give --data a file of scenes.")
    return list(scenes.values())
