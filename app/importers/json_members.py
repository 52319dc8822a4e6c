"""Finds the JSON files of a source that have a format's form, and reads their values one after another (I/O)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from app.importers import json_stream
from app.importers.conversations import LeftOut
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
        raise InvalidInput(
            f"{source.name} has no conversations of {label}. Give the file as it was exported, or leave --format out."
        )
    return names


def values(source: Source, name: str) -> Iterator[Any]:
    """Yield the elements of the list in a file, or its single value if it holds no list.

    Raises:
        InvalidInput: The JSON is broken, or the member cannot be read.
    """
    listed = first_byte(source.head(name, _HEAD)) == b"["
    with source.open(name) as stream:
        if listed:
            yield from json_stream.items(stream, "item")
        else:
            yield json_stream.whole(stream)


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
            head = source.head(name, _HEAD)
        except InvalidInput as error:
            if left_out is not None:
                left_out.add("files that cannot be read", f"{name} ({error.message})")
            continue
        if first_byte(head) in (b"[", b"{"):
            yield name, head
