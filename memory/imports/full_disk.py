"""A full disk in one sentence, whichever of the files of an import did not fit."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from memory.core.errors import StorageError

GOES_ON = "The import goes on at the next start."
NOTHING_WRITTEN = "Nothing was written: then import the file again."
AGAIN = "Then import the file again: what is here already is skipped."
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_PRIMARY_CODE = 0xFF


@contextmanager
def told(then: str) -> Iterator[None]:
    """Say of a full disk what the person can do, and what happens then.

    Args:
        then: What happens once there is space again, as a sentence.

    Raises:
        StorageError: The disk is full.
    """
    try:
        yield
    except (StorageError, OSError, sqlite3.Error, DBAPIError) as error:
        if not _is_full(error):
            raise
        raise StorageError(f"The disk is full. Free some space. {then}") from error


def _is_full(error: BaseException | None) -> bool:
    """Return whether an error comes from a full disk: what a store says of it is among its causes."""
    match error:
        case None:
            return False
        case OSError():
            return error.errno in _FULL
        case DBAPIError():
            return _is_full(error.orig)
        case sqlite3.Error():
            return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_FULL
    return _is_full(error.__cause__)
