"""What is done with what is sensitive: marked always; asked about, or not kept, where the person or the machine chose so.

Decision 059.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, bindparam, select

from memory.consent.modes import DEFAULT, Mode
from memory.consent.sensitive import Topic
from memory.storage.schema import users

_SAID = select(users.c.sensitive).where(users.c.id == bindparam("user"))


@dataclass(frozen=True)
class Marker:
    """Judges texts, and says what is done with those that are sensitive.

    Attributes:
        judge: Returns what sensitive thing a text tells of, or None.
        machine: What this machine's settings say; it wins over what a person chose. None: they say nothing.
    """

    judge: Callable[[str], Topic | None]
    machine: Mode | None = None

    def mode(self, connection: Connection, user_id: str) -> Mode:
        """Return what holds for a user: the machine's setting, else their own answer, else `off`."""
        return self.machine or said(connection, user_id) or DEFAULT

    def pending(self, connection: Connection, user_id: str, topic: Topic | None) -> Topic | None:
        """Return the topic where a text that tells of it is pending approval, None where it is remembered at once.

        What is not to be kept is pending until it is dropped: nothing recalls it meanwhile.
        """
        if topic is None or topic == "credential":
            return topic
        return None if self.mode(connection, user_id) == "off" else topic

    def drops(self, connection: Connection, user_id: str, topic: Topic | None) -> bool:
        """Say whether a text that tells of this is not to be kept at all."""
        return topic not in (None, "credential") and self.mode(connection, user_id) == "never-keep"


def said(connection: Connection, user_id: str) -> Mode | None:
    """Return what a person chose; None: nothing yet."""
    return cast("Mode | None", connection.execute(_SAID, {"user": user_id}).scalar())
