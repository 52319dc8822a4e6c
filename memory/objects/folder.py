"""Objects in a folder of this machine, or in one that several hosts have mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from memory.core.errors import NotFound, StorageError
from memory.objects.whole_file import SUFFIX, whole_file


class FolderStore:
    """One file per object; see `ObjectStore`.

    Args:
        folder: The folder; it is created with the first object.
        place: What people call it.
    """

    def __init__(self, folder: Path, place: str = "the data folder") -> None:
        self._folder = folder
        self.place = place

    def put(self, name: str, data: bytes) -> None:
        """Write a file; if it has these bytes already, only its time is new."""
        path = self._folder / name
        with self._writing():
            if path.exists() and path.read_bytes() == data:
                os.utime(path)
                return
            with whole_file(path) as file:
                file.write(data)

    def get(self, name: str) -> bytes:
        """Return a file's bytes, or raise NotFound."""
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise _lost(name, self.place) from error

    def begin(self, name: str, size: int) -> bytes:
        """Return a file's first bytes, or raise NotFound."""
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(size)
        except OSError as error:
            raise _lost(name, self.place) from error

    def upload(self, name: str, file: Path) -> None:
        """Copy a file to its name."""
        with self._writing(), file.open("rb") as source, whole_file(self._folder / name) as target:
            shutil.copyfileobj(source, target)

    def download(self, name: str, file: Path) -> None:
        """Copy a file from its name, or raise NotFound."""
        if not self.has(name):
            raise _lost(name, self.place)
        with self._writing(), (self._folder / name).open("rb") as source, whole_file(file, durable=False) as target:
            shutil.copyfileobj(source, target)

    def has(self, name: str) -> bool:
        """Return whether there is a file with this name."""
        return (self._folder / name).is_file()

    def size(self, name: str) -> int:
        """Return how many bytes a file has, or raise NotFound."""
        if not self.has(name):
            raise _lost(name, self.place)
        return (self._folder / name).stat().st_size

    def names(self, prefix: str) -> list[str]:
        """Return the names of all files with a prefix, incomplete ones too: they may hold what was deleted."""
        return [path.relative_to(self._folder).as_posix() for path in (self._folder / prefix).rglob("*") if path.is_file()]

    def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders directly below a prefix."""
        top = self._folder / prefix
        return [path.name for path in top.iterdir() if path.is_dir()] if top.is_dir() else []

    def times(self, prefix: str) -> dict[str, datetime]:
        """Return the names of all files with a prefix, incomplete ones too, and when each was last written."""
        found = {}
        for name in self.names(prefix):
            # Another host may remove it meanwhile.
            with suppress(FileNotFoundError):
                found[name] = datetime.fromtimestamp((self._folder / name).stat().st_mtime, UTC)
        return found

    def delete(self, names: Iterable[str]) -> None:
        """Remove files; names without a file are ignored."""
        with self._writing():
            for name in names:
                (self._folder / name).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> None:
        """Remove all files with a prefix."""
        shutil.rmtree(self._folder / prefix, ignore_errors=True)

    def check(self) -> str:
        """Check that the folder can be written."""
        there = self._folder
        while not there.exists():
            there = there.parent
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise StorageError(f"{self.place[0].upper()}{self.place[1:]} is not writable. Make it writable.")
        return ""

    def sweep(self, prefix: str, known: Collection[str]) -> None:
        """Remove what killed processes may have left: incomplete files, and subfolders of a prefix that nobody knows.

        No other process may use the folder meanwhile.

        Args:
            prefix: The prefix.
            known: The names of the subfolders that stay.
        """
        top = self._folder / prefix
        for folder in top.iterdir() if top.is_dir() else ():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                for part in folder.glob(f"*{SUFFIX}"):
                    part.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"A file in {self.place} cannot be written ({error.strerror}). Free some space, or make the folder writable."
            ) from error


def _lost(name: str, place: str) -> NotFound:
    return NotFound(f"{name.rpartition('/')[2][:12]}… is not in {place} any more.")
