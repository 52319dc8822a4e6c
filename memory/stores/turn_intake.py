"""Stores the words of a new message, inside the caller's transaction. It stores no pictures, so only this room uses it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update
from sqlalchemy import insert as insert_into

from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.records import Turn, make_id
from memory.core.validation import check_text, check_user
from memory.personality.writing_wishes import wishes_in
from memory.storage import session_rows, turn_order, user_rows
from memory.storage.schema import turns

_INSERT = insert_into(turns)
_DUMPED_FIELDS = {"id", "user_id", "seq", "session", "text", "reply", "state", "real_time", "held", "sensitive"}


def take(
    connection: Connection,
    marker: Marker | None,
    user_id: str,
    text: str,
    images: Sequence[str] = (),
    *,
    time: datetime | None = None,
    zone: str | None = None,
    origin: str | None = None,
    process_id: str | None = None,
) -> Turn:
    """Store a message; see `Arrivals.receive`, `memory.stores.threads` for `origin`, and `Database` for `process_id`."""
    user_id = check_user(user_id)
    check_text(text, len(images))
    user_rows.ensure(connection, user_id)
    stamp = turn_order.stamp(connection, user_id, time, zone)
    session = session_rows.place(connection, user_id, stamp, live=True)
    said = (user_id, text, images, stamp, session)
    return insert(connection, marker, *said, real_time=time is None, origin=origin, process_id=process_id)


def insert(
    connection: Connection,
    marker: Marker | None,
    user_id: str,
    text: str,
    images: Sequence[str],
    stamp: datetime,
    session: int,
    *,
    real_time: bool,
    origin: str | None = None,
    process_id: str | None = None,
) -> Turn:
    """Store a turn of an open session, in state `received`, with the sensitive topic of its words."""
    seq = turn_order.next_seq(connection, user_id)
    topic = marker.judge(text) if marker else None
    turn = Turn(
        id=make_id(user_id, "turn", seq),
        user_id=user_id,
        seq=seq,
        session=session,
        time=stamp,
        text=text,
        images=tuple(images),
        real_time=real_time,
        held=marker.pending(connection, user_id, topic) if marker else None,
        sensitive=topic,
    )
    row = {
        **turn.model_dump(include=_DUMPED_FIELDS),
        "images": list(images),
        "at": stamp,
        "zone": clock.zone_name(stamp),
        "pending": False,
        "received_at": clock.instant(),
        "revision": 0,
        "indexed_revision": 0,
        "origin": origin,
        "process_id": process_id,
        "wishes": bool(wishes_in(text)),
    }
    connection.execute(_INSERT, row)
    # A turn with a time ahead of the clock now follows this one. Its index entry contains the words of the turn before it.
    after = turn_order.next_in_session(user_id, session, stamp, seq)
    connection.execute(update(turns).where(after).values(revision=turns.c.revision + 1))
    return turn
