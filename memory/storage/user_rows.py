"""Rows of users; all other rows of a user depend on them."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from memory.core import clock
from memory.core.validation import check_user
from memory.storage.schema import users

# Statements that every turn needs are built once: building one takes longer than running it.
_KNOWN = select(users.c.id).where(users.c.id == bindparam("user"))
_HELD = _KNOWN.with_for_update()


def is_known(connection: Connection, user_id: str, *, hold: bool = False) -> bool:
    """Return whether the user exists; with `hold`, lock the row until the transaction ends.

    Background work may end after its user was deleted, and must not restore anything.
    """
    return connection.execute(_HELD if hold else _KNOWN, {"user": user_id}).first() is not None


def count(connection: Connection) -> int:
    """Return how many users there are."""
    return int(connection.execute(select(func.count()).select_from(users)).scalar_one())


def ensure(connection: Connection, user_id: str) -> bool:
    """Create the user if needed; returns whether the user existed before.

    Raises:
        InvalidInput: The id is not a valid user name.
    """
    if is_known(connection, user_id, hold=True):
        return True
    try:
        with connection.begin_nested():
            connection.execute(insert(users).values(id=check_user(user_id), created_at=clock.instant()))
    except IntegrityError:
        # Another process created the same user at the same moment.
        return is_known(connection, user_id, hold=True)
    return False
