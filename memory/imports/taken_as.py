"""Finds a talk between people that is here already with another of them as the person (SQL).

What others said gives no facts, so a wrong name has to be put right, and not to be skipped as known.
"""

from __future__ import annotations

import shlex
from collections import Counter

from sqlalchemy import Connection, func, select

from memory.core.errors import InvalidInput
from memory.imports.matching import Stored
from memory.imports.staging import Comparable
from memory.storage.schema import turns


class OtherPerson(InvalidInput):
    """A talk is here already with another of its people as the person.

    Attributes:
        me: Who that is; empty if that is not known.
    """

    code = "other_person"
    me = ""


class Tally:
    """Compares whom a source takes for the person with whom its stored turns took."""

    def __init__(self) -> None:
        self._own = 0
        self._other_person: Counter[str] = Counter()

    def note(self, line: Comparable, stored: Stored) -> None:
        """Count a line that is here already; only lines that the person said, here or there, tell whom it was taken for."""
        if line.speaker is None or stored.import_id is None or (line.by_other and stored.by_other):
            return
        self._own += 1
        self._other_person[stored.import_id] += line.by_other != stored.by_other

    def check(self, connection: Connection, user_id: str) -> None:
        """Refuse the source if most of what the person said in it is here as said by another one.

        Raises:
            OtherPerson: It is.
        """
        if 2 * self._other_person.total() <= self._own:
            return
        [(import_id, _)] = self._other_person.most_common(1)
        me = _me(connection, user_id, import_id)
        right = f" If {me} is right, give that name with --me." if me else ""
        error = OtherPerson(
            f"These messages are here already with {me or 'another one'} as you. Undo that import (`persona imports undo "
            f"{import_id} --user {shlex.quote(user_id)}`), then import again with --me.{right}"
        )
        error.me = me
        raise error


def _me(connection: Connection, user_id: str, import_id: str) -> str:
    """Return the name under which the person said most in an import."""
    own = (turns.c.user_id == user_id) & (turns.c.import_id == import_id) & turns.c.by_other.is_(False)
    query = select(turns.c.speaker).where(own, turns.c.speaker.is_not(None)).group_by(turns.c.speaker)
    return str(connection.execute(query.order_by(func.count().desc(), turns.c.speaker).limit(1)).scalar() or "")
