"""The questions of RL: questions over a person's memory, in JSON lines, and their published form.

Ours: `{"text", "answer", "kind", "time", "memory", "upto"?, "images"?}`. The published form holds `messages` (the prompt in
the published wording, whose last line of input is `{'time': …, 'query': …}`), `images` and `solution` or `answer`; a file
beside it maps each prompt to the folder of its history.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.malformed import malformed, read_json
from memory.core import clock
from memory.core.errors import InvalidInput, PersonaError
from training.data.lessons import MARK, PICTURE, picture_problem

Form = Literal["choice", "yes/no", "open"]
MAP = "USER_PATH_DICT.json"
"""Published: the file that says where the history of each prompt is."""
_INPUT = re.compile(r"User Input:\s*(\{.*?\})\s*(?:\n\s*\n?#|\Z)", re.DOTALL)
_OPTIONS = re.compile(r"^\s*\(?[a-d][).:]\s", re.MULTILINE | re.IGNORECASE)
_LETTER = re.compile(r"\s*\(?([a-z])[).]?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        text: What the person asks, including options.
        answer: The right one: a letter, yes or no, or a reference reply.
        kind: How it is answered; a choice is answered after at least one retrieval.
        time: When it is asked, as `YYYY-MM-DD HH:MM`.
        memory: The person's history.
        upto: Number of its turns before the question; None: all.
        images: Images that belong to the question.
        place: File and line.
    """

    text: str
    answer: str
    kind: Form
    time: str
    memory: Path
    upto: int | None = None
    images: tuple[Path, ...] = ()
    place: str = ""


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str | None = None
    messages: list[dict[str, Any]] = []
    images: list[str | dict[str, Any]] = []
    answer: str | None = None
    solution: str | None = None
    kind: Form | None = None
    time: str | None = None
    memory: Path | None = None
    upto: int | None = Field(default=None, ge=1)


def read(path: Path, pictures: Path | None = None) -> list[Question]:
    """Load and check every question.

    Args:
        path: The file.
        pictures: The folder that image paths are relative to; the file's folder if None. History paths are relative to the
            file's.

    Raises:
        InvalidInput: Something is wrong; names file, line and problem.
    """
    try:
        # Not splitlines: JSON allows U+2028 and similar characters inside strings.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Check data.") from error
    where = path.parent / MAP
    folders = read_json(where, "data") if where.is_file() else {}
    if not isinstance(folders, dict) or not all(isinstance(one, str) for one in folders.values()):
        raise InvalidInput(f"{where}: it has to map prompts to folders.")
    found = [
        _question(f"{path}, line {number}", line, path.parent, pictures or path.parent, folders)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not found:
        raise InvalidInput(f"{path} contains no questions. Check data.")
    return found


def letter(answer: str) -> str | None:
    """Return the letter if an answer is a single letter; None otherwise."""
    whole = _LETTER.fullmatch(answer)
    return whole[1].lower() if whole else None


def _question(place: str, text: str, folder: Path, pictures: Path, folders: Mapping[str, str]) -> Question:
    try:
        line = _Line.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{place}: this is not valid JSON ({error.msg}).") from error
    except RecursionError as error:
        raise InvalidInput(f"{place}: it is nested too deeply.") from error
    except ValidationError as error:
        raise malformed(place, error) from error
    prompt = "" if line.text else _prompt(place, line)
    asked = {"query": line.text, "time": line.time} if line.text else _asked(place, prompt)
    answer = (line.answer or line.solution or "").strip()
    if not answer:
        raise InvalidInput(f"{place}: there is no answer.")
    memory = line.memory or (Path(folders[prompt]) if prompt in folders else None)
    if memory is None:
        raise InvalidInput(f"{place}: it does not say whose memory it is asked over (memory, or {MAP} beside the file).")
    history = _history(place, folder / memory)
    said = str(asked["query"])
    if mark := MARK.search(said):
        raise InvalidInput(f"{place}: {mark[0]} is a chat-template mark, which a text must not contain.")
    kind = line.kind or ("choice" if letter(answer) and _OPTIONS.search(said) else _yes_no(answer))
    images = tuple(_picture(place, pictures, one) for one in line.images)
    time = str(asked["time"] or "").split(" (")[0]
    try:
        clock.parse_time(time)
    except PersonaError as error:
        raise InvalidInput(f"{place}, time: {error.message}") from error
    return Question(said.replace(PICTURE, "").strip(), answer.strip(), kind, time, history, line.upto, images, place)


def _prompt(place: str, line: _Line) -> str:
    said = [message for message in line.messages if message.get("role") == "user"]
    if not said or not isinstance(said[0].get("content"), str):
        raise InvalidInput(f"{place}: there is neither text nor a message of the user.")
    return str(said[0]["content"])


def _asked(place: str, prompt: str) -> dict[str, Any]:
    """Parse time and query of the published prompt: a mapping as Python writes it."""
    found = _INPUT.search(prompt)
    try:
        asked = ast.literal_eval(found[1]) if found else None
    except (ValueError, SyntaxError):
        asked = None
    if not isinstance(asked, dict) or not {"time", "query"} <= set(asked):
        raise InvalidInput(f"{place}: the prompt has no input of the form {{'time': …, 'query': …}}.")
    return asked


def _history(place: str, path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted(path.glob("*.json")) if path.is_dir() else []
    if len(found) != 1:
        raise InvalidInput(f"{place}, memory: there is no history {path}.")
    return found[0]


def _picture(place: str, folder: Path, named: str | dict[str, Any]) -> Path:
    name = named if isinstance(named, str) else str(named.get("path") or "")
    path = folder / name
    problem = picture_problem(path) if name else "it has no name"
    if problem:
        raise InvalidInput(f"{place}, images: {problem}.")
    return path


def _yes_no(answer: str) -> Form:
    return "yes/no" if answer.strip().strip(".").lower() in ("yes", "no") else "open"
