"""One step of the personality timeline: the scores before and after a message (SQL, read-only)."""

from __future__ import annotations

from sqlalchemy import select

from memory.browse.memories import Browse
from memory.core.records import BigFive, PersonalityPoint
from memory.personality.timeline import COUNTS, NEWEST_FIRST, is_before, to_point
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
        made = select(personality).where(mine, personality.c.turn_id == turn_id)
        with self._db.read() as connection:
            row = connection.execute(made).first()
            if row is None:
                return None
            earlier = select(personality).where(mine, is_before(row.place, row.id)).order_by(*NEWEST_FIRST).limit(1)
            before = connection.execute(earlier).first()
        return to_point(before).scores if before else BigFive(), to_point(row)
