"""Removing objects that no row names, while other hosts write objects whose rows come a moment later.

An upload writes the object first and the row then. If the object was there already, left by a host that was killed, a removal
that meets the upload would take away what the new row names. So removals are numbered: an upload that finds another number
under the lock of its row writes the object once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from memory.storage.engine import Database
from memory.storage.host_schema import shared_settings
from memory.storage.shared_settings import change, settled

_NAME = "object removals"
_NUMBER = select(shared_settings.c.value).where(shared_settings.c.name == _NAME)


def number(connection: Connection, *, hold: bool = False) -> str | None:
    """Return the number of the newest removal; None if there was none.

    Args:
        connection: A transaction.
        hold: Wait for a removal that goes on, and let none begin until the transaction ends.
    """
    return connection.execute(_NUMBER.with_for_update(read=True) if hold else _NUMBER).scalar()


@contextmanager
def removing(database: Database) -> Iterator[Connection]:
    """Open a transaction in which objects are removed: no row of an object is committed meanwhile.

    Rows that are committed before it are visible in it.
    """
    # Committed first: a row that another transaction cannot see yet would hold nobody off.
    settled(database, _NAME, "0")
    with database.write() as connection:
        last = connection.execute(_NUMBER.with_for_update()).scalar_one()
        change(connection, _NAME, str(int(last) + 1))
        yield connection
