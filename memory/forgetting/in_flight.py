"""In-flight replies: a reply that was being written while something was forgotten may tell of the forgotten thing (SQL)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from memory.core.records import Trace, Turn
from memory.forgetting import quarantine
from memory.forgetting.cascade import Cascade
from memory.storage.schema import forgettings, turns

_RECEIVED = select(turns.c.received_at).where(turns.c.id == bindparam("turn")).scalar_subquery()
_FORGOTTEN_SINCE = select(forgettings).where(forgettings.c.user_id == bindparam("user"), forgettings.c.at >= _RECEIVED)


def touching(connection: Connection, turn: Turn, trace: Trace | None) -> list[Row[Any]]:
    """Return the forgettings since the message arrived that affect its reply."""
    forgotten = connection.execute(_FORGOTTEN_SINCE, {"user": turn.user_id, "turn": turn.id}).all()
    if not forgotten:
        return []
    shown = {name for one in (trace.memories if trace else ()) for name in (one.id, *one.turn_ids)}
    return [row for row in forgotten if _has_a_part(connection, turn, Cascade.from_json(row.reach), shown)]


def was_purged(touched: Sequence[Row[Any]]) -> bool:
    """Return whether one of the affecting forgettings was already purged: then the reply must not be stored at all.

    A reply is affected if its prompt showed the forgotten thing, or if both are in one session. It is then removed whole,
    because its harmless words cannot be separated any more. If the forgetting can still be undone, the undo restores the
    reply; `keep` records that.
    """
    return any(row.purged_at is not None for row in touched)


def keep(connection: Connection, turn: Turn, touched: Sequence[Row[Any]]) -> None:
    """Quarantine a stored reply together with each forgetting that affects it and can still be undone."""
    for row in touched:
        found = Cascade.from_json(row.reach)
        if row.purged_at is None:
            quarantine.reply(connection, turn.user_id, turn.id, row.subject, {*found.memories, *found.turns}, whole=True)
            key = (forgettings.c.user_id == turn.user_id) & (forgettings.c.subject == row.subject)
            wider = replace(found, told=(*found.told, turn.id))
            connection.execute(update(forgettings).where(key).values(reach=wider.to_json()))


def _has_a_part(connection: Connection, turn: Turn, found: Cascade, shown: set[str]) -> bool:
    if shown & {*found.memories, *found.derived, *found.turns, *found.told}:
        return True
    # Every prompt shows the profile and the turns of the last hour.
    if any(name.startswith("cor") for name in (*found.memories, *found.derived)):
        return True
    same = (turns.c.user_id == turn.user_id) & (turns.c.session == turn.session) & turns.c.id.in_((*found.turns, *found.told))
    return connection.execute(select(turns.c.id).where(same).limit(1)).first() is not None
