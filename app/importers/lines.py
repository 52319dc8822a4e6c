"""Reads files of JSON lines: one object a line, whatever else stands between them (I/O on a given stream)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from app.importers import utf8
from app.importers.conversations import LeftOut

_MOST_BYTES = 16 * 1024 * 1024
"""Most bytes of one line; a longer one is left out, so that memory stays bounded."""


def objects(stream: IO[bytes], name: str, left_out: LeftOut) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file with the numbers of their lines.

    Args:
        stream: The file, from its beginning.
        name: Its name, for the places of lines that do not fit.
        left_out: Counts the lines that are no JSON, that hold something other than an object, or that are too long.
    """
    for number, line in utf8.lines(stream, _MOST_BYTES):
        if line is None:
            left_out.add("lines that are too long", f"{name}, line {number}")
            continue
        value = parsed(line)
        if isinstance(value, dict):
            yield number, value
        else:
            left_out.add("damaged lines", f"{name}, line {number}")


def parsed(line: bytes) -> Any:
    """Return the value of a line; None if it is no JSON."""
    try:
        return json.loads(utf8.safe(line))
    except (ValueError, RecursionError):
        return None
