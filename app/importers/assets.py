"""Finds the files that the messages of an export point to, and hands on those that are pictures (I/O)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from app.importers.conversations import Picture
from app.importers.pictures import is_picture
from app.importers.sources import Source
from memory.core.errors import InvalidInput
from memory.photos.image_file import MAX_BYTES

_OTHER_PICTURE_ENDINGS = (".heic", ".heif", ".avif", ".bmp", ".tif", ".tiff")
"""Endings of pictures that the store does not read: they are counted as such when they are stored."""
_AUDIO_ENDINGS = (".mp3", ".wav", ".m4a", ".ogg", ".opus", ".aac", ".flac", ".amr")
_VIDEO_ENDINGS = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".3gp", ".m4v")
_SIGNATURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")
_FILE_ID = re.compile(r"file[-_][A-Za-z0-9]+")
_DATA_URL = re.compile(r"data:image/[\w.+-]+(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)


def kind_of(name: str) -> str:
    """Return what a file is by its name, as a plural noun: "pictures", "videos", "audio files" or "documents"."""
    ending = name.lower()
    if is_picture(ending) or ending.endswith(_OTHER_PICTURE_ENDINGS):
        return "pictures"
    if ending.endswith(_VIDEO_ENDINGS):
        return "videos"
    return "audio files" if ending.endswith(_AUDIO_ENDINGS) else "documents"


class Assets:
    """The files of an export by the ids that its messages use."""

    def __init__(self, source: Source, shown_names: Mapping[str, str] | None = None) -> None:
        """Index a source.

        Args:
            source: The export.
            shown_names: What files that lost their name were called, by the name that they have now.
        """
        self._source = source
        self._shown_names = shown_names or {}
        self._members: dict[str, str] = {}
        for name in source.names():
            base = name.rsplit("/", 1)[-1]
            found = _FILE_ID.match(base)
            for key in (base, base.split(".", 1)[0], found[0] if found else base):
                self._members.setdefault(key, name)

    def find(self, pointer: str) -> str | None:
        """Return the member that a pointer such as `file-service://file-abc` or a file name means."""
        last = re.split(r"[/#]", pointer)[-1]
        for key in (last, *reversed(_FILE_ID.findall(pointer)), last.split(".", 1)[0]):
            if key and key in self._members:
                return self._members[key]
        return None

    def is_picture(self, member: str) -> bool:
        """Return whether a member is a picture: by the name it was sent with, or by its first bytes where it has lost that."""
        base = member.rsplit("/", 1)[-1]
        shown = self._shown_names.get(base, base)
        if kind_of(shown) == "pictures":
            return True
        if not shown.lower().endswith(".dat") and "." in shown:
            return False
        try:
            head = self._source.head(member, 16)
        except InvalidInput:
            return False
        return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")

    def picture(self, member: str, time: datetime | None = None) -> Picture:
        """Return a member as a picture that is read when it is stored."""
        base = member.rsplit("/", 1)[-1]
        return Picture(name=self._shown_names.get(base, base), read=partial(_read, self._source, member), time=time)


def inline_picture(url: str, name: str) -> Picture | None:
    """Return the picture that a data URL holds; None for any other URL."""
    head = _DATA_URL.match(url)
    return Picture(name=name, read=partial(_decoded, url, head.end(), name)) if head else None


def _read(source: Source, member: str) -> bytes:
    with source.open(member) as file:
        return file.read(MAX_BYTES + 1)


def _decoded(url: str, start: int, name: str) -> bytes:
    try:
        return base64.b64decode(url[start:], validate=False)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"The picture {name} in the export is damaged ({error}). Export the conversation again.") from error
