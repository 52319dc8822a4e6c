"""Who agreed that a model is trained on their conversations, and what is kept for it from then on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from memory import people
from memory.database import Database
from memory.errors import NotFound
from memory.schema import rewrites, users

Rewritten = Literal["core", "procedural"]


@dataclass(frozen=True)
class Agreement:
    """What a person said to training: yes or no, and when."""

    training: bool
    since: datetime


@dataclass(frozen=True)
class Rewrite:
    """What one session made of the profile, or of habits and goals."""

    session: int
    kind: Rewritten
    before: dict[str, str]
    after: dict[str, str]


class Consent:
    """The agreements of all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, user_id: str) -> Agreement | None:
        """Return what a person said; None: nothing yet, which is a no.

        Raises:
            NotFound: There is no such user.
        """
        with self._db.read() as connection:
            row = connection.execute(select(users).where(users.c.id == user_id)).first()
        if row is None:
            raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
        return None if row.training is None else Agreement(row.training, row.training_since)

    def say(self, user_id: str, *, training: bool) -> Agreement:
        """Write down what a person says; who says no to it has nothing kept for it from then on.

        Raises:
            NotFound: There is no such user.
        """
        now = datetime.now(UTC)
        with self._db.write() as connection:
            if not people.is_known(connection, user_id, hold=True):
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
            connection.execute(update(users).where(users.c.id == user_id).values(training=training, training_since=now))
            if not training:
                forget(connection, user_id)
        return Agreement(training, now)

    def asks(self, user_id: str) -> bool:
        """Say whether this person is asked before something sensitive is remembered; they are, unless they said otherwise."""
        with self._db.read() as connection:
            return not connection.execute(select(users.c.sensitive).where(users.c.id == user_id)).scalar()

    def keep_sensitive(self, user_id: str, *, unasked: bool) -> None:
        """Write down whether sensitive things are remembered without asking, from now on.

        Raises:
            NotFound: There is no such user.
        """
        with self._db.write() as connection:
            if not people.is_known(connection, user_id, hold=True):
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
            connection.execute(update(users).where(users.c.id == user_id).values(sensitive=unasked))

    def rewrites(self, user_id: str) -> list[Rewrite]:
        """Return what sessions made of profile and habits since the person agreed, oldest first."""
        query = select(rewrites).where(rewrites.c.user_id == user_id).order_by(rewrites.c.session, rewrites.c.kind)
        with self._db.read() as connection:
            return [Rewrite(row.session, row.kind, row.before, row.after) for row in connection.execute(query)]


def keep(
    connection: Connection, user_id: str, session: int, kind: Rewritten, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Keep what a session made of a set, where the person agreed, inside the caller's transaction."""
    agreed = connection.execute(select(users.c.training).where(users.c.id == user_id)).scalar()
    if agreed:
        key = (rewrites.c.user_id == user_id) & (rewrites.c.session == session) & (rewrites.c.kind == kind)
        connection.execute(delete(rewrites).where(key))
        row = {"user_id": user_id, "session": session, "kind": kind, "before": dict(before), "after": dict(after)}
        connection.execute(insert(rewrites).values(row))


def forget(connection: Connection, user_id: str) -> None:
    """Throw away what was kept: who forgets one thing may have it in any of these sets, in other words."""
    connection.execute(delete(rewrites).where(rewrites.c.user_id == user_id))
