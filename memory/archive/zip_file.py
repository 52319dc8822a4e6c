"""The file of an archive: a zip of JSON lines and pictures; one that is not ours is refused before it is read."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self

from pydantic import ValidationError

from memory.core.errors import InvalidInput, StorageError
from memory.core.records import Record

FORMAT = "personavlm-archive"
MANIFEST = "manifest.json"
_PICTURE = re.compile(r"photos/[0-9a-f]{64}")
_LINES = re.compile(r"[a-z]{3,20}\.jsonl")
_MOST_ENTRIES = 200_000
_MOST_BYTES = 16 * 1024**3
_MOST_TEXT = 2 * 1024**3
_MOST_SHRUNK, _FREE = 100, 1024 * 1024
"""Talk shrinks to a third or, where it repeats itself, to a thirtieth."""
_LONGEST_LINE = 2 * 1024 * 1024
_LARGEST_MANIFEST = 64 * 1024 * 1024
_LARGEST_PICTURE = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_CUT = 200


class Part(Record):
    """One entry of an archive."""

    sha256: str
    bytes: int


class Manifest(Record):
    """What an archive says of itself.

    Attributes:
        schema_version: Revision of the journal's tables that its lines have.
        user: Whose it is.
        made_at: When, as an ISO instant.
        missing: Pictures whose file was lost already.
        parts: Every other entry, with its size and hash.
    """

    format: str
    schema_version: str
    user: str
    made_at: str
    missing: tuple[str, ...] = ()
    parts: dict[str, Part]


class ArchiveWriter:
    """Writes the entries of an archive, and its manifest at the end.

    Args:
        file: An open binary file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._parts: dict[str, Part] = {}

    def lines(self, name: str, rows: Iterator[Mapping[str, Any]]) -> int:
        """Add rows as `NAME.jsonl`; returns how many."""
        digest, size, count = hashlib.sha256(), 0, 0
        with self._zip.open(f"{name}.jsonl", "w", force_zip64=True) as entry:
            for row in rows:
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                entry.write(line)
                digest.update(line)
                size, count = size + len(line), count + 1
        self._parts[f"{name}.jsonl"] = Part(sha256=digest.hexdigest(), bytes=size)
        return count

    def picture(self, photo_id: str, data: bytes) -> None:
        """Add a picture, which is compressed already."""
        self._zip.writestr(f"photos/{photo_id}", data, zipfile.ZIP_STORED)
        self._parts[f"photos/{photo_id}"] = Part(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))

    def finish(self, **about: Any) -> None:
        """Write the manifest: the archive is whole with it, and none without."""
        manifest = Manifest(format=FORMAT, parts=self._parts, **about)
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


