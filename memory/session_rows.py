"""Rows of sessions: how one begins, and how it ends and waits to be consolidated."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from memory import clock, pending
from memory.records import TurnState
from memory.schema import sessions, turns

_ENDED = select(sessions.c.ended).where(sessions.c.user_id == bindparam("user"), sessions.c.number == bindparam("session"))


def begin(connection: Connection, user_id: str, session: int) -> None:
    """Write a session down as it opens."""
    connection.execute(insert(sessions).values(user_id=user_id, number=session, ended=False, summed_up=False))


def is_ended(connection: Connection, user_id: str, session: int) -> bool:
    """Say whether a session was ended, whatever its time."""
    return bool(connection.execute(_ENDED, {"user": user_id, "session": session}).scalar())


def end(connection: Connection, user_id: str, session: int, seq: int) -> None:
    """End a session whose last turn is `seq`; once: it then waits to be consolidated."""
    ended = connection.execute(
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.number == session, sessions.c.ended.is_(False))
        .values(ended=True)
    )
    if ended.rowcount:
        pending.add(connection, user_id, "consolidate", str(session), seq=seq)


def end_stale(connection: Connection, instant: datetime) -> int:
    """End those whose last turn was said in real time and lies 60 real minutes back; returns how many."""
    said = turns.alias()
    mine = (said.c.user_id == sessions.c.user_id) & (said.c.state != TurnState.REPLACED)
    last = select(func.max(said.c.seq)).where(mine).correlate(sessions).scalar_subquery()
    open_ = (
        select(turns.c.user_id, turns.c.session, turns.c.seq)
        .select_from(sessions)
        .join(
            turns,
            (turns.c.user_id == sessions.c.user_id) & (turns.c.session == sessions.c.number) & (turns.c.seq == last),
        )
        .where(
            sessions.c.ended.is_(False),
            turns.c.real_time.is_(True),
            turns.c.received_at <= clock.recent_since(instant),
        )
    )
    rows = connection.execute(open_).all()
    for row in rows:
        end(connection, row.user_id, row.session, row.seq)
    return len(rows)


def is_later_summed_up(connection: Connection, user_id: str, session: int) -> bool:
    """Say whether a session after this one has been consolidated already."""
    later = (sessions.c.user_id == user_id) & (sessions.c.number > session) & sessions.c.summed_up.is_(True)
    return connection.execute(select(sessions.c.number).where(later).limit(1)).first() is not None
