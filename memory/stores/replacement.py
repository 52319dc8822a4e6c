"""Replaces a turn by another with the same time and the same place in the order of turns (SQL, within a transaction).

If the words are the same, the memories extracted from them stay. If they differ, those memories are hidden, because the person
did not say that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.records import SPOKEN, Turn, TurnState, make_id
from memory.facts import supersession_rows
from memory.forgetting import quarantine, soft_delete
from memory.forgetting import service as forgetting
from memory.forgetting.cascade import Counts
from memory.forgetting.text_match import TextMatch
from memory.personality import timeline
from memory.personality.writing_wishes import wishes_in
from memory.storage import memory_rows, session_rows, turn_order, turn_rows, work_queue
from memory.storage.schema import memories, personality, refusals, turns
from memory.storage.turn_rows import to_turn

_EXTRACTED_KINDS = ("semantic", "photo")
_LINE_KINDS = ("core", "procedural")


@dataclass(frozen=True)
class Tools:
    """What is needed to judge the new words.

    Attributes:
        marker: As in `Journal`.
        in_turns: As in `cascade.of`.
        process_id: As in `Database`.
    """

    marker: Marker | None
    in_turns: Counts
    process_id: str | None = None


def put(
    connection: Connection,
    old: Row[Any],
    text: str | None,
    images: Sequence[str] | None,
    tools: Tools,
    *,
    received_at: datetime | None = None,
) -> Turn:
    """Replace a turn. The old turn is kept but no longer used, and moves to the end of the order of arrival.

    Args:
        connection: The connection of a transaction that writes.
        old: The row of a turn that is neither replaced nor forgotten.
        text: The new words; None: the old words.
        images: Ids of the new pictures; None: the old pictures.
        tools: What is needed to judge new words.
        received_at: When the new message arrived; None: now.

    Returns:
        The new turn.
    """
    said = old.text if text is None else text
    shown = list(old.images if images is None else images)
    same = said == old.text and shown == list(old.images)
    last = turn_order.next_seq(connection, old.user_id)
    origin = old.origin or old.id
    gone = {"state": TurnState.REPLACED, "pending": False, "seq": last, "origin": origin, "revision": turns.c.revision + 1}
    connection.execute(update(turns).where(turns.c.id == old.id).values(gone))
    marker = None if same else tools.marker
    topic = marker.judge(said) if marker else None
    pending_for = marker.pending(connection, old.user_id, topic) if marker else None
    row = {
        "id": make_id(old.user_id, "turn", last), "user_id": old.user_id, "seq": old.seq, "session": old.session,
        "at": old.at, "zone": old.zone, "text": said, "images": shown, "reply": "", "state": TurnState.RECEIVED,
        "pending": False, "error": None, "real_time": old.real_time, "received_at": received_at or clock.instant(),
        "trace": None, "revision": 0, "indexed_revision": 0, "origin": origin,
        # A decision of the person about the old message also applies to the same words.
        "held": old.held if same else pending_for, "approved": old.approved and same,
        "sensitive": old.sensitive if same else topic, "wishes": bool(wishes_in(said)), "process_id": tools.process_id,
    }  # fmt: skip
    connection.execute(insert(turns).values(row))
    new = turn_rows.one(connection, row["id"])
    if same:
        work_queue.repoint(connection, to_turn(old), new, remembered=not old.pending and old.state in SPOKEN)
    else:
        work_queue.done(connection, old.user_id, "remember", old.id)
        _take_back(connection, old, new, tools.in_turns)
    quarantine.index_next(connection, connection.execute(select(turns).where(turns.c.id == new.id)).one())
    if session_rows.is_ended(connection, old.user_id, old.session):
        work_queue.drop_outputs(connection, old.user_id, str(old.session))
        forgetting.summarize_again(connection, old.user_id, old.session)
    return new


def _take_back(connection: Connection, old: Row[Any], new: Turn, in_turns: Counts) -> None:
    """Hide what was made from the old words. What the person edited stays and now belongs to the new turn."""
    mine = (memories.c.user_id == old.user_id) & memories.c.hidden_at.is_(None)
    taken = connection.execute(
        select(memories).where(mine, memories.c.kind.in_(_EXTRACTED_KINDS), memories.c.source == old.id)
    ).all()
    for row in taken:
        if row.edited:
            connection.execute(update(memories).where(memories.c.id == row.id).values(source=new.id))
        else:
            supersession_rows.hand_on(connection, old.user_id, row.id)
            _hide(connection, old.user_id, row.id)
    # Its refused steps are not tried again.
    connection.execute(delete(refusals).where(refusals.c.user_id == old.user_id, refusals.c.subject == old.id))
    point = (personality.c.user_id == old.user_id) & (personality.c.turn_id == old.id)
    if connection.execute(delete(personality).where(point)).rowcount:
        timeline.recount(connection, old.user_id)
    since = select(turns.c.session).where(turns.c.user_id == old.user_id, turns.c.at >= old.at).distinct()
    numbers = [str(number) for number in connection.execute(since).scalars()]
    written = (memories.c.kind.in_(_LINE_KINDS), memories.c.edited.is_(False), memories.c.source.in_(numbers))
    lines = connection.execute(select(memories).where(mine, *written)).all()
    if lines and old.text:
        told = TextMatch([old.text], [word for row in taken for word in row.keywords], in_turns)
        tells = TextMatch([new.text], [], in_turns)
        for row in lines:
            line = f"{row.key}: {row.text}"
            if told.tells(line) and not tells.tells(line):
                memory_rows.drop(connection, row.id, clock.instant())


def _hide(connection: Connection, user_id: str, memory_id: str) -> None:
    """Hide a memory as if a rewrite had dropped it: the purge leaves no tombstone."""
    soft_delete.hide(connection, user_id, memory_id, clock.instant())
    extra = connection.execute(select(memories.c.extra).where(memories.c.id == memory_id)).scalar_one()
    connection.execute(update(memories).where(memories.c.id == memory_id).values(extra={**extra, "replaced": True}))
