"""Replaying a transcript: JSON lines of {time, user, assistant, images?}, checked before the first one is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from memory import clock
from memory.errors import InvalidInput, PersonaError
from memory.intake import check_text, check_user
from memory.pictures import MAX_BYTES, read_picture
from memory.store import Memory


class Line(BaseModel):
    """One turn of a transcript; `images` are paths beside the file."""

    model_config = ConfigDict(extra="ignore")

    time: str
    user: str
    assistant: str
    images: list[Annotated[str, Field(min_length=1, max_length=200)]] = []

    @field_validator("assistant")
    @classmethod
    def _is_text(cls, value: str) -> str:
        value.encode()
        return value


def ingest_file(memory: Memory, file: Path, user_id: str) -> dict[str, int]:
    """Journal a transcript, end its last session, and leave the remembering pending.

    Args:
        memory: Where it goes.
        file: UTF-8 JSON lines; empty lines are passed over.
        user_id: Whose conversation it is.

    Returns:
        `added` and `skipped` (same user, time and text already there).

    Raises:
        InvalidInput: The file, a line, its time or a picture is wrong; names the line. Nothing was written.
        TimeOrderError: A line lies before the user's last turn; the lines before it are written, and a second try skips them.
    """
    check_user(user_id)
    parsed = [(number, line, clock.parse_time(line.time)) for number, line in _read(file)]
    pictures = [[_picture(file, number, name) for name in line.images] for number, line, _ in parsed]
    if parsed:
        # An earlier try that broke off left its session open.
        memory.journal.end_session(user_id)
    added = 0
    for (number, line, stamp), images in zip(parsed, pictures, strict=True):
        try:
            ids = [memory.photos.receive(user_id, _bytes(path), path.name) for path in images]
            added += memory.journal.ingest(user_id, stamp, line.user, line.assistant, ids) is not None
        except PersonaError as error:
            raise type(error)(f"{file}, line {number}: {error.message}") from error
    if added:
        memory.journal.end_session(user_id)
    return {"added": added, "skipped": len(parsed) - added}


def _read(file: Path) -> list[tuple[int, Line]]:
    try:
        raw = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read ({error}). Give a UTF-8 file of JSON lines.") from error
    lines = []
    for number, text in enumerate(raw, start=1):
        if not text.strip():
            continue
        try:
            line = Line.model_validate(json.loads(text))
            clock.parse_time(line.time)
            check_text(line.user, len(line.images))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "line"
            raise InvalidInput(f"{file}, line {number}: {where}: {first['msg']}. Nothing was written.") from error
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{file}, line {number} is not JSON ({error}). Nothing was written.") from error
        except PersonaError as error:
            raise InvalidInput(f"{file}, line {number}: {error.message} Nothing was written.") from error
        lines.append((number, line))
    return lines


def _picture(file: Path, number: int, name: str) -> Path:
    if "\x00" in name:
        raise InvalidInput(f"{file}, line {number}: {name!r} is no file name. Nothing was written.")
    path = (file.parent / name).resolve()
    if not path.is_relative_to(file.parent.resolve()):
        raise InvalidInput(f"{file}, line {number}: the picture {name!r} lies outside the transcript's folder.")
    if not path.is_file():
        raise InvalidInput(f"{file}, line {number}: there is no picture {name!r} beside the file. Nothing was written.")
    try:
        read_picture(_bytes(path), path.name)
    except InvalidInput as error:
        raise InvalidInput(f"{file}, line {number}: {name}: {error.message} Nothing was written.") from error
    return path


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
