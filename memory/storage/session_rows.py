"""Rows of sessions: starting a session, ending it, and queueing its consolidation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update

from memory.core import clock
from memory.core.records import TurnState
from memory.storage import work_queue
from memory.storage.schema import sessions, turns

_ENDED = select(sessions.c.ended).where(sessions.c.user_id == bindparam("user"), sessions.c.number == bindparam("session"))
_LAST_NUMBER = select(func.max(sessions.c.number)).where(sessions.c.user_id == bindparam("user"))
_OF_SESSION = (turns.c.user_id == sessions.c.user_id) & (turns.c.session == sessions.c.number)
_OPEN = select(
    sessions.c.number,
    select(func.min(turns.c.at)).where(_OF_SESSION).correlate(sessions).scalar_subquery().label("first"),
    select(func.max(turns.c.at)).where(_OF_SESSION).correlate(sessions).scalar_subquery().label("last"),
).where(sessions.c.user_id == bindparam("user"), sessions.c.ended.is_(False))
_LAST_SEQ = select(func.max(turns.c.seq)).where(
    turns.c.user_id == bindparam("user"), turns.c.session == bindparam("session"), turns.c.state != TurnState.REPLACED
)


def begin(connection: Connection, user_id: str, at: datetime) -> int:
    """Store a new session that starts at `at`; returns its number."""
    number = next_number(connection, user_id)
    connection.execute(insert(sessions).values(user_id=user_id, number=number, ended=False, summed_up=False, begun=at))
    return number


def next_number(connection: Connection, user_id: str) -> int:
    """Return the number of the user's next session."""
    return int(connection.execute(_LAST_NUMBER, {"user": user_id}).scalar() or 0) + 1


def place(connection: Connection, user_id: str, at: datetime, *, live: bool) -> int:
    """Return the session of a turn at `at`: an open session less than 60 minutes away, or a new one.

    Open sessions whose last turn lies 60 minutes or more before `at` are ended. With `live`, this also ends sessions that begin
    60 minutes or more after `at`: the person talks now, and turns with a later time are a separate conversation.
    """
    joined = None
    # Newest first: if several open sessions are near, the turn continues the newest one.
    for row in sorted(connection.execute(_OPEN, {"user": user_id}), key=lambda row: -row.number):
        over, ahead = _gap(row.last, at), _gap(at, row.first)
        if not over and not ahead:
            joined = joined or row
        elif over or live:
            end(connection, user_id, row.number)
    if joined is None:
        return begin(connection, user_id, at)
    if at.timestamp() < joined.first.timestamp():
        mine = (sessions.c.user_id == user_id) & (sessions.c.number == joined.number)
        connection.execute(update(sessions).where(mine).values(begun=at))
    return int(joined.number)


def _gap(earlier: datetime | None, later: datetime | None) -> bool:
    return earlier is not None and later is not None and clock.starts_session(earlier, later)


def is_ended(connection: Connection, user_id: str, session: int) -> bool:
    """Return whether a session has been ended."""
    return bool(connection.execute(_ENDED, {"user": user_id, "session": session}).scalar())


def end(connection: Connection, user_id: str, session: int) -> None:
    """End a session and queue its consolidation after its last turn; does nothing if it has ended already."""
    ended = connection.execute(
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.number == session, sessions.c.ended.is_(False))
        .values(ended=True)
    )
    if ended.rowcount:
        seq = connection.execute(_LAST_SEQ, {"user": user_id, "session": session}).scalar_one()
        work_queue.add(connection, user_id, "consolidate", str(session), seq=seq)


def end_passed(connection: Connection, user_id: str, at: datetime) -> None:
    """End the user's open sessions whose last turn lies 60 minutes or more before `at`."""
    for row in connection.execute(_OPEN, {"user": user_id}).all():
        if _gap(row.last, at):
            end(connection, user_id, row.number)


def end_open(connection: Connection, user_id: str) -> None:
    """End every open session of a user."""
    for row in connection.execute(_OPEN, {"user": user_id}).all():
        end(connection, user_id, row.number)


def stale(connection: Connection, instant: datetime, user_id: str | None = None) -> list[tuple[str, int]]:
    """Return (user, number) of the open sessions whose last turn was said in real time at least 60 minutes ago.

    Args:
        connection: The caller's connection.
        instant: The present.
        user_id: Of this user; None: of all.
    """
    # The last turn by arrival: an earlier turn may have been given a later time.
    kept = turns.c.state != TurnState.REPLACED
    last = select(func.max(turns.c.seq)).where(_OF_SESSION, kept).correlate(sessions).scalar_subquery()
    said = turns.alias()
    open_ = (
        select(sessions.c.user_id, sessions.c.number)
        .select_from(sessions)
        .join(said, (said.c.user_id == sessions.c.user_id) & (said.c.seq == last))
        .where(
            sessions.c.ended.is_(False),
            said.c.real_time.is_(True),
            said.c.received_at <= clock.recent_since(instant),
        )
    )
    if user_id is not None:
        open_ = open_.where(sessions.c.user_id == user_id)
    return [(row.user_id, row.number) for row in connection.execute(open_)]


def is_summed_up(connection: Connection, user_id: str, session: int) -> bool:
    """Return whether a session has been consolidated before."""
    return bool(connection.execute(select(sessions.c.summed_up).where(*_this(user_id, session))).scalar())


def is_later_summed_up(connection: Connection, user_id: str, session: int, now: datetime) -> bool:
    """Return whether a session with a later last turn has been consolidated already.

    For a session that began by `now`, sessions in the future do not count: turns dated next year do not make today's outdated.
    """
    last = select(func.max(turns.c.at)).where(_OF_SESSION).correlate(sessions).scalar_subquery()
    row = connection.execute(select(sessions.c.begun, last.label("last")).where(*_this(user_id, session))).first()
    if row is None or row.last is None:
        return False
    later = (sessions.c.user_id == user_id) & sessions.c.summed_up.is_(True) & (sessions.c.number != session)
    later &= (last > row.last) | ((last == row.last) & (sessions.c.number > session))
    if row.begun <= now:
        later &= sessions.c.begun <= now
    return connection.execute(select(sessions.c.number).where(later).limit(1)).first() is not None


def _this(user_id: str, session: int) -> tuple[ColumnElement[bool], ...]:
    return sessions.c.user_id == user_id, sessions.c.number == session
