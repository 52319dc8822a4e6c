"""Looks at the first bytes of members, and says where a source has nothing of a program (I/O)."""

from __future__ import annotations

from app.importers.conversations import LeftOut
from app.importers.sources import Source
from memory.core.errors import InvalidInput

_MOST_HEADS = 2_000
"""Members that are looked at for damage."""


def head_of(source: Source, name: str, size: int = 65_536, left_out: LeftOut | None = None) -> bytes:
    """Return the first bytes of a member; none of one that cannot be read, which is counted."""
    try:
        return source.head(name, size)
    except InvalidInput as error:
        if left_out is not None:
            left_out.add("files that cannot be read", f"{name} ({error.message})")
        return b""


def nothing_of(source: Source, label: str) -> InvalidInput:
    """Return the error for a source in which no file is of a program, or in which one that might be is damaged."""
    return damage(source) or InvalidInput(
        f"{source.name} has no conversations of {label}. Give the file as it was exported, or leave --format out."
    )


def damage(source: Source) -> InvalidInput | None:
    """Return the error of the first member that cannot be read from its beginning; None if all can.

    Where nothing of a program is found, it may be in such a member: "not recognised" would send a person the wrong way.
    """
    for name in source.names()[:_MOST_HEADS]:
        try:
            source.head(name)
        except InvalidInput as error:
            return error
    return None
