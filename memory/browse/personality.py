"""One step of the personality timeline: the scores before and after a message (SQL, read-only)."""

from __future__ import annotations

from sqlalchemy import select

from memory.browse.memories import Browse
from memory.core.records import BigFive, PersonalityPoint
from memory.personality.timeline import COUNTS, to_point
from memory.storage.schema import personality


class TimelineSteps:
    """Steps of the personality timelines of a journal's users.

    Args:
        browse: The pages of the same journal.
    """

    def __init__(self, browse: Browse) -> None:
        self._db = browse._db  # noqa: SLF001 - one more page of the same database

    def of_turn(self, user_id: str, turn_id: str) -> tuple[BigFive, PersonalityPoint] | None:
        """Return the scores before a message changed them, and the message's point; None if it has no point."""
        mine = (personality.c.user_id == user_id) & COUNTS
        made = select(personality.c.id).where(mine, personality.c.turn_id == turn_id).scalar_subquery()
        query = select(personality).where(mine, personality.c.id <= made).order_by(personality.c.id.desc()).limit(2)
        with self._db.read() as connection:
            found = [to_point(row) for row in connection.execute(query)]
        if not found:
            return None
        return found[1].scores if len(found) > 1 else BigFive(), found[0]
