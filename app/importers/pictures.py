"""Finds the pictures of messages among the members of a source, and reads them when they are stored (I/O)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

from app.importers.conversations import Picture
from app.importers.sources import Source
from memory.photos.image_file import MAX_BYTES

_ENOUGH = 3
"""How many parts at the ends of two paths make them the same: the conversation's folder, the kind of file, the file."""
_ENDINGS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif"})


def is_picture(name: str) -> bool:
    """Return whether a file's name ends as pictures that can be stored do."""
    return PurePosixPath(name).suffix.lower() in _ENDINGS


class Members:
    """The members of a source by the ends of their paths.

    An export may lie in a folder, or in several zip files, so that its own paths are only the ends of members' names.

    Args:
        source: The source.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._by_name: dict[str, list[str]] = {}
        for name in source.names():
            self._by_name.setdefault(name.rpartition("/")[2], []).append(name)

    def find(self, path: str) -> str | None:
        """Return the member whose path ends as a path of the export does; None if there is none.

        Two folders may hold files of one name, so the folders count too, as far as both paths have them.
        """
        wanted = [part for part in path.split("/") if part not in {"", "."}]
        best, most = None, 0
        for name in self._by_name.get(wanted[-1], ()) if wanted else ():
            parts = name.split("/")
            common = _common(wanted, parts)
            if common > most and common >= min(_ENOUGH, len(wanted), len(parts)):
                best, most = name, common
        return best

    def picture(self, path: str, time: datetime | None = None) -> Picture | None:
        """Return the picture at a path of the export; None if the source has no such member."""
        name = self.find(path)
        return None if name is None else Picture(name, partial(_read, self._source, name), time)


def _common(wanted: list[str], name: list[str]) -> int:
    """Return how many parts two paths have in common at their ends."""
    pairs = zip(reversed(wanted), reversed(name), strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(wanted), len(name)))


def _read(source: Source, name: str) -> bytes:
    with source.open(name) as stream:
        return stream.read(MAX_BYTES + 1)
