"""The file format of archives: a zip file of JSON lines and photos; other files are refused before they are read."""

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
_MAX_ENTRIES = 200_000
_MAX_BYTES = 16 * 1024**3
_MAX_TEXT_BYTES = 2 * 1024**3
_MAX_COMPRESSION_RATIO, _UNCHECKED_BYTES = 100, 1024 * 1024
"""Greatest compression ratio of an entry above 1 MB; a conversation shrinks to a third or, if repetitive, to a thirtieth."""
_MAX_LINE_BYTES = 2 * 1024 * 1024
_MAX_MANIFEST_BYTES = 64 * 1024 * 1024
_MAX_PICTURE_BYTES = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_QUOTED_CHARACTERS = 200


class Part(Record):
    """One entry of an archive."""

    sha256: str
    bytes: int


class Manifest(Record):
    """An archive's description of itself.

    Attributes:
        schema_version: Schema revision of the journal that its rows come from.
        user: The user's id.
        made_at: When it was made, as an ISO instant.
        missing: Ids of photos whose files were lost before the export.
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
        """Add a photo, which is compressed already."""
        self._zip.writestr(f"photos/{photo_id}", data, zipfile.ZIP_STORED)
        self._parts[f"photos/{photo_id}"] = Part(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))

    def finish(self, **about: Any) -> None:
        """Write the manifest, which makes the archive complete."""
        manifest = Manifest(format=FORMAT, parts=self._parts, **about)
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


class ArchiveReader:
    """Reads an archive and checks every entry against the manifest.

    Args:
        file: The archive.

    Raises:
        InvalidInput: The file cannot be read, is damaged, or is not an archive of this program.
    """

    def __init__(self, file: Path) -> None:
        self._name = str(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise InvalidInput(
                f"{file} cannot be read as an archive ({str(error)[:_QUOTED_CHARACTERS]}). Nothing was imported."
            ) from error
        try:
            self.manifest = self._read_manifest()
            self._check()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def rows(self, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (line number, row) of a table; nothing if the archive does not have the table.

        Raises:
            InvalidInput: A line is not a JSON object, or the entry does not match the manifest.
        """
        name = f"{table}.jsonl"
        if name not in self.manifest.parts:
            return
        digest, size, number = hashlib.sha256(), 0, 0
        with self._opened(name) as entry:
            while line := self._piece(entry, name, _MAX_LINE_BYTES, line=True):
                number += 1
                digest.update(line)
                size += len(line)
                if len(line) > _MAX_LINE_BYTES or size > self.manifest.parts[name].bytes:
                    raise self.refused(f"{name}, line {number} is too long.")
                yield number, self._object(name, number, line)
        self._compare(name, digest.hexdigest(), size)

    def picture(self, photo_id: str) -> bytes | None:
        """Return a photo, or None if the archive has none with this id.

        Raises:
            InvalidInput: The photo does not match the manifest.
        """
        name = f"photos/{photo_id}"
        if name not in self.manifest.parts:
            return None
        with self._opened(name) as entry:
            data = self._piece(entry, name, _MAX_PICTURE_BYTES)
        self._compare(name, hashlib.sha256(data).hexdigest(), len(data))
        return data

    def pictures(self) -> set[str]:
        """Return the ids of the photos."""
        return {name.removeprefix("photos/") for name in self.manifest.parts if name.startswith("photos/")}

    def refused(self, reason: str) -> InvalidInput:
        """Return an error that says why the whole archive is refused."""
        return InvalidInput(f"{self._name} is damaged, or was not made by this program: {reason} Nothing was imported.")

    def _read_manifest(self) -> Manifest:
        names = self._zip.namelist()
        if len(names) > _MAX_ENTRIES:
            raise self.refused(f"it has {len(names)} entries.")
        if names.count(MANIFEST) != 1:
            raise self.refused("there is no manifest.")
        with self._opened(MANIFEST) as entry:
            raw = self._piece(entry, MANIFEST, _MAX_MANIFEST_BYTES)
        try:
            manifest = Manifest.model_validate_json(raw, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            raise self.refused(f"its manifest is wrong ({'.'.join(map(str, first['loc']))}: {first['msg']}).") from error
        if manifest.format != FORMAT:
            raise self.refused("its manifest belongs to another format.")
        return manifest

    def _check(self) -> None:
        """Refuse unknown names, repeated or missing entries, and sizes that could fill the disk."""
        entries = [entry for entry in self._zip.infolist() if entry.filename != MANIFEST]
        for entry in entries:
            if not (_LINES.fullmatch(entry.filename) or _PICTURE.fullmatch(entry.filename)):
                raise self.refused(f"it contains {entry.filename[:_QUOTED_CHARACTERS]!r}.")
        if sorted(entry.filename for entry in entries) != sorted(self.manifest.parts):
            raise self.refused("its entries are not those that its manifest names.")
        if any(part.bytes < 0 for part in self.manifest.parts.values()):
            raise self.refused("a size is negative.")
        if sum(part.bytes for part in self.manifest.parts.values()) > _MAX_BYTES:
            raise self.refused(f"it would take more than {_MAX_BYTES // 1024**3} GB.")
        if sum(part.bytes for name, part in self.manifest.parts.items() if name.endswith(".jsonl")) > _MAX_TEXT_BYTES:
            raise self.refused(f"its text would take more than {_MAX_TEXT_BYTES // 1024**2} MB.")
        for entry in entries:
            if entry.file_size > _UNCHECKED_BYTES + _MAX_COMPRESSION_RATIO * entry.compress_size:
                raise self.refused(f"{entry.filename} is a zip bomb.")
            if entry.file_size != self.manifest.parts[entry.filename].bytes:
                raise self.refused(f"the size of {entry.filename} does not match the manifest.")

    def _opened(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(name)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError, ValueError) as error:
            raise self.refused(f"{name} cannot be read ({str(error)[:_QUOTED_CHARACTERS]}).") from error

    def _piece(self, entry: IO[bytes], name: str, most: int, *, line: bool = False) -> bytes:
        try:
            data = entry.readline(most + 1) if line else entry.read(most + 1)
        except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, ValueError) as error:
            raise self.refused(f"{name} cannot be read ({str(error)[:_QUOTED_CHARACTERS]}).") from error
        except Exception as error:
            # zlib, bz2 and lzma raise their own errors, without a common base class.
            raise self.refused(f"{name} cannot be unpacked ({str(error)[:_QUOTED_CHARACTERS]}).") from error
        if len(data) > most:
            raise self.refused(f"{name} is too large.")
        return data

    def _compare(self, name: str, digest: str, size: int) -> None:
        part = self.manifest.parts[name]
        if (digest, size) != (part.sha256, part.bytes):
            raise self.refused(f"{name} does not match the manifest.")

    def _object(self, name: str, number: int, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise self.refused(f"{name}, line {number} is not JSON ({str(error)[:_QUOTED_CHARACTERS]}).") from error
        if not isinstance(row, dict):
            raise self.refused(f"{name}, line {number} is not a row.")
        return row


def _no_constant(name: str) -> float:
    msg = f"{name} is not a number"
    raise ValueError(msg)


def cannot_write(file: Path, error: OSError) -> StorageError:
    """Return an error that says why the archive could not be written."""
    return StorageError(f"The archive {file} cannot be written ({error.strerror}). Choose another place, or free some space.")
