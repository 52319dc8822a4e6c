"""What every store of objects can do; `folder` and `bucket` are the two places where the bytes can be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Protocol


class ObjectStore(Protocol):
    """Named bytes. A name is a relative path with `/`, and a prefix is the name of a folder with a `/` at its end.

    Each method raises a `StorageError` with a sentence if it cannot do this: `ObjectsUnavailable` if the place cannot be used.
    """

    @property
    def place(self) -> str:
        """Where the objects are, for people: it names no key and no password."""

    def put(self, name: str, data: bytes) -> None:
        """Write an object, whole or not at all; an object with this name is replaced."""

    def get(self, name: str) -> bytes:
        """Return an object's bytes, or raise NotFound."""

    def begin(self, name: str, size: int) -> bytes:
        """Return the first bytes of an object, at most `size`, as they are in its place; or raise NotFound."""

    def upload(self, name: str, file: Path) -> None:
        """Write a file as an object, as `put` does, without loading it into memory."""

    def download(self, name: str, file: Path) -> None:
        """Write an object into a file, whole or not at all, without loading it into memory; or raise NotFound."""

    def has(self, name: str) -> bool:
        """Return whether there is an object with this name."""

    def size(self, name: str) -> int:
        """Return how many bytes an object takes in its place, or raise NotFound."""

    def names(self, prefix: str) -> list[str]:
        """Return the names of all objects with a prefix, in no order."""

    def folders(self, prefix: str) -> list[str]:
        """Return the names of what is directly below a prefix and has objects below it, without the prefix, in no order."""

    def times(self, prefix: str) -> dict[str, datetime]:
        """Return the names of all objects with a prefix, and when each was last written, by the clock of its place.

        An object is left out if its place does not say when.
        """

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; names without an object are ignored."""

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects with a prefix."""

    def check(self) -> str:
        """Check that the place answers; nothing is written.

        Returns:
            What the operator should know about it; empty if there is nothing.
        """
