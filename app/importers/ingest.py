"""Replaying a transcript: JSON lines of {time, user, assistant, images?}, all checked before the first one is written."""

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

_NAMED = 5
"""Bad lines that are told of; of more, how many there are."""
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
    """Journal a transcript whole, in sessions that its times make, and leave the remembering pending.

    It may be older than everything there, and its lines in any order: each takes the place that its time gives it. Of several
    lines of one time and text, the n-th is the n-th such turn that is there.

    Args:
        memory: Where it goes.
        file: JSON lines in UTF-8, or in UTF-16 with a byte order mark; empty lines are passed over.
        user_id: Whose conversation it is.

    Returns:
        `added` and `skipped` (same user, time and text already there, or forgotten); `not_kept` where lines were left out
        that tell of something sensitive, as their person keeps nothing of that kind.

    Raises:
        InvalidInput: The file, a line, its time or a picture is wrong; names the lines. Nothing was written.
    """
    user_id = check_user(user_id)
    lines, pictures = _read(file)
    kept = memory.consent.without_unkept(user_id, lines)
    added = memory.ingest(user_id, kept, {name: partial(_picture, path) for name, path in pictures.items()})
    left_out = len(lines) - len(kept)
    return {"added": added, "skipped": len(kept) - added, **({"not_kept": left_out} if left_out else {})}


def _read(file: Path) -> tuple[list[records.Line], dict[str, Path]]:
    """Read and check all lines and their pictures; returns them with the files of the pictures by id."""
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
            seen = [_seen(file, name) for name in line.images]
            time = clock.parse_time(line.time)
        except InvalidInput as error:
            wrong.append(f"line {number}: {error.message}")
        except (ValueError, RecursionError) as error:
            wrong.append(f"line {number} is not JSON ({error}). {_FORM}")
        else:
            names = tuple(name for name, _ in seen)
            lines.append(records.Line(time=time, text=line.user, reply=line.assistant, images=names))
            pictures |= seen
    if wrong:
        more = [f"{len(wrong) - _NAMED} more lines are wrong."] if len(wrong) > _NAMED else []
        told = [wrong[0], *(f"L{one[1:]}" for one in wrong[1:_NAMED]), *more]
        raise InvalidInput(f"{file}, {' '.join(told)} Nothing was written.")
    return lines, pictures


def _decoded(data: bytes) -> str:
    """Read a text in UTF-8, or in what its byte order mark says."""
    return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def _line(written: str) -> Line:
    """Read one line.

    Raises:
        InvalidInput: It lacks a field, or its text cannot be taken.
        ValueError: It is not JSON.
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


def _seen(file: Path, name: str) -> tuple[str, Path]:
    """Read a picture beside the file; returns its id and where it is, or raises InvalidInput."""
    if "\x00" in name:
        raise InvalidInput(f"{name!r} is no file name. Write the name of a picture beside the file.")
    path = (file.parent / name).resolve()
    if not path.is_relative_to(file.parent.resolve()):
        raise InvalidInput(f"the picture {name!r} lies outside the transcript's folder. Put it beside the file.")
    if not path.is_file():
        raise InvalidInput(f"there is no picture {name!r} beside the file. Put it there, or take the name out.")
    try:
        return _picture(path).photo.id, path
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.message}") from error


def _picture(path: Path) -> Picture:
    with path.open("rb") as file:
        return read_picture(file.read(MAX_BYTES + 1), path.name)
