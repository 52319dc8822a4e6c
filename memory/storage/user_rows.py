"""Who there is: the table of users, which every other row of a user hangs on."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from memory.core.validation import check_user
from memory.storage.schema import users

# Statements of every turn are made once: making one takes longer than running it.
_KNOWN = select(users.c.id).where(users.c.id == bindparam("user"))
_HELD = _KNOWN.with_for_update()


def is_known(connection: Connection, user_id: str, *, hold: bool = False) -> bool:
    """Say whether the user is there; with `hold`, keep it so until the transaction ends.

    Work may end after its user was deleted, and must not bring anything back.
    """
    return connection.execute(_HELD if hold else _KNOWN, {"user": user_id}).first() is not None


def ensure(connection: Connection, user_id: str) -> bool:
    """Make the user, unless there is one; returns whether there was.

    Raises:
        InvalidInput: This cannot be a user's name.
    """
    if is_known(connection, user_id, hold=True):
        return True
    try:
        with connection.begin_nested():
            connection.execute(insert(users).values(id=check_user(user_id), created_at=datetime.now(UTC)))
    except IntegrityError:
        # Another process made the same user at the same moment.
        return is_known(connection, user_id, hold=True)
    return False
