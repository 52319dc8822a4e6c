"""API keys: shown once, stored as digests. A key names the person whose memory its holder uses."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Row, insert, select, update

from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import Record
from memory.core.validation import check_user, user_name
from memory.storage.engine import Database
from memory.storage.schema import api_keys

_PREFIX = "persona-"
_SECRET_BYTES = 32
_ID_BYTES = 4


class ApiKey(Record):
    """A key without its secret.

    Attributes:
        id: Its name for listing and revoking.
        user: The person.
        trusts_headers: Whether the person of a request is the user that a front end names in a header, below `user`.
        created: When it was made.
        revoked: When it was revoked; None: it is valid.
    """

    id: str
    user: str
    trusts_headers: bool = False
    created: datetime
    revoked: datetime | None = None


class ApiKeys:
    """The keys of all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, user_id: str, *, trusts_headers: bool = False) -> tuple[ApiKey, str]:
        """Create a key and return it with its secret, which is not stored.

        Raises:
            InvalidInput: The user id is not a valid user name.
        """
        secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            id=secrets.token_hex(_ID_BYTES), user=check_user(user_id), trusts_headers=trusts_headers, created=clock.instant()
        )
        row = {
            "id": key.id, "user_id": key.user, "digest": _digest(secret), "trusts_headers": trusts_headers,
            "created_at": key.created,
        }  # fmt: skip
        with self._db.write(key.user) as connection:
            connection.execute(insert(api_keys).values(row))
        return key, secret

    def list(self, user_id: str | None = None) -> list[ApiKey]:
        """Return the keys of one user or of all, oldest first, the revoked ones too."""
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        if user_id is not None:
            query = query.where(api_keys.c.user_id == user_name(user_id))
        with self._db.read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def find(self, secret: str) -> ApiKey | None:
        """Return the valid key with this secret; None if there is none."""
        query = select(api_keys).where(api_keys.c.digest == _digest(secret), api_keys.c.revoked_at.is_(None))
        with self._db.glance() as connection:
            row = connection.execute(query).first()
        return _key(row) if row is not None else None

    def exist(self) -> bool:
        """Return whether a key was ever made: revoking the last one must not open the memory to programs without a key."""
        query = select(api_keys.c.id).limit(1)
        with self._db.glance() as connection:
            return connection.execute(query).first() is not None

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key at once and for good.

        Raises:
            NotFound: There is no key with that id.
        """
        mine = api_keys.c.id == key_id
        with self._db.write() as connection:
            connection.execute(update(api_keys).where(mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=clock.instant()))
            row = connection.execute(select(api_keys).where(mine)).first()
        if row is None:
            raise NotFound(f"There is no key {key_id!r}. `persona key list` shows all keys.")
        return _key(row)


def _digest(secret: str) -> str:
    # The secret has 256 random bits, so a plain digest cannot be reversed by guessing.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row) -> ApiKey:  # type: ignore[type-arg]
    return ApiKey(
        id=row.id, user=row.user_id, trusts_headers=row.trusts_headers, created=row.created_at, revoked=row.revoked_at
    )
