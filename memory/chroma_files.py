"""What Chroma leaves in its files of what was deleted, and how it is removed: its own vacuum wants the folder to itself."""

from __future__ import annotations

import re
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

_SEGMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BUSY_S = 30
_HEADER = struct.Struct("<i4Q")
"""Of an HNSW index's `header.bin`: version, offset, elements it has room for, elements it has, bytes of one."""
_VERSION = 1
_LENGTH_BYTES = 4


def compact(folder: Path) -> None:
    """Write the embedded client's database anew, and remove the vectors of collections that are no more.

    The client may be open, and must not be in use.

    Raises:
        sqlite3.Error: The database is in use, or cannot be written.
    """
    with closing(sqlite3.connect(folder / "chroma.sqlite3", timeout=_BUSY_S, isolation_level=None)) as file:
        # Deleted documents stay in the segments of the full text until these are merged.
        file.execute("INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('optimize')")
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        known = {row[0] for row in file.execute("SELECT id FROM segments")}
    for path in folder.iterdir():
        if path.is_dir() and _SEGMENT.fullmatch(path.name) and path.name not in known:
            shutil.rmtree(path, ignore_errors=True)
    blank(folder)


def blank(folder: Path) -> None:
    """Write zeros where an index has room that it does not use yet.

    Chroma saves that room as it found it in the process's memory: seen in it were words of messages.
    """
    for header in folder.glob("*/header.bin"):
        data = header.read_bytes()[: _HEADER.size]
        if len(data) < _HEADER.size:
            continue
        version, _, room, used, size = _HEADER.unpack(data)
        if version == _VERSION:
            _blank(header.with_name("data_level0.bin"), used * size, room * size)
            _blank(header.with_name("length.bin"), used * _LENGTH_BYTES, room * _LENGTH_BYTES)


def _blank(path: Path, start: int, end: int) -> None:
    # A file of another length is laid out otherwise: it is left alone.
    if path.is_file() and path.stat().st_size == end > start:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(bytes(end - start))
