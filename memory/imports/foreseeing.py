"""Says what an import would do for a person, and writes nothing: for dry runs (SQL that reads; a temporary file)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from memory.core.errors import InvalidInput
from memory.core.validation import check_user
from memory.imports import matching, reasons, shifted
from memory.imports.lines import ImportedLine, ImportedPicture
from memory.imports.staging import Added, Counts, Staging
from memory.photos.image_file import read_picture
from memory.storage import tombstones
from memory.storage.engine import Database

_READABLE, _UNREADABLE = b"1", b""


@dataclass(frozen=True)
class Foreseen:
    """What an import would do.

    Attributes:
        added: What it would add.
        skipped: What it would leave out of the given lines, by reason.
    """

    added: Added
    skipped: dict[str, int]


def foresee(database: Database | None, user_id: str, lines: Iterable[ImportedLine]) -> Foreseen:
    """Return what an import of these lines would do.

    Args:
        database: The journal's database; None: there is no journal yet.
        user_id: The user whose history it is.
        lines: The lines, in any order.

    Raises:
        InvalidInput: The import would be refused, and why.
    """
    user_id = check_user(user_id)
    with Staging(None) as staging:
        staging.fill(_with_marks(lines))
        known = compare(database, user_id, staging).known_messages if database is not None else 0
        added = staging.added()
    counts = {reasons.KNOWN: known, reasons.BAD_PICTURES: added.bad_pictures, reasons.PICTURES_ALONE: added.pictures_alone}
    return Foreseen(added, {reason: count for reason, count in counts.items() if count})


def compare(database: Database, user_id: str, staging: Staging) -> Counts:
    """Mark the lines that the journal has already, and return how much there is.

    Raises:
        InvalidInput: Most of the lines are there with other times.
    """
    with database.read() as connection:
        marked = tombstones.digests(connection, user_id)
        for group in staging.in_order_of_time():
            staging.mark_known(matching.known(connection, user_id, group, marked))
        shifted.check(connection, user_id, staging)
    return staging.counts()


def _with_marks(lines: Iterable[ImportedLine]) -> Iterator[ImportedLine]:
    """Yield lines whose pictures say whether they can be read: their bytes would fill the disk for nothing."""
    for line in lines:
        pictures = tuple(ImportedPicture(one.name, partial(_mark, one.read)) for one in line.pictures)
        yield replace(line, pictures=pictures) if pictures else line


def _mark(read: Callable[[], bytes]) -> bytes:
    data = read()
    try:
        read_picture(data)
    except InvalidInput:
        return _UNREADABLE
    return _READABLE
