"""The members of a source that is open, their limits, and streams that say in one sentence what is wrong with one (I/O)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO

from typing_extensions import Buffer

from memory.core.errors import InvalidInput

MOST_MEMBERS = 200_000
MOST_BYTES = 50 * 1000**3
"""Most bytes of all members together, unpacked."""
_MOST_KEPT = 32_000_000
"""Most bytes of first bytes that are kept."""
_PLAIN = re.compile(r"[^/.][^/]*(?:/[^/.][^/]*)*")
"""A name that has no parts to be cleaned away: `a//b`, `./a`."""
_CLUTTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DAMAGED = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, KeyError)
"""What `zipfile` and files raise for members that cannot be read; it has no common base class."""


@dataclass(frozen=True)
class Member:
    """A member of a source.

    Attributes:
        name: Its name in the source, with `/`.
        size: The size that it states, unpacked.
        open: Opens it for reading; whatever this raises, and what its stream raises, is turned into a sentence by the source.
        is_packed: Whether it lies in a zip file.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    is_packed: bool = False

    def under(self, container: str) -> Member:
        """Return the member as one of a container inside the source."""
        return replace(self, name=f"{container}/{self.name}")


class Limits:
    """Counts the members of a source, and refuses too many.

    Args:
        source: The name of the source, for messages.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._members = 0
        self._bytes = 0

    def count(self, member: Member) -> None:
        """Count a member.

        Raises:
            InvalidInput: There are too many, or they are too large together.
        """
        self._members += 1
        self._bytes += member.size
        if self._members > MOST_MEMBERS:
            raise InvalidInput(f"{self.source} holds more than {MOST_MEMBERS:,} files. Give the folder of one export.")
        if self._bytes > MOST_BYTES:
            raise InvalidInput(f"{self.source} holds more than {MOST_BYTES // 1000**3} GB. Give the folder of one export.")


class MemberSource:
    """A source of members, whatever each is stored in; see `app.importers.sources.Source`.

    Args:
        name: The name of the file or folder.
        members: Its members. Of several with one name, the later ones get a number in theirs: zip files may have them.
    """

    def __init__(self, name: str, members: Iterable[Member]) -> None:
        self._name = name
        self._members: dict[str, Member] = {}
        numbers: dict[str, int] = {}
        for member in members:
            unique = member.name if _PLAIN.fullmatch(member.name) else str(PurePosixPath(member.name))
            while unique in self._members:
                numbers[member.name] = numbers.get(member.name, 1) + 1
                path = PurePosixPath(member.name)
                unique = str(path.with_name(f"{path.stem} ({numbers[member.name]}){path.suffix}"))
            self._members[unique] = member
        self._sorted = sorted(self._members)
        self._heads: dict[str, bytes] = {}
        self._head_bytes = 0

    @property
    def name(self) -> str:
        """Return the name of the file or folder, for messages."""
        return self._name

    def names(self) -> list[str]:
        """Return the names of all members, sorted."""
        return self._sorted.copy()

    def size(self, name: str) -> int:
        """Return the size that a member states in bytes, unpacked."""
        return self._member(name).size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member for reading, from its beginning.

        Raises:
            InvalidInput: The member cannot be read, or is not as large as it says; also from the stream.
        """
        with io.BufferedReader(_Checked(self._member(name), name)) as stream:
            yield stream

    def head(self, name: str, size: int = 65_536) -> bytes:
        """Return the first bytes of a member. Small ones are kept: each format looks at the same members."""
        kept = self._heads.get(name)
        if kept is not None:
            return kept[:size]
        with self.open(name) as stream:
            data = stream.read(size)
        # Kept only if it is all that the member has.
        if len(data) < size and len(data) == self.size(name) and self._head_bytes + len(data) <= _MOST_KEPT:
            self._heads[name] = data
            self._head_bytes += len(data)
        return data

    def _member(self, name: str) -> Member:
        if name not in self._members:
            raise InvalidInput(f"{self._name} has no file {name}. Export it again.")
        return self._members[name]


class _Checked(io.RawIOBase):
    """A member's bytes; ends in a sentence where it is damaged, or is not as large as it says."""

    def __init__(self, member: Member, name: str) -> None:
        self.name = name
        self._size, self._is_packed = member.size, member.is_packed
        self._read = 0
        try:
            self._stream = member.open()
        except _DAMAGED as error:
            raise self._refused(_reason(error)) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        try:
            data = self._stream.read(len(view))
        except _DAMAGED as error:
            raise self._refused(_reason(error)) from error
        self._read += len(data)
        # A file may grow while it is read; a packed member is what its zip file says, or the file was made to harm.
        if self._is_packed and (self._read > self._size or (not data and self._read != self._size)):
            raise self._refused(f"it is not {self._size:,} bytes long, as its zip file says")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        stream = getattr(self, "_stream", None)
        if stream is not None:
            stream.close()
        super().close()

    def _refused(self, reason: str) -> InvalidInput:
        what = "Download or export it again" if self._is_packed else "Make it readable, or leave it out"
        return InvalidInput(f"{self.name} cannot be read: {reason}. {what}.")


def shown(name: str) -> str:
    """Return a name of a file without control characters, which would go to the terminal, and without half characters."""
    return _CONTROL.sub("\ufffd", name).encode(errors="replace").decode()


def is_clutter(name: str) -> bool:
    """Return whether a system, not an export, puts files of this name beside others."""
    return name in _CLUTTER or name.startswith("._")


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or "it is damaged"
