"""Reading rows of the table `turns`, and storing a reply."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Trace, Turn, TurnState
from memory.storage import work_queue
from memory.storage.engine import Database
from memory.storage.schema import turns

SAID = [column for column in turns.c if column.name != "trace"]
"""All columns but the trace, which is the larger part of a row, and which no prompt needs."""

_THIS = turns.c.id == bindparam("turn")
_WHOLE, _SAID = select(turns).where(_THIS), select(*SAID).where(_THIS)
_USER = select(turns.c.user_id).where(_THIS)
_ANSWER = (
    update(turns)
    .where(_THIS, turns.c.state.in_((TurnState.RECEIVED, TurnState.FAILED)))
    .values(
        reply=bindparam("its_reply"),
        state=bindparam("its_state"),
        error=None,
        pending=bindparam("waits"),
        trace=bindparam("its_trace"),
        held=bindparam("its_held"),
        revision=turns.c.revision + 1,
    )
)


def to_turn(row: Row[Any]) -> Turn:
    """Return the record of a row of the table `turns`."""
    fields = {name: getattr(row, name) for name in Turn.model_fields if name not in ("time", "trace", "corrected")}
    kept = getattr(row, "trace", None)
    trace = Trace.model_validate(kept) if kept else None
    return Turn(**fields, time=row.at.astimezone(clock.zone_of(row.zone)), trace=trace)


def user_of(database: Database, turn_id: str) -> str | None:
    """Return whose turn it is, for `Database.write`; None on one machine, which need not know, or if there is no such turn."""
    if not database.is_server:
        return None
    with database.glance() as connection:
        return connection.execute(_USER, {"turn": turn_id}).scalar()


def one(connection: Connection, turn_id: str, *, traces: bool = True) -> Turn:
    """Return one turn, with or without its trace, or raise NotFound."""
    row = connection.execute(_WHOLE if traces else _SAID, {"turn": turn_id}).first()
    if row is None:
        raise NotFound(f"There is no turn {turn_id!r}.")
    return to_turn(row)


def finish(connection: Connection, turn: Turn, reply: str, state: TurnState, trace: Trace | None) -> Turn | None:
    """Store a reply; returns the turn with the reply, or None if it had one already."""
    waits = state in SPOKEN and not work_queue.is_remembered(connection, turn.user_id, turn.id)
    told = trace.model_dump(mode="json") if trace else None
    # Nothing is extracted from a request to forget, so it needs no approval.
    held = turn.held if state in SPOKEN else None
    given = {"turn": turn.id, "its_reply": reply, "its_state": state, "waits": waits, "its_trace": told, "its_held": held}
    finished = connection.execute(_ANSWER, given)
    if not finished.rowcount:
        return None
    if waits:
        work_queue.add(connection, turn.user_id, "remember", turn.id, seq=turn.seq)
    changed = {"reply": reply, "state": state, "error": None, "pending": waits, "trace": trace, "held": held}
    return turn.model_copy(update=changed)
