"""Imports a whole transcript: finds its new turns and divides them into sessions (SQL, in one transaction)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.records import Line, TurnState, make_id
from memory.storage import session_rows, tombstones, turn_order, user_rows
from memory.storage.schema import sessions, turns, work
from memory.storage.work_queue import RANKS

_ROWS_PER_INSERT = 500
_UNCOUNTED_STATES = (TurnState.REPLACED, TurnState.FORGOTTEN)


def new(connection: Connection, user_id: str, lines: Sequence[Line]) -> list[int]:
    """Return the positions of the new lines, in the order of their times; lines of one time keep their given order.

    Of several lines with the same time and text, the n-th corresponds to the n-th such turn in the journal, forgotten turns
    included.
    """
    if not lines:
        return []
    stored = _stored(connection, user_id, min(line.time for line in lines), max(line.time for line in lines))
    marked = tombstones.digests(connection, user_id)
    missing, met = [], Counter[tuple[float, str]]()
    for place in sorted(range(len(lines)), key=lambda place: lines[place].time.timestamp()):
        line = lines[place]
        key = (line.time.timestamp(), line.text)
        if key not in met:
            stored[key] += tombstones.times_forgotten(marked, line.time, line.text)
        met[key] += 1
        if met[key] > stored[key]:
            missing.append(place)
    return missing


def _stored(connection: Connection, user_id: str, first: datetime, last: datetime) -> Counter[tuple[float, str]]:
    query = select(turns.c.at, turns.c.text).where(
        turns.c.user_id == user_id, turns.c.at >= first, turns.c.at <= last, turns.c.state.not_in(_UNCOUNTED_STATES)
    )
    return Counter((row.at.timestamp(), row.text) for row in connection.execute(query))


def take(connection: Connection, user_id: str, lines: Sequence[Line], marker: Marker | None) -> list[int]:
    """Store the new lines in separate, ended sessions.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user whose conversation it is.
        lines: The lines, in any order.
        marker: As in `memory.stores.arrivals`.

    Returns:
        The positions of the lines that were stored.
    """
    missing = new(connection, user_id, lines)
    if not missing:
        return []
    user_rows.ensure(connection, user_id)
    added = [lines[place] for place in missing]
    session_rows.end_passed(connection, user_id, added[-1].time)
    seq = turn_order.next_seq(connection, user_id)
    said: list[dict[str, Any]] = []
    to_do: list[dict[str, Any]] = []
    for talk in _sessions(added):
        number = session_rows.begin(connection, user_id, talk[0].time)
        for line in talk:
            topic = marker.judge(line.text) if marker else None
            pending_for = marker.pending(connection, user_id, topic) if marker else None
            said.append({**_row(user_id, seq, number, line), "held": pending_for, "sensitive": topic})
            to_do.append(_work(user_id, "remember", said[-1]["id"], seq))
            seq += 1
        to_do.append(_work(user_id, "consolidate", str(number), seq - 1))
        ended = (sessions.c.user_id == user_id) & (sessions.c.number == number)
        connection.execute(update(sessions).where(ended).values(ended=True))
    for table, rows in ((turns, said), (work, to_do)):
        for start in range(0, len(rows), _ROWS_PER_INSERT):
            connection.execute(insert(table), rows[start : start + _ROWS_PER_INSERT])
    return missing


def _sessions(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines session by session; a gap in time ends a session. The lines must be in the order of their times."""
    talk: list[Line] = []
    for line in lines:
        if talk and clock.starts_session(talk[-1].time, line.time):
            yield talk
            talk = []
        talk.append(line)
    yield talk


def _row(user_id: str, seq: int, session: int, line: Line) -> dict[str, Any]:
    return {
        "id": make_id(user_id, "turn", seq), "user_id": user_id, "seq": seq, "session": session, "at": line.time,
        "zone": clock.zone_name(line.time), "text": line.text, "images": list(line.images), "reply": line.reply,
        "state": TurnState.ANSWERED, "pending": True, "error": None, "real_time": False, "received_at": clock.instant(),
        "trace": None, "revision": 1, "indexed_revision": 0, "approved": False,
    }  # fmt: skip


def _work(user_id: str, kind: str, subject: str, seq: int) -> dict[str, Any]:
    return {"user_id": user_id, "kind": kind, "subject": subject, "seq": seq, "rank": RANKS[kind], "attempts": 0}
