"""The consent rule: sensitive texts are always marked, and pending approval or not kept if the person or machine chose so.

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
    """Judges texts and decides what happens to the sensitive ones.

    Attributes:
        judge: Returns the sensitive topic of a text, or None.
        machine: The mode in this machine's settings, which overrides each person's choice. None: each person chooses.
    """

    judge: Callable[[str], Topic | None]
    machine: Mode | None = None

    def mode(self, connection: Connection, user_id: str) -> Mode:
        """Return the mode that applies to a user: the machine's setting, else the user's own choice, else `off`."""
        return self.machine or said(connection, user_id) or DEFAULT

    def pending(self, connection: Connection, user_id: str, topic: Topic | None) -> Topic | None:
        """Return the topic if a text about it is pending approval, or None if the text is remembered at once.

        A text that must not be kept is pending until it is dropped, so that nothing recalls it meanwhile.
        """
        if topic is None or topic == "credential":
            return topic
        return None if self.mode(connection, user_id) == "off" else topic

    def drops(self, connection: Connection, user_id: str, topic: Topic | None) -> bool:
        """Return whether a text about this topic must not be kept at all."""
        return topic not in (None, "credential") and self.mode(connection, user_id) == "never-keep"


def said(connection: Connection, user_id: str) -> Mode | None:
    """Return the mode that a person chose; None: they have not chosen yet."""
    return cast("Mode | None", connection.execute(_SAID, {"user": user_id}).scalar())
