"""Reads Google Photos out of a Takeout: pictures with their times, of the files of JSON beside them (I/O on a source).

A picture becomes a message of the person at the time when it was taken, with the description as its words. The place, which the
file of JSON holds as coordinates, is not stored: pictures are stored without metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from app.importers import json_stream
from app.importers.conversations import Choices, Conversation, LeftOut, Message, Role
from app.importers.fields import at, words
from app.importers.heads import damage
from app.importers.parts import MOST_MESSAGES
from app.importers.pictures import Members, is_picture
from app.importers.sources import Source
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "google-photos"
LABEL = "Google Photos"

_ENDING = ".supplemental-metadata"
_LONGEST_STEM = 46
"""Longest name of a file of JSON without `.json`: Takeout cuts names at 51 characters."""
_NUMBERED = re.compile(r"(?P<before>.*)(?P<number>\(\d{1,4}\))(?P<ending>\.[^.]*)?")
_EDITED = re.compile(r"(?P<name>.+)-[^\W\d_]{3,20}(?P<number>\(\d{1,4}\))?(?P<ending>\.[^.]+)")
"""An edited copy: `-edited` in English, and one word in other languages."""
_VIDEOS = (".mp4", ".mov", ".mp", ".m4v", ".3gp", ".avi", ".mkv", ".webm")
_NOT_STORED = (".heic", ".heif", ".dng", ".tif", ".tiff", ".bmp", ".raw", ".arw", ".cr2", ".nef", ".avif", ".jxl")
_MOST_MEMBERS, _MOST_BYTES = 200, 1_000_000
_SECONDS = re.compile(r"-?\d{1,11}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1826, 2200)
"""There is no photo from before; scanned ones are older than 1970."""


class _Found(NamedTuple):
    """A picture and what its file of JSON says, in the order of messages."""

    time: datetime
    name: str
    words: str


def recognises(source: Source) -> bool:
    """Return whether one of the first files of JSON beside pictures says when a photo was taken."""
    folders = {name.rpartition("/")[0] for name in source.names() if _is_media(name)}
    beside = [name for name in source.names() if name.lower().endswith(".json") and name.rpartition("/")[0] in folders]
    return any(_is_sidecar(source, name) for name in beside[:_MOST_MEMBERS])


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield all pictures as one conversation in the order of time, in parts if they are many.

    Args:
        source: The source.
        choices: The zone that times are shown in.
        left_out: Counts videos, pictures that say no time, copies in albums, and what lies in the bin.

    Raises:
        InvalidInput: No picture says its time, and a file is damaged.
    """
    members = Members(source)
    found = sorted(_pictures(source, clock.zone_of(choices.zone), left_out))
    if not found and (damaged := damage(source)):
        raise damaged
    for start in range(0, len(found), MOST_MESSAGES):
        messages = []
        for one in found[start : start + MOST_MESSAGES]:
            picture = members.picture(one.name, one.time)
            messages.append(Message(one.time, Role.ME, one.words, pictures=(picture,) if picture else ()))
        yield Conversation(NAME, LABEL, tuple(messages))


def _pictures(source: Source, zone: tzinfo, left_out: LeftOut) -> Iterator[_Found]:
    sidecars = {name for name in source.names() if name.lower().endswith(".json")}
    seen: set[tuple[str, datetime, int]] = set()
    for folder, file, original in _picture_files(source, left_out):
        name = folder + file
        sidecar = _sidecar(folder, file, sidecars) or (_sidecar(folder, original, sidecars) if original else None)
        if sidecar is None:
            left_out.add("pictures without a file that says when they were taken", name)
            continue
        about = _about(source, sidecar, left_out)
        time = None if about is None else _taken(about, zone, sidecar, left_out)
        if about is None or time is None:
            continue
        # Takeout puts a picture of an album into the folder of its year too.
        copy = (file, time, source.size(name))
        if copy in seen:
            left_out.add("copies of pictures in albums")
            continue
        seen.add(copy)
        yield _Found(time, name, words(about.get("description")))


def _picture_files(source: Source, left_out: LeftOut) -> Iterator[tuple[str, str, str]]:
    """Yield the folder, the name and, of an edited copy that lies alone, the name of its original of each picture."""
    names = source.names()
    known = set(names)
    for name in names:
        before, slash, file = name.rpartition("/")
        folder = before + slash
        edited = _EDITED.fullmatch(file)
        original = f"{edited['name']}{edited['number'] or ''}{edited['ending']}" if edited else ""
        if file.lower().endswith(_VIDEOS):
            left_out.add("videos")
        elif file.lower().endswith(_NOT_STORED):
            left_out.add("pictures of a kind that cannot be stored", name)
        elif is_picture(file) and folder + original in known and original:
            left_out.add("edited copies of pictures")
        elif is_picture(file):
            yield folder, file, original


def _sidecar(folder: str, file: str, sidecars: set[str]) -> str | None:
    """Return the file of JSON of a picture: its name and a long ending, which is cut or missing, and a number at the end."""
    number = ""
    if numbered := _NUMBERED.fullmatch(file):
        number = numbered["number"]
        plain = numbered["before"] + (numbered["ending"] or "")
        found = _of_stem(folder, plain, number, sidecars)
        if found:
            return found
    return _of_stem(folder, file, "", sidecars)


def _of_stem(folder: str, file: str, number: str, sidecars: set[str]) -> str | None:
    plain = f"{folder}{file.rpartition('.')[0]}{number}.json"
    full = file + _ENDING
    shortest = min(len(file), _LONGEST_STEM - len(number))
    for length in range(len(full), shortest - 1, -1):
        name = f"{folder}{full[:length]}{number}.json"
        if name in sidecars:
            return name
    # Older Takeouts left out the ending of some pictures.
    return plain if plain in sidecars else None


def _about(source: Source, name: str, left_out: LeftOut) -> dict[str, Any] | None:
    try:
        with source.open(name) as stream:
            value = json_stream.whole(stream, _MOST_BYTES)
    except InvalidInput:
        value = None
    if isinstance(value, dict):
        return value
    left_out.add("pictures whose file of JSON is damaged", name)
    return None


def _taken(about: dict[str, Any], zone: tzinfo, name: str, left_out: LeftOut) -> datetime | None:
    """Return when a picture was taken; None if it is left out. Times are seconds since 1970 as a text, also before 1970."""
    if about.get("trashed") is True:
        left_out.add("pictures in the bin")
        return None
    seconds = str(at(about, "photoTakenTime", "timestamp"))
    try:
        time = (_EPOCH + timedelta(seconds=int(seconds))).astimezone(zone) if _SECONDS.fullmatch(seconds) else None
    except OverflowError:
        time = None
    if time is None or time.year not in _YEARS:
        left_out.add("pictures without a time", f"{name}, key photoTakenTime")
        return None
    return time


def _is_media(name: str) -> bool:
    return is_picture(name) or name.lower().endswith(_VIDEOS + _NOT_STORED)


def _is_sidecar(source: Source, name: str) -> bool:
    try:
        return b'"photoTakenTime"' in source.head(name, 8_192)
    except InvalidInput:
        return False