class ArchiveReader:
    """Reads an archive, checking every entry against the manifest.

    Args:
        file: The archive.

    Raises:
        InvalidInput: It cannot be read, is damaged, or is not an archive of ours.
    """

    def __init__(self, file: Path) -> None:
        self._name = str(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise InvalidInput(f"{file} cannot be read as an archive ({str(error)[:_CUT]}). Nothing was imported.") from error
        try:
            self.manifest = self._read_manifest()
            self._check()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def rows(self, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (line number, row) of a table; an archive without it has none.

        Raises:
            InvalidInput: A line is not a JSON object, or the entry is not what the manifest says.
        """
        name = f"{table}.jsonl"
        if name not in self.manifest.parts:
            return
        digest, size, number = hashlib.sha256(), 0, 0
        with self._opened(name) as entry:
            while line := self._piece(entry, name, _LONGEST_LINE, line=True):
                number += 1
                digest.update(line)
                size += len(line)
                if len(line) > _LONGEST_LINE or size > self.manifest.parts[name].bytes:
                    raise self.refused(f"{name}, line {number} is too long.")
                yield number, self._object(name, number, line)
        self._compare(name, digest.hexdigest(), size)

    def picture(self, photo_id: str) -> bytes | None:
        """Return a picture, or None where the archive has none of this id.

        Raises:
            InvalidInput: It is not what the manifest says.
        """
        name = f"photos/{photo_id}"
        if name not in self.manifest.parts:
            return None
        with self._opened(name) as entry:
            data = self._piece(entry, name, _LARGEST_PICTURE)
        self._compare(name, hashlib.sha256(data).hexdigest(), len(data))
        return data

    def pictures(self) -> set[str]:
        """Return the ids of the pictures."""
        return {name.removeprefix("photos/") for name in self.manifest.parts if name.startswith("photos/")}

    def refused(self, reason: str) -> InvalidInput:
        """Say why an archive is refused whole."""
        return InvalidInput(f"{self._name} is damaged, or was not made by this program: {reason} Nothing was imported.")

    def _read_manifest(self) -> Manifest:
        names = self._zip.namelist()
        if len(names) > _MOST_ENTRIES:
            raise self.refused(f"it has {len(names)} entries.")
        if names.count(MANIFEST) != 1:
            raise self.refused("there is no manifest.")
        with self._opened(MANIFEST) as entry:
            raw = self._piece(entry, MANIFEST, _LARGEST_MANIFEST)
        try:
            manifest = Manifest.model_validate_json(raw, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            raise self.refused(f"its manifest is wrong ({'.'.join(map(str, first['loc']))}: {first['msg']}).") from error
        if manifest.format != FORMAT:
            raise self.refused("its manifest is of something else.")
        return manifest

    def _check(self) -> None:
        """Refuse names that are not ours, entries that are there twice or not at all, and sizes that could fill a disk."""
        entries = [entry for entry in self._zip.infolist() if entry.filename != MANIFEST]
        for entry in entries:
            if not (_LINES.fullmatch(entry.filename) or _PICTURE.fullmatch(entry.filename)):
                raise self.refused(f"it holds {entry.filename[:_CUT]!r}.")
        if sorted(entry.filename for entry in entries) != sorted(self.manifest.parts):
            raise self.refused("its manifest names other entries than it has.")
        if any(part.bytes < 0 for part in self.manifest.parts.values()):
            raise self.refused("a size is below nothing.")
        if sum(part.bytes for part in self.manifest.parts.values()) > _MOST_BYTES:
            raise self.refused(f"it would take more than {_MOST_BYTES // 1024**3} GB.")
        if sum(part.bytes for name, part in self.manifest.parts.items() if name.endswith(".jsonl")) > _MOST_TEXT:
            raise self.refused(f"its text would take more than {_MOST_TEXT // 1024**2} MB.")
        for entry in entries:
            if entry.file_size > _FREE + _MOST_SHRUNK * entry.compress_size:
                raise self.refused(f"{entry.filename} is a bomb.")
            if entry.file_size != self.manifest.parts[entry.filename].bytes:
                raise self.refused(f"{entry.filename} has another size than its manifest says.")

    def _opened(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(name)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError, ValueError) as error:
            raise self.refused(f"{name} cannot be read ({str(error)[:_CUT]}).") from error

    def _piece(self, entry: IO[bytes], name: str, most: int, *, line: bool = False) -> bytes:
        try:
            data = entry.readline(most + 1) if line else entry.read(most + 1)
        except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, ValueError) as error:
            raise self.refused(f"{name} cannot be read ({str(error)[:_CUT]}).") from error
        except Exception as error:
            # zlib, bz2 and lzma have errors of their own, with no base in common.
            raise self.refused(f"{name} cannot be unpacked ({str(error)[:_CUT]}).") from error
        if len(data) > most:
            raise self.refused(f"{name} is too large.")
        return data

    def _compare(self, name: str, digest: str, size: int) -> None:
        part = self.manifest.parts[name]
        if (digest, size) != (part.sha256, part.bytes):
            raise self.refused(f"{name} is not what its manifest says.")

    def _object(self, name: str, number: int, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise self.refused(f"{name}, line {number} is not JSON ({str(error)[:_CUT]}).") from error
        if not isinstance(row, dict):
            raise self.refused(f"{name}, line {number} is no row.")
        return row


def _no_constant(name: str) -> float:
    msg = f"{name} is no number"
    raise ValueError(msg)


def cannot_write(file: Path, error: OSError) -> StorageError:
    """Say why no archive could be written."""
    return StorageError(f"The archive {file} cannot be written ({error.strerror}). Choose another place, or free some space.")
