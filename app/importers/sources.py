"""A file, a folder or a zip file to import, opened in one way: members by name, each readable as a stream (I/O)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Protocol


class Source(Protocol):
    """What is imported, whatever it is stored in.

    A single file is a source with one member. Names use `/`, and never leave the source.
    """

    @property
    def name(self) -> str:
        """Return the name of the file or folder, for messages."""

    def names(self) -> list[str]:
        """Return the names of all members, sorted."""

    def size(self, name: str) -> int:
        """Return the size of a member in bytes, uncompressed."""

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member for reading, from its beginning.

        Raises:
            InvalidInput: The member cannot be read, or is larger than it says.
        """

    def head(self, name: str, size: int = 65_536) -> bytes:
        """Return the first bytes of a member."""
