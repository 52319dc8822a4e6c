"""Browsing memories page by page, as fast with ten thousand messages as with ten (SQL, read-only)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from memory.core import clock
from memory.core.records import Episode, PersonalityPoint, Turn, TurnState
from memory.core.time_window import ALL_TIME, TimeWindow
from memory.core.validation import user_name
from memory.forgetting.cascade import Cascade
from memory.personality.timeline import COUNTS, NEWEST_FIRST, to_point
from memory.storage.engine import Database
from memory.storage.memory_rows import MemoryRecord, to_record
from memory.storage.schema import forgettings, memories, personality, sessions, turns
from memory.storage.tombstones import UNDO_WINDOW
from memory.storage.turn_order import IN_ORDER
from memory.storage.turn_rows import to_turn
from memory.stores import corrections

_GONE = (TurnState.FORGOTTEN, TurnState.REPLACED)


@dataclass(frozen=True)
class Talk:
    """One conversation.

    Attributes:
        session: Its session number.
        begun: The time of its first message.
        turns: Number of its messages.
        first: Its first message.
        topic: Its topic, once it is summarised.
    """

    session: int
    begun: datetime
    turns: int
    first: str
    topic: str | None = None


@dataclass(frozen=True)
class Undoable:
    """Something that was forgotten and can still be restored.

    Attributes:
        subject: Id of the thing that the person forgot.
        kind: Its type: a type of memory, `turn` or `photo`.
        until: When it is purged.
        counts: Numbers of things forgotten with it, by type.
    """

    subject: str
    kind: str
    until: datetime
    counts: dict[str, int]


class Browse:
    """Pages of the memories and conversations of a journal's users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def memories(
        self,
        user_id: str,
        kinds: Collection[str],
        window: TimeWindow = ALL_TIME,
        *,
        limit: int,
        offset: int = 0,
    ) -> tuple[list[MemoryRecord], int]:
        """Return a page of memories of some types, newest first, and their total number; pending approvals are included.

        Args:
            user_id: The user.
            kinds: The types of memory.
            window: When they were said.
            limit: Most memories to return.
            offset: Number of memories to skip.
        """
        which: list[ColumnElement[bool]] = [
            memories.c.user_id == user_id,
            memories.c.hidden_at.is_(None),
            memories.c.kind.in_(list(kinds)),
        ]
        which += window.sql(memories.c.at)
        newest = select(memories).where(*which).order_by(memories.c.at.desc(), memories.c.id).limit(limit).offset(offset)
        with self._db.read() as connection:
            total = connection.execute(select(func.count()).select_from(memories).where(*which)).scalar_one()
            records = [to_record(row) for row in connection.execute(newest)]
            return corrections.marked(connection, user_id, records), total

    def counts(self, user_id: str) -> dict[str, int]:
        """Return the number of memories of each type, and of messages (`turn`)."""
        query = (
            select(memories.c.kind, func.count())
            .where(memories.c.user_id == user_id, memories.c.hidden_at.is_(None))
            .group_by(memories.c.kind)
        )
        said = select(func.count()).select_from(turns).where(turns.c.user_id == user_id, turns.c.state.not_in(_GONE))
        with self._db.read() as connection:
            found = {str(row[0]): int(row[1]) for row in connection.execute(query)}
            return {**found, "turn": connection.execute(said).scalar_one()}

    def talks(self, user_id: str, *, limit: int, before: int | None = None) -> list[Talk]:
        """Return conversations, newest first; with `before`, only those that began before that session."""
        said = turns.alias()
        mine = (said.c.user_id == sessions.c.user_id) & (said.c.session == sessions.c.number) & said.c.state.not_in(_GONE)
        query = select(sessions.c.number).where(sessions.c.user_id == user_id, exists().where(mine))
        with self._db.read() as connection:
            if before is not None:
                given = (sessions.c.user_id == user_id) & (sessions.c.number == before)
                begun = connection.execute(select(sessions.c.begun).where(given)).scalar()
                earlier = (sessions.c.begun == begun) & (sessions.c.number < before)
                query = query.where((sessions.c.begun < begun) | earlier)
            newest = query.order_by(sessions.c.begun.desc(), sessions.c.number.desc()).limit(limit)
            numbers = list(connection.execute(newest).scalars())
            said_in = _firsts(connection, user_id, numbers)
            rows = connection.execute(_topics(user_id, numbers)).all()
            topics = corrections.marked(connection, user_id, [to_record(row) for row in reversed(rows)])
            about = {str(topic.session): topic.summary for topic in topics if isinstance(topic, Episode)}
        return [
            Talk(
                session=number,
                begun=said_in[number].at.astimezone(clock.zone_of(said_in[number].zone)),
                turns=said_in[number].turns,
                first=said_in[number].text,
                topic=about.get(str(number)),
            )
            for number in numbers
        ]

    def undoable(self, user_id: str) -> list[Undoable]:
        """Return the forgotten things that are not purged yet, newest first."""
        query = select(forgettings).where(forgettings.c.user_id == user_id, forgettings.c.purged_at.is_(None))
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(forgettings.c.at.desc())).all()
        return [Undoable(row.subject, row.kind, row.at + UNDO_WINDOW, Cascade.from_json(row.reach).counts()) for row in rows]

    def points(self, user_id: str, most: int) -> tuple[list[PersonalityPoint], int]:
        """Return the personality timeline, oldest first, thinned evenly to about `most` points, and the total number of points.

        Pins, resets and the newest point are never left out.
        """
        mine = (personality.c.user_id == user_id) & COUNTS
        number = func.row_number().over(order_by=NEWEST_FIRST).label("number")
        with self._db.read() as connection:
            total = connection.execute(select(func.count()).select_from(personality).where(mine)).scalar_one()
            step = max(1, -(-total // most))
            numbered = select(personality, number).where(mine).subquery()
            kept = (numbered.c.number % step == 1 % step) | (numbered.c.cause != "turn")
            rows = connection.execute(select(numbered).where(kept).order_by(numbered.c.place, numbered.c.id)).all()
        return [to_point(row) for row in rows], total

    def last_points(self, user_id: str, limit: int, offset: int = 0) -> list[PersonalityPoint]:
        """Return points of the personality timeline, newest first."""
        query = select(personality).where(personality.c.user_id == user_id, COUNTS).order_by(*NEWEST_FIRST)
        with self._db.read() as connection:
            return [to_point(row) for row in connection.execute(query.limit(limit).offset(offset))]

    def session_of(self, user_id: str, turn_id: str) -> int | None:
        """Return the session number of a message; None if the user has no such message."""
        query = select(turns.c.session).where(turns.c.user_id == user_id, turns.c.id == turn_id, turns.c.state.not_in(_GONE))
        with self._db.read() as connection:
            return connection.execute(query).scalar()

    def first_turn(self, user_id: str, session: int) -> str | None:
        """Return the id of a conversation's first message; None if no message is left."""
        which = (turns.c.user_id == user_id) & (turns.c.session == session) & turns.c.state.not_in(_GONE)
        with self._db.read() as connection:
            return connection.execute(select(turns.c.id).where(which).order_by(*IN_ORDER).limit(1)).scalar()

    def written_in(self, user_id: str, memory_ids: Collection[str]) -> dict[str, int]:
        """Return the session that each line of profile and habits comes from, by id; lines that the person wrote have none."""
        query = select(memories.c.id, memories.c.source, memories.c.user_id).where(memories.c.id.in_(list(memory_ids)))
        lines = query.where(memories.c.kind.in_(["core", "procedural"]))
        with self._db.read() as connection:
            rows = connection.execute(lines).all()
        return {row.id: int(row.source) for row in rows if row.user_id == user_name(user_id) and row.source.isdecimal()}

    def turns_by_id(self, user_id: str, turn_ids: Collection[str]) -> dict[str, Turn]:
        """Return messages by id; forgotten ones and those of other users are left out."""
        query = select(turns).where(turns.c.id.in_(list(turn_ids)))
        with self._db.read() as connection:
            rows = connection.execute(query).all()
            mine = [to_turn(row) for row in rows if row.user_id == user_name(user_id) and row.state not in _GONE]
            return {turn.id: turn for turn in corrections.marked_turns(connection, user_id, mine)}

    def days(self, user_id: str) -> tuple[datetime, datetime] | None:
        """Return the times of the first and (one second after) the last memory; None if there are no memories."""
        query = select(func.min(memories.c.at), func.max(memories.c.at))
        with self._db.read() as connection:
            first, last = connection.execute(query.where(memories.c.user_id == user_id, memories.c.hidden_at.is_(None))).one()
        return (first, last + timedelta(seconds=1)) if first is not None else None


def _firsts(connection: Connection, user_id: str, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """Return the first message of each conversation, with the number of its messages."""
    place = func.row_number().over(partition_by=turns.c.session, order_by=IN_ORDER).label("place")
    count = func.count().over(partition_by=turns.c.session).label("turns")
    columns = (turns.c.id, turns.c.session, place, count)
    which = (turns.c.user_id == user_id) & turns.c.session.in_(list(numbers)) & turns.c.state.not_in(_GONE)
    placed = select(*columns).where(which).subquery()
    query = select(turns.c.session, turns.c.at, turns.c.zone, turns.c.text, placed.c.turns)
    rows = connection.execute(query.join(placed, placed.c.id == turns.c.id).where(placed.c.place == 1))
    return {row.session: row for row in rows}  # type: ignore[misc] # the stubs name a Row in two ways


def _topics(user_id: str, sessions: Sequence[int]) -> Select[Any]:
    return (
        select(memories)
        .where(memories.c.user_id == user_id, memories.c.kind == "episodic", memories.c.hidden_at.is_(None))
        .where(memories.c.source.in_([str(number) for number in sessions]))
        .order_by(memories.c.at, memories.c.id)
    )
