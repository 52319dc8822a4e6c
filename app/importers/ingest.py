"""Imports a transcript of JSON lines (time, user, assistant, optional images); checks all lines before it writes any."""

from __future__ import annotations

import codecs
import json
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from memory.core import clock, records
from memory.core.errors import InvalidInput
from memory.core.validation import check_text, check_user
from memory.memory import Memory
from memory.photos.image_file import MAX_BYTES, Picture, read_picture

_MAX_NAMED_LINES = 5
"""Invalid lines named in an error; further ones are only counted."""
_FORM = 'A line is {"time": "2026-03-01 09:30", "user": "…", "assistant": "…"}.'


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
    """Write a whole transcript to the journal, in sessions by its times, and leave the background work pending.

    The transcript may be older than all stored turns, and its lines may be in any order; each turn is placed by its time.
    The n-th of several lines with the same time and text matches the n-th such turn that is stored.

    Args:
        memory: The memory.
        file: JSON lines in UTF-8, or in UTF-16 with a byte order mark; empty lines are skipped.
        user_id: The user.

    Returns:
        `added`; `skipped` (same user, time and text already stored or forgotten); and `not_kept`, if sensitive lines were
        left out because the user keeps nothing sensitive.

    Raises:
        InvalidInput: The file, a line, its time or a picture is invalid; the message names the lines. Nothing was written.
    """
    user_id = check_user(user_id)
    lines, pictures = _read(file)
    kept = memory.consent.without_unkept(user_id, lines)
    added = memory.ingest(user_id, kept, {name: partial(_picture, path) for name, path in pictures.items()})
    left_out = len(lines) - len(kept)
    return {"added": added, "skipped": len(kept) - added, **({"not_kept": left_out} if left_out else {})}


def _read(file: Path) -> tuple[list[records.Line], dict[str, Path]]:
    """Read and check all lines and their pictures; return them with the picture files by id."""
    try:
        text = _decoded(file.read_bytes())
    except (OSError, UnicodeError) as error:
        raise InvalidInput(f"{file} cannot be read ({error}). Give a UTF-8 file of JSON lines.") from error
    lines: list[records.Line] = []
    pictures: dict[str, Path] = {}
    wrong: list[str] = []
    for number, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            line = _line(written)
            checked = [_checked_picture(file, name) for name in line.images]
            time = clock.parse_time(line.time)
        except InvalidInput as error:
            wrong.append(f"line {number}: {error.message}")
        except (ValueError, RecursionError) as error:
            wrong.append(f"line {number} is not JSON ({error}). {_FORM}")
        else:
            names = tuple(name for name, _ in checked)
            lines.append(records.Line(time=time, text=line.user, reply=line.assistant, images=names))
            pictures |= checked
    if wrong:
        more = [f"{len(wrong) - _MAX_NAMED_LINES} more lines are invalid."] if len(wrong) > _MAX_NAMED_LINES else []
        problems = [wrong[0], *(f"L{one[1:]}" for one in wrong[1:_MAX_NAMED_LINES]), *more]
        raise InvalidInput(f"{file}, {' '.join(problems)} Nothing was written.")
    return lines, pictures


def _decoded(data: bytes) -> str:
    """Decode a text from UTF-8, or from the encoding of its byte order mark."""
    return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def _line(written: str) -> Line:
    """Read one line.

    Raises:
        InvalidInput: A field is missing, or the text is not accepted.
        ValueError: The line is not JSON.
    """
    value = json.loads(written)
    try:
        line = Line.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "line"
        raise InvalidInput(f"{where}: {first['msg']}. {_FORM}") from error
    check_text(line.user, len(line.images))
    return line


def _checked_picture(file: Path, name: str) -> tuple[str, Path]:
    """Return the id and the path of a picture beside the file.

    Raises:
        InvalidInput: The picture is missing, outside the folder, or not accepted.
    """
    if "\x00" in name:
        raise InvalidInput(f"{name!r} is not a file name. Give the name of a picture beside the file.")
    path = (file.parent / name).resolve()
    if not path.is_relative_to(file.parent.resolve()):
        raise InvalidInput(f"the picture {name!r} is outside the folder of the transcript. Put it beside the file.")
    if not path.is_file():
        raise InvalidInput(f"there is no picture {name!r} beside the file. Put it there, or remove the name.")
    try:
        return _picture(path).photo.id, path
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.message}") from error


def _picture(path: Path) -> Picture:
    with path.open("rb") as file:
        return read_picture(file.read(MAX_BYTES + 1), path.name)
