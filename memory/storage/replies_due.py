"""Whose turn it is: where several processes share a journal, one person's replies come in the order of the messages (SQL)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, literal_column, select

from memory.core.records import Turn, TurnState
from memory.storage.hosts import is_living
from memory.storage.schema import turns

# A literal, as in the partial index: with a parameter, the database could not tell that the index applies.
RECEIVED = turns.c.state == literal_column(f"'{TurnState.RECEIVED.value}'")
IS_ANSWERED = turns.c.process_id.is_not(None) & is_living(turns.c.process_id)
"""The process that received a message is alive, so its reply is written or still to come."""

_ROWS = select(turns.c.id, turns.c.state, IS_ANSWERED.label("is_answered"))
_EARLIER = RECEIVED & (turns.c.user_id == bindparam("user")) & (turns.c.seq < bindparam("before"))
# Two queries in one: each of them has an index.
_ALL = _ROWS.where(_EARLIER).union_all(_ROWS.where(turns.c.id == bindparam("turn")))


@dataclass(frozen=True)
class Before:
    """What stands between a message and its reply.

    Attributes:
        waits: An earlier message of the person is still being answered.
        abandoned: An earlier message has no reply, and nobody writes one.
        state: The state of the message itself; None: it is gone.
    """

    waits: bool
    abandoned: bool
    state: TurnState | None


def before(connection: Connection, turn: Turn) -> Before:
    """Return what stands between a message and its reply."""
    rows = connection.execute(_ALL, {"user": turn.user_id, "before": turn.seq, "turn": turn.id}).all()
    state = next((TurnState(row.state) for row in rows if row.id == turn.id), None)
    earlier = [row.is_answered for row in rows if row.id != turn.id]
    return Before(any(earlier), not all(earlier), state)
