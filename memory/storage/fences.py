"""One order for the writes of a person, whatever host they come from, and none by a host that lost its lease.

A transaction on a server first locks the person's row. Leases are taken under the same lock, so a lease that is valid when a
transaction checks it is still valid when the transaction commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from memory.core.errors import LeaseLost
from memory.core.validation import user_name
from memory.storage.host_schema import leases
from memory.storage.schema import users

_MOST_IDLE = "15s"
"""A host that is cut off in the middle of a transaction must not keep the person's row locked: the server then ends it."""
_LOCK = (
    select(func.set_config("idle_in_transaction_session_timeout", _MOST_IDLE, True))
    .select_from(users)
    .where(users.c.id == bindparam("user"))
    .with_for_update(key_share=True)
)
_STILL_HELD = select(leases.c.fence).where(
    leases.c.user_id == bindparam("user"),
    leases.c.purpose == bindparam("its_purpose"),
    leases.c.holder == bindparam("its_holder"),
    leases.c.fence == bindparam("its_fence"),
)


@dataclass(frozen=True)
class Lease:
    """The right to do something for a person until another process takes it over.

    Attributes:
        user_id: The person, in Unicode normal form.
        purpose: `reply`, `work` or `import`.
        holder: The process.
        fence: Its number; the next lease has a higher one.
    """

    user_id: str
    purpose: str
    holder: str
    fence: int


_under: ContextVar[Lease | None] = ContextVar("persona_lease", default=None)


@contextmanager
def under(lease: Lease | None) -> Iterator[None]:
    """Do everything in the block under a lease; None: under none."""
    token = _under.set(lease)
    try:
        yield
    finally:
        _under.reset(token)


def held() -> Lease | None:
    """Return the lease that this thread works under."""
    return _under.get()


def lock_person(connection: Connection, user_id: str) -> None:
    """Lock a person's row until the transaction ends; a person who does not exist yet has none."""
    connection.execute(_LOCK, {"user": user_id})


def enter(connection: Connection, user_id: str) -> None:
    """Begin a transaction that writes for a person.

    Raises:
        LeaseLost: The thread works under a lease of this person, and another process has taken it over.
    """
    lock_person(connection, user_id)
    lease = _under.get()
    if lease is not None and lease.user_id == user_name(user_id):
        check(connection, lease)


def check(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLost if a lease is not valid any more; the caller has locked the person's row."""
    given = {"user": lease.user_id, "its_purpose": lease.purpose, "its_holder": lease.holder, "its_fence": lease.fence}
    if connection.execute(_STILL_HELD, given).first() is None:
        raise LeaseLost(
            "Another host took over this conversation, because this one was cut off. Nothing of this step was written; the "
            "message is saved. Send it again if it has no reply."
        )
