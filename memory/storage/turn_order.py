"""The order of turns: by time, and of one time by arrival (SQL, within the caller's transaction).

A message that is said now is said now, whatever was told to lie ahead of the clock; imported history takes its own place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from memory.core import clock
from memory.core.errors import TimeOrderError
from memory.core.records import Turn, TurnState
from memory.storage.schema import turns
from memory.storage.turn_rows import SAID, to_turn

IN_ORDER = (turns.c.at, turns.c.seq)
LATEST_FIRST = (turns.c.at.desc(), turns.c.seq.desc())

_OF_USER = turns.c.user_id == bindparam("user")
_NEWEST = select(*SAID).where(_OF_USER, turns.c.state != TurnState.REPLACED).order_by(*LATEST_FIRST).limit(1)
# The clock may have been set back since a turn came: what it did not lie ahead of then, it does not lie ahead of now.
_NOT_AHEAD = _NEWEST.where(or_(turns.c.at <= bindparam("now"), turns.c.at <= turns.c.received_at))
_LAST_SEQ = select(func.max(turns.c.seq)).where(_OF_USER)


def newest(connection: Connection, user_id: str) -> Turn | None:
    """Return the user's newest turn, without how its reply came to be."""
    row = connection.execute(_NEWEST, {"user": user_id}).first()
    return to_turn(row) if row else None


def newest_not_ahead(connection: Connection, user_id: str, now: datetime) -> Turn | None:
    """Return the user's newest turn of those that do not lie ahead of the clock, or did not when they came."""
    row = connection.execute(_NOT_AHEAD, {"user": user_id, "now": now}).first()
    return to_turn(row) if row else None


def next_seq(connection: Connection, user_id: str) -> int:
    """Return the place in the order of arrival that the user's next turn has."""
    return int(connection.execute(_LAST_SEQ, {"user": user_id}).scalar() or 0) + 1


def stamp(connection: Connection, user_id: str, time: datetime | None, zone: str | None) -> datetime:
    """Return the time of a message that is said: a live message never goes back in time.

    Args:
        connection: The caller's.
        user_id: Who says it.
        time: When it is said; None: now, or after a clock that was set back, the time of the newest turn.
        zone: The zone of now; this machine's when None.

    Raises:
        TimeOrderError: `time` lies before the newest turn, or before the newest that does not lie ahead of the clock where
            `time` does not either.
    """
    now = clock.now(zone)
    # As instants: within one zone Python compares wall clocks, and the night of a time change has one hour twice.
    ahead = time is not None and time.timestamp() > now.timestamp()
    last = newest(connection, user_id) if ahead else newest_not_ahead(connection, user_id, now)
    said = time or now
    if last is None or said.timestamp() >= last.time.timestamp():
        return said
    if time is None:
        return last.time.astimezone(now.tzinfo)
    raise TimeOrderError(
        f"The time {clock.show(time)} lies before this user's last turn, {clock.show(last.time)}. Give that time or a later "
        "one, or leave it out for now. What was said earlier goes into a file that `persona ingest` takes."
    )


def next_in_session(user_id: str, session: int, time: datetime, seq: int) -> ColumnElement[bool]:
    """Return the condition that a turn is the next one of a session after a time and place of arrival."""
    others = turns.alias()
    after = (
        select(others.c.id)
        .where(others.c.user_id == user_id, others.c.session == session, others.c.state != TurnState.REPLACED)
        .where(others.c.at >= time, or_(others.c.at > time, others.c.seq > seq))
        .order_by(others.c.at, others.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    return turns.c.id == after
