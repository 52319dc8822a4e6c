"""Looks at the first bytes of members, and says where a source has nothing of a program (I/O)."""

from __future__ import annotations

from app.importers.sources import Source
from memory.core.errors import InvalidInput


def head_of(source: Source, name: str, size: int = 65_536) -> bytes:
    """Return the first bytes of a member; none of one that cannot be opened."""
    try:
        return source.head(name, size)
    except InvalidInput:
        return b""


def nothing_of(source: Source, label: str) -> InvalidInput:
    """Return the error for a source in which no file is of a program."""
    return InvalidInput(
        f"{source.name} has no conversations of {label}. Give the file as it was exported, or leave --format out."
    )
