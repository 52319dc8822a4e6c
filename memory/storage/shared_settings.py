"""What everything that belongs to a journal has in common: its text embedder, and the id by which its stores know it."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from memory.storage.engine import Database
from memory.storage.host_schema import shared_settings

_JOURNAL = "journal"


def settled(database: Database, name: str, value: str) -> str:
    """Return the value that holds for all hosts: the first that any of them gave.

    Args:
        database: The journal's database.
        name: What it is.
        value: The value of this host.
    """
    query = select(shared_settings.c.value).where(shared_settings.c.name == name)
    with database.glance() as connection:
        there = connection.execute(query).scalar_one_or_none()
    if there is not None:
        return str(there)
    with database.write() as connection:
        try:
            with connection.begin_nested():
                connection.execute(insert(shared_settings).values(name=name, value=value))
        except IntegrityError:
            return str(connection.execute(query).scalar_one())
    return value


def change(connection: Connection, name: str, value: str) -> None:
    """Let another value hold for all hosts."""
    connection.execute(update(shared_settings).where(shared_settings.c.name == name).values(value=value))


def journal_id(database: Database) -> str:
    """Return the id by which stores outside of the database know whose they are."""
    return settled(database, _JOURNAL, uuid.uuid4().hex)
