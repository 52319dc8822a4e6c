"""Reads transcripts of this program: JSON lines of time, user, assistant, and optional images (I/O on a source).

`persona ingest` refuses a whole file for one line; here a line that does not fit is left out with its number. Pictures are
found beside the file, so a transcript with pictures is given as its folder or as a zip file.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import ValidationError

from app.importers.conversations import Choices, Conversation, LeftOut, Message, Picture, Role
from app.importers.fields import words
from app.importers.heads import damage, head_of
from app.importers.ingest import Line
from app.importers.lines import objects, parsed
from app.importers.parts import MOST_MESSAGES
from app.importers.pictures import Members
from app.importers.sources import Source
from app.importers.utf8 import lines
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "json-lines"
LABEL = "JSON lines (time, user, assistant)"

_KEYS = {"time", "user", "assistant"}
_ENDINGS = (".jsonl", ".ndjson", ".json", ".txt")
_MOST_MEMBERS, _MOST_LINES = 20, 5
"""Files, and lines of each, that are looked at to recognise the format: the first lines may be damaged."""


def recognises(source: Source) -> bool:
    """Return whether one of the first files is a transcript."""
    return any(_is_transcript(source, name) for name in _candidates(source)[:_MOST_MEMBERS])


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield each transcript as a conversation, a long one in parts.

    Args:
        source: The source.
        choices: The zone of times without one.
        left_out: Counts lines that are no turns, with their numbers, and pictures that are not there.

    Raises:
        InvalidInput: There is no transcript, and a file is damaged.
    """
    members = Members(source)
    names = [name for name in _candidates(source) if _is_transcript(source, name, left_out)]
    if not names and (damaged := damage(source)):
        raise damaged
    for name in names:
        whole = Conversation(name, posixpath.splitext(posixpath.basename(name))[0], ())
        part: list[Message] = []
        for turn in _turns(source, name, choices, members, left_out):
            if len(part) >= MOST_MESSAGES:
                yield replace(whole, messages=tuple(part))
                part = []
            part += turn
        if part:
            yield replace(whole, messages=tuple(part))


def _candidates(source: Source) -> list[str]:
    names = source.names()
    return names if len(names) == 1 else [name for name in names if name.lower().endswith(_ENDINGS)]


def _is_transcript(source: Source, name: str, left_out: LeftOut | None = None) -> bool:
    head = head_of(source, name, left_out=left_out)
    values = (line and parsed(line) for _, line in islice(lines(io.BytesIO(head)), _MOST_LINES))
    return any(isinstance(value, dict) and value.keys() >= _KEYS for value in values)


def _turns(source: Source, name: str, choices: Choices, members: Members, left_out: LeftOut) -> Iterator[list[Message]]:
    """Yield the message and the reply of each line."""
    with source.open(name) as stream:
        for number, value in objects(stream, name, left_out):
            place = f"{name}, line {number}"
            found = _line(value, choices, place, left_out)
            if found is None:
                continue
            line, time = found
            pictures = tuple(_pictures(line, name, members, place, left_out))
            turn = [Message(time, Role.ME, words(line.user), pictures=pictures)]
            if reply := words(line.assistant):
                turn.append(Message(time, Role.ASSISTANT, reply))
            yield turn


def _line(value: dict[str, Any], choices: Choices, place: str, left_out: LeftOut) -> tuple[Line, datetime] | None:
    try:
        line = Line.model_validate(value)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        left_out.add("lines that are no turns", f"{place}, key {key}")
        return None
    try:
        return line, clock.parse_time(line.time, choices.zone)
    except InvalidInput:
        left_out.add("lines without a time that can be read", f"{place}, key time")
        return None


def _pictures(line: Line, name: str, members: Members, place: str, left_out: LeftOut) -> Iterator[Picture]:
    for image in line.images:
        picture = members.picture(posixpath.normpath(posixpath.join(posixpath.dirname(name), image)))
        if picture is None:
            left_out.add("pictures that are not beside their transcript", f"{place}, key images")
        else:
            yield picture
