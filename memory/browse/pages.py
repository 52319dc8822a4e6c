"""Pages that begin after a given entry, for programs that page while memories are added or forgotten (SQL, read-only).

A page by number would show an entry twice, or skip one, as soon as something before it is added or forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, exists, func, or_, select

from memory.browse.memories import Browse
from memory.core.records import Turn, TurnState
from memory.core.time_window import ALL_TIME, TimeWindow
from memory.storage.memory_rows import MemoryRecord, to_record
from memory.storage.schema import memories, sessions, turns
from memory.storage.turn_order import LATEST_FIRST
from memory.storage.turn_rows import SAID, to_turn
from memory.stores import corrections

_GONE = (TurnState.FORGOTTEN, TurnState.REPLACED)


class MemoryPlace(NamedTuple):
    """The place of a memory in the order newest first: its time, then its id."""

    at: datetime
    id: str


class TurnPlace(NamedTuple):
    """The place of a message in the order newest first: its time, then its number in the order of arrival."""

    at: datetime
    seq: int


class Pages:
    """Pages of the memories and messages of a journal's users. Every public method is one transaction.

    Args:
        browse: The pages of the same journal.
    """

    def __init__(self, browse: Browse) -> None:
        self._db = browse._db  # noqa: SLF001 - more pages of the same database

    def memories(
        self,
        user_id: str,
        kinds: Collection[str],
        window: TimeWindow = ALL_TIME,
        *,
        turn_id: str | None = None,
        limit: int,
        after: MemoryPlace | None = None,
    ) -> tuple[list[MemoryRecord], int]:
        """Return a page of memories of some types, newest first, and the number on all pages; pending approvals are included.

        Args:
            user_id: The user.
            kinds: The types of memory.
            window: When they were said.
            turn_id: Only what was taken from this message.
            limit: Most memories to return.
            after: The place of the last memory of the page before; None: the first page.
        """
        which = and_(
            memories.c.user_id == user_id,
            memories.c.hidden_at.is_(None),
            memories.c.kind.in_(list(kinds)),
            *window.sql(memories.c.at),
        )
        if turn_id is not None:
            which = and_(which, memories.c.source == turn_id)
        page = select(memories).where(which).order_by(memories.c.at.desc(), memories.c.id).limit(limit)
        if after is not None:
            same_time = and_(memories.c.at == after.at, memories.c.id > after.id)
            page = page.where(or_(memories.c.at < after.at, same_time))
        with self._db.read() as connection:
            total = connection.execute(select(func.count()).select_from(memories).where(which)).scalar_one()
            records = [to_record(row) for row in connection.execute(page)]
            return corrections.marked(connection, user_id, records), total

    def turns(
        self,
        user_id: str,
        window: TimeWindow = ALL_TIME,
        *,
        session: int | None = None,
        limit: int,
        after: TurnPlace | None = None,
    ) -> tuple[list[Turn], int]:
        """Return a page of messages without traces, newest first, and the number on all pages.

        Args:
            user_id: The user.
            window: When they were said.
            session: Only the messages of this session.
            limit: Most messages to return.
            after: The place of the last message of the page before; None: the first page.
        """
        which = and_(turns.c.user_id == user_id, turns.c.state.not_in(_GONE), *window.sql(turns.c.at))
        if session is not None:
            which = and_(which, turns.c.session == session)
        page = select(*SAID).where(which).order_by(*LATEST_FIRST).limit(limit)
        if after is not None:
            same_time = and_(turns.c.at == after.at, turns.c.seq < after.seq)
            page = page.where(or_(turns.c.at < after.at, same_time))
        with self._db.read() as connection:
            total = connection.execute(select(func.count()).select_from(turns).where(which)).scalar_one()
            said = [to_turn(row) for row in connection.execute(page)]
            return corrections.marked_turns(connection, user_id, said), total

    def talks(self, user_id: str) -> int:
        """Return the number of conversations that have a message."""
        with self._db.read() as connection:
            return _talks(connection, user_id)


def _talks(connection: Connection, user_id: str) -> int:
    mine = (turns.c.user_id == sessions.c.user_id) & (turns.c.session == sessions.c.number) & turns.c.state.not_in(_GONE)
    query = select(func.count()).select_from(sessions).where(sessions.c.user_id == user_id, exists().where(mine))
    return connection.execute(query).scalar_one()
