"""A source in memory, for tests of formats."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from app.importers.sources import Source
from memory.core.errors import InvalidInput


class Member(io.BytesIO):
    """A member that is open, with its name as files have it."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name

    def seekable(self) -> bool:
        # Members of zip files are read once, from their beginning.
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation("seek")


class MemorySource:
    """Members by name, as `app.importers.opening` gives them."""

    def __init__(self, members: Mapping[str, bytes], name: str) -> None:
        self._members, self._name = dict(members), name

    @property
    def name(self) -> str:
        return self._name

    def names(self) -> list[str]:
        return sorted(self._members)

    def size(self, name: str) -> int:
        return len(self._member(name))

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        with Member(self._member(name), name) as stream:
            yield stream

    def head(self, name: str, size: int = 65_536) -> bytes:
        return self._member(name)[:size]

    def _member(self, name: str) -> bytes:
        if name not in self._members:
            raise InvalidInput(f"{self._name} has no {name}. Export it again.")
        return self._members[name]


def source_of(members: Mapping[str, bytes], name: str = "export.zip") -> Source:
    """Return a source with these members."""
    return MemorySource(members, name)
