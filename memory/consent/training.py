"""Stores each person's agreement to training on their conversations, and their choice for sensitive messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from memory.consent.consent_rule import Marker, said
from memory.consent.modes import MODES, Mode
from memory.consent.sensitive import Topic
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import Line
from memory.storage import user_rows
from memory.storage.engine import Database
from memory.storage.rewrites import Rewrite, forget
from memory.storage.schema import rewrites, turns, users


@dataclass(frozen=True)
class Agreement:
    """A person's answer to training on their conversations.

    Attributes:
        training: Whether they agree.
        since: When they said so.
    """

    training: bool
    since: datetime


class Consent:
    """The agreements and choices of all users. Every public method is one transaction.

    Args:
        database: The database that stores them.
        marker: Judges texts, and knows this machine's settings. None: no text is judged.
    """

    def __init__(self, database: Database, marker: Marker | None = None) -> None:
        self._db = database
        self._marker = marker

    def of(self, user_id: str) -> Agreement | None:
        """Return a person's answer to training; None: they have not answered, which counts as no.

        Raises:
            NotFound: There is no such user.
        """
        with self._db.read() as connection:
            row = connection.execute(select(users).where(users.c.id == user_id)).first()
        if row is None:
            raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
        return None if row.training is None else Agreement(row.training, row.training_since)

    def say(self, user_id: str, *, training: bool) -> Agreement:
        """Store a person's answer to training. After a no, nothing is kept for training, and what was kept is deleted.

        Raises:
            NotFound: There is no such user.
        """
        now = clock.instant()
        with self._db.write(user_id) as connection:
            if not user_rows.is_known(connection, user_id, hold=True):
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
            connection.execute(update(users).where(users.c.id == user_id).values(training=training, training_since=now))
            if not training:
                forget(connection, user_id)
        return Agreement(training, now)

    def chosen(self, user_id: str) -> Mode | None:
        """Return the mode that a person chose for sensitive messages; None: they have not chosen yet."""
        with self._db.glance() as connection:
            return said(connection, user_id)

    def mode(self, user_id: str) -> Mode:
        """Return the mode for sensitive messages: this machine's setting, else the person's choice, else `off`."""
        if self._marker is None:
            return "off"
        with self._db.glance() as connection:
            return self._marker.mode(connection, user_id)

    @property
    def machine(self) -> Mode | None:
        """The mode that this machine's settings prescribe for everyone; None: each person chooses."""
        return self._marker.machine if self._marker else "off"

    def choose(self, user_id: str, mode: Mode) -> None:
        """Store a person's mode for sensitive messages from now on. A new user may choose before their first message.

        Raises:
            InvalidInput: There is no such mode, or the user name is not valid.
        """
        if mode not in MODES:
            raise InvalidInput(f"There is no mode {mode!r}. Choose {', '.join(MODES[:-1])} or {MODES[-1]}.")
        with self._db.write(user_id) as connection:
            user_rows.ensure(connection, user_id)
            connection.execute(update(users).where(users.c.id == user_id).values(sensitive=mode))

    def unkept(self, user_id: str, text: str) -> Topic | None:
        """Return the sensitive topic of a message that its person does not want kept; None if the message may be kept."""
        if self.mode(user_id) != "never-keep" or self._marker is None:
            return None
        topic = self._marker.judge(text)
        return None if topic == "credential" else topic

    def without_unkept(self, user_id: str, lines: Sequence[Line]) -> list[Line]:
        """Return the lines of a transcript that the person's mode allows to keep."""
        return [line for line in lines if self.unkept(user_id, line.text) is None]

    def was_marked_before(self, user_id: str, turn_id: str) -> bool:
        """Return whether any message of a user other than this one carries a mark."""
        others = select(turns.c.id).where(turns.c.user_id == user_id, turns.c.sensitive.is_not(None), turns.c.id != turn_id)
        with self._db.read() as connection:
            return connection.execute(others.limit(1)).first() is not None

    def rewrites(self, user_id: str) -> list[Rewrite]:
        """Return the rewrites of profile and habits since the person agreed to training, oldest first."""
        query = select(rewrites).where(rewrites.c.user_id == user_id).order_by(rewrites.c.session, rewrites.c.kind)
        with self._db.read() as connection:
            return [Rewrite(row.session, row.kind, row.before, row.after) for row in connection.execute(query)]
