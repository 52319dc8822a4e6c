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
from memory.imports.taken_as import Tally
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
        known = left_out(compare(database, user_id, staging)) if database is not None else {}
        added = staging.added()
    counts = {reasons.BAD_PICTURES: added.bad_pictures, reasons.PICTURES_ALONE: added.pictures_alone}
    return Foreseen(added, {**known, **{reason: count for reason, count in counts.items() if count}})


def compare(database: Database, user_id: str, staging: Staging) -> Counts:
    """Mark the lines that the journal has already, and those that were forgotten; return how much there is.

    Raises:
        InvalidInput: Most of the lines are there with other times, or with another one as the person.
    """
    people = Tally()
    with database.read() as connection:
        marked = tombstones.digests(connection, user_id)
        for group in staging.in_order_of_time():
            found = matching.known(connection, user_id, group, marked)
            staging.mark_known(found.stored)
            staging.mark_known(found.forgotten, forgotten=True)
            for line in group:
                if line.number in found.stored:
                    people.note(line, found.stored[line.number])
        people.check(connection, user_id)
        shifted.check(connection, user_id, staging)
    return staging.counts()


def left_out(counts: Counts) -> dict[str, int]:
    """Return how many messages are left out because they are here already or were forgotten, by reason."""
    found = {reasons.KNOWN: counts.known_messages, reasons.FORGOTTEN: counts.forgotten_messages}
    return {reason: count for reason, count in found.items() if count}


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
