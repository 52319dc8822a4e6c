"""The order of turns: by time, and turns with the same time by arrival (SQL, in the caller's transaction).

A live message has the current time, even if earlier messages were given a time in the future; imported history keeps its times.
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
# The clock may have been set back since a turn arrived: a turn that was not in the future then does not count as future now.
_NOT_AHEAD = _NEWEST.where(or_(turns.c.at <= bindparam("now"), turns.c.at <= turns.c.received_at))
_LAST_SEQ = select(func.max(turns.c.seq)).where(_OF_USER)


def newest(connection: Connection, user_id: str) -> Turn | None:
    """Return the user's newest turn, without its trace."""
    row = connection.execute(_NEWEST, {"user": user_id}).first()
    return to_turn(row) if row else None


def newest_not_ahead(connection: Connection, user_id: str, now: datetime) -> Turn | None:
    """Return the user's newest turn that is not in the future, or was not when it arrived."""
    row = connection.execute(_NOT_AHEAD, {"user": user_id, "now": now}).first()
    return to_turn(row) if row else None


def next_seq(connection: Connection, user_id: str) -> int:
    """Return the number of the user's next turn in the order of arrival."""
    return int(connection.execute(_LAST_SEQ, {"user": user_id}).scalar() or 0) + 1


def stamp(connection: Connection, user_id: str, time: datetime | None, zone: str | None) -> datetime:
    """Return the time of a new live message, which never lies before the user's last one.

    Args:
        connection: The caller's connection.
        user_id: The user.
        time: The given time; None: now or, if the clock was set back, the time of the newest turn.
        zone: The zone of the current time; None: the zone of this machine.

    Raises:
        TimeOrderError: `time` is in the future and lies before the newest turn; or it is not in the future and lies before the
            newest turn that is not in the future either.
    """
    now = clock.now(zone)
    # As instants: Python compares times of the same zone as wall clocks, and one hour occurs twice when clocks go back.
    ahead = time is not None and time.timestamp() > now.timestamp()
    last = newest(connection, user_id) if ahead else newest_not_ahead(connection, user_id, now)
    said = time or now
    if last is None or said.timestamp() >= last.time.timestamp():
        return said
    if time is None:
        return last.time.astimezone(now.tzinfo)
    raise TimeOrderError(
        f"The time {clock.show(time)} lies before this user's last turn, {clock.show(last.time)}. Give that time or a later "
        "one, or leave it out to use the current time. To add earlier messages, import them with `persona ingest`."
    )


def next_in_session(user_id: str, session: int, time: datetime, seq: int) -> ColumnElement[bool]:
    """Return the SQL condition for the next turn of a session after a time and a number in the order of arrival."""
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
