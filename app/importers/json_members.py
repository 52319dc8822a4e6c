"""Finds the JSON files of a source that have a format's form, and reads their values one after another (I/O)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from app.importers import json_stream, utf8
from app.importers.assembly import place_of, title_of
from app.importers.conversations import LeftOut
from app.importers.heads import nothing_of
from app.importers.sources import Source
from memory.core.errors import InvalidInput

Fits = Callable[[str, bytes], bool]
"""Says by the name and the first bytes of a member whether it has a format's form."""

_MOST_HEADS, _MOST_OF_A_FOLDER = 2_000, 20
"""Files that are looked at to recognise a format, in all and of one folder: thousands of pictures may have a file each."""
_HEAD = 65_536
_SPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def has_member(source: Source, fits: Fits) -> bool:
    """Return whether a JSON file near the top of the source has the form; unreadable ones have not."""
    names = islice(_some_of_each_folder(_json_names(source)), _MOST_HEADS)
    return any(fits(name, head) for name, head in _heads(source, names, None))


def members(source: Source, fits: Fits, left_out: LeftOut) -> list[str]:
    """Return the names of all JSON files of this form; those that cannot be opened are counted."""
    return sorted(name for name, head in _heads(source, _json_names(source), left_out) if fits(name, head))


def histories(source: Source, fits: Fits, left_out: LeftOut, label: str) -> list[str]:
    """Return the names of all JSON files of a program's form.

    Args:
        source: The source.
        fits: Says whether a member has the form.
        left_out: Counts files that cannot be opened.
        label: What people call the program.

    Raises:
        InvalidInput: There is none.
    """
    names = members(source, fits, left_out)
    if not names:
        raise nothing_of(source, label)
    return names


def conversations(
    source: Source, names: list[str], left_out: LeftOut, deepest: int = json_stream.MOST_DEPTH
) -> Iterator[tuple[int, Any]]:
    """Yield the conversations of several files with their numbers from 1; those that are nested too deep are left out.

    Args:
        source: The source.
        names: Its files, each with a list of conversations or a single one.
        left_out: Counts what is left out.
        deepest: Deepest nesting.

    Raises:
        InvalidInput: The JSON of a file is broken, or it cannot be read.
    """
    number = 0
    for name in names:
        for value in values(source, name, deepest):
            number += 1
            if isinstance(value, json_stream.TooDeep):
                title = title_of(value.known.get("title")) or title_of(value.known.get("name"))
                left_out.add("conversations nested too deep", f"{name}, {place_of(number, title)}")
            else:
                yield number, value


def values(source: Source, name: str, deepest: int = json_stream.MOST_DEPTH) -> Iterator[Any]:
    """Yield the elements of the list in a file, or its single value if it holds no list.

    Raises:
        InvalidInput: The JSON is broken, or the member cannot be read.
    """
    path = "item" if first_byte(utf8.as_utf8(source.head(name, _HEAD))) == b"[" else ""
    with source.open(name) as stream:
        yield from json_stream.items(stream, path, deepest=deepest)


def first_byte(head: bytes) -> bytes:
    """Return the first byte of a JSON text, after a byte order mark and whitespace."""
    return head.removeprefix(_BYTE_ORDER_MARK).lstrip(_SPACE)[:1]


def _json_names(source: Source) -> Iterator[str]:
    """Yield the JSON files, those nearest the top first. A single file may have any name: it is known by its content."""
    names = source.names()
    if len(names) > 1:
        names = [name for name in names if name.lower().endswith(".json")]
    return iter(sorted(names, key=lambda name: (name.count("/"), name)))


def _some_of_each_folder(names: Iterator[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for name in names:
        folder = name.rpartition("/")[0]
        seen[folder] += 1
        if seen[folder] <= _MOST_OF_A_FOLDER:
            yield name


def _heads(source: Source, names: Iterator[str], left_out: LeftOut | None) -> Iterator[tuple[str, bytes]]:
    for name in names:
        try:
            head = utf8.as_utf8(source.head(name, _HEAD))
        except InvalidInput as error:
            if left_out is not None:
                left_out.add("files that cannot be read", f"{name} ({error.message})")
            continue
        if first_byte(head) in (b"[", b"{"):
            yield name, head
