"""What each person agreed to: that a model is trained on their conversations, and what is done with what is sensitive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update

from memory.consent.marks import Marker, said
from memory.consent.modes import MODES, Mode
from memory.consent.sensitive import Topic
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import Line
from memory.storage import user_rows
from memory.storage.engine import Database
from memory.storage.rewrites import Rewrite, forget
from memory.storage.schema import rewrites, turns, users


@dataclass(frozen=True)
class Agreement:
    """What a person said to training: yes or no, and when."""

    training: bool
    since: datetime


class Consent:
    """The agreements of all users. Every public method is one transaction.

    Args:
        database: Where they are.
        marker: What judges texts, with what this machine's settings say; None: nothing is judged.
    """

    def __init__(self, database: Database, marker: Marker | None = None) -> None:
        self._db = database
        self._marker = marker

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
            if not user_rows.is_known(connection, user_id, hold=True):
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
            connection.execute(update(users).where(users.c.id == user_id).values(training=training, training_since=now))
            if not training:
                forget(connection, user_id)
        return Agreement(training, now)

    def chosen(self, user_id: str) -> Mode | None:
        """Return what a person chose for sensitive things; None: nothing yet."""
        with self._db.read() as connection:
            return said(connection, user_id)

    def mode(self, user_id: str) -> Mode:
        """Return what is done with what is sensitive: as this machine's settings say, else as the person chose, else `off`."""
        if self._marker is None:
            return "off"
        with self._db.glance() as connection:
            return self._marker.mode(connection, user_id)

    @property
    def machine(self) -> Mode | None:
        """What this machine's settings say for everybody; None: each person chooses."""
        return self._marker.machine if self._marker else "off"

    def choose(self, user_id: str, mode: Mode) -> None:
        """Write down what is to be done with what is sensitive, from now on; somebody new may say so first of all.

        Raises:
            InvalidInput: There is no such choice, or this cannot be a user's name.
        """
        if mode not in MODES:
            raise InvalidInput(f"{mode!r} is no choice. Choose {', '.join(MODES[:-1])} or {MODES[-1]}.")
        with self._db.write() as connection:
            user_rows.ensure(connection, user_id)
            connection.execute(update(users).where(users.c.id == user_id).values(sensitive=mode))

    def unkept(self, user_id: str, text: str) -> Topic | None:
        """Return what sensitive thing a message tells of, where its person keeps nothing of that kind."""
        if self.mode(user_id) != "never-keep" or self._marker is None:
            return None
        topic = self._marker.judge(text)
        return None if topic == "credential" else topic

    def without_unkept(self, user_id: str, lines: Sequence[Line]) -> list[Line]:
        """Return those lines of a transcript that their person wants kept."""
        return [line for line in lines if self.unkept(user_id, line.text) is None]

    def was_marked_before(self, user_id: str, turn_id: str) -> bool:
        """Say whether another message of a user carries a mark than this one."""
        others = select(turns.c.id).where(turns.c.user_id == user_id, turns.c.sensitive.is_not(None), turns.c.id != turn_id)
        with self._db.read() as connection:
            return connection.execute(others.limit(1)).first() is not None

    def rewrites(self, user_id: str) -> list[Rewrite]:
        """Return what sessions made of profile and habits since the person agreed, oldest first."""
        query = select(rewrites).where(rewrites.c.user_id == user_id).order_by(rewrites.c.session, rewrites.c.kind)
        with self._db.read() as connection:
            return [Rewrite(row.session, row.kind, row.before, row.after) for row in connection.execute(query)]
