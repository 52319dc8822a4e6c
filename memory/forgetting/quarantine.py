"""Quarantine: forgotten turns and replies are set aside, so that undo can restore them until the purge.

SQL, within the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Update, delete, insert, select, update

from memory.core.records import Trace, TurnState
from memory.storage import tombstones, turn_order, work_queue
from memory.storage.schema import turns, withheld

_TURN_COLUMNS = ("state", "text", "reply", "images", "trace", "error", "pending", "held", "sensitive")
_REPLY_COLUMNS = ("reply", "trace")


def turn(connection: Connection, user_id: str, turn_id: str, subject: str) -> None:
    """Move the whole turn into quarantine. An empty row is left, so that the numbering of the user's turns does not change."""
    row = _row(connection, user_id, turn_id)
    if row is None or row.state == TurnState.FORGOTTEN:
        return
    _keep(connection, row, "turn", subject, _TURN_COLUMNS)
    empty: dict[str, Any] = {"text": "", "reply": "", "images": [], "trace": None, "error": None}
    stub = {**empty, "pending": False, "held": None, "sensitive": None}
    connection.execute(_changed(row).values(state=TurnState.FORGOTTEN, **stub))
    work_queue.done(connection, user_id, "remember", turn_id)
    work_queue.drop_outputs(connection, user_id, str(row.session))
    if row.state != TurnState.REPLACED:
        # A turn that was answered again is in the journal twice, but was said once.
        tombstones.mark_said(connection, user_id, row.at, row.text)
    index_next(connection, row)


def reply(connection: Connection, user_id: str, turn_id: str, subject: str, names: Collection[str], *, whole: bool) -> None:
    """Remove forgotten memories from a turn's trace; with `whole`, quarantine its reply and thoughts too.

    Args:
        connection: The caller's connection.
        user_id: The user who said the turn.
        turn_id: The turn.
        subject: The subject of the forgetting.
        names: Ids of the forgotten memories and turns.
        whole: Whether the reply tells of them.
    """
    row = _row(connection, user_id, turn_id)
    if row is None or row.state == TurnState.FORGOTTEN:
        return
    _keep(connection, row, "reply", subject, _REPLY_COLUMNS)
    trace = Trace.model_validate(row.trace) if row.trace else None
    values: dict[str, Any] = {"trace": _without(trace, names, thoughts=not whole) if trace else None}
    if whole:
        values["reply"] = ""
    connection.execute(_changed(row).values(**values))
    index_next(connection, row)


def pictures(connection: Connection, user_id: str, turn_id: str, subject: str, photo_ids: Collection[str]) -> None:
    """Quarantine pictures of a turn, together with its reply, which was made from them."""
    row = _row(connection, user_id, turn_id)
    if row is None or row.state == TurnState.FORGOTTEN:
        return
    _keep(connection, row, "reply", subject, (*_REPLY_COLUMNS, "images"))
    kept = [name for name in row.images if name not in photo_ids]
    connection.execute(_changed(row).values(images=kept, reply="", trace=None))
    index_next(connection, row)


def restore(connection: Connection, user_id: str, turn_ids: Collection[str]) -> None:
    """Restore everything of these turns that any forgetting has quarantined."""
    which = (withheld.c.user_id == user_id) & withheld.c.turn_id.in_(list(turn_ids))
    # Whole turns first: a reply that was quarantined earlier belongs to them.
    for kept in connection.execute(select(withheld).where(which).order_by(withheld.c.part.desc())).all():
        row = _row(connection, user_id, kept.turn_id)
        if row is None:
            continue
        connection.execute(_changed(row).values(**kept.content))
        if kept.part == "turn" and kept.content["state"] != TurnState.REPLACED:
            tombstones.unmark_said(connection, user_id, row.at, kept.content["text"])
        if kept.content.get("pending"):
            work_queue.add(connection, user_id, "remember", row.id, seq=row.seq)
        index_next(connection, row)
    connection.execute(delete(withheld).where(which))


def scrub(
    connection: Connection, user_id: str, turn_id: str, names: Collection[str], photo_ids: Collection[str], *, whole: bool
) -> None:
    """Remove purged content from what another forgetting has quarantined of a turn, because that may still be undone.

    Args:
        connection: The caller's connection.
        user_id: The user who said the turn.
        turn_id: The turn.
        names: Ids of the purged memories and turns.
        photo_ids: Ids of the purged pictures.
        whole: Whether the turn's reply tells of them and is removed too.
    """
    mine = (withheld.c.user_id == user_id) & (withheld.c.turn_id == turn_id)
    for kept in connection.execute(select(withheld).where(mine)).all():
        content = dict(kept.content)
        trace = Trace.model_validate(content["trace"]) if content.get("trace") else None
        content["trace"] = _without(trace, names, thoughts=not whole) if trace else None
        if whole or set(content.get("images", ())) & set(photo_ids):
            content["reply"] = ""
        if "images" in content:
            content["images"] = [name for name in content["images"] if name not in photo_ids]
        connection.execute(update(withheld).where(mine, withheld.c.part == kept.part).values(content=content))


def as_it_was(connection: Connection, user_id: str) -> dict[str, dict[str, Any]]:
    """Return the quarantined values of each turn that can still be restored, by turn id."""
    found: dict[str, dict[str, Any]] = {}
    query = select(withheld).where(withheld.c.user_id == user_id).order_by(withheld.c.part.desc())
    for kept in connection.execute(query):
        found[kept.turn_id] = {**found.get(kept.turn_id, {}), **kept.content}
    return found


def drop(connection: Connection, user_id: str, turn_ids: Collection[str]) -> None:
    """Delete what is quarantined of these turns."""
    connection.execute(delete(withheld).where(withheld.c.user_id == user_id, withheld.c.turn_id.in_(list(turn_ids))))


def texts(connection: Connection, user_id: str, turn_ids: Collection[str]) -> list[str]:
    """Return the texts of those of these turns that are quarantined whole."""
    mine = (withheld.c.user_id == user_id) & (withheld.c.part == "turn") & withheld.c.turn_id.in_(list(turn_ids))
    return [content["text"] for content in connection.execute(select(withheld.c.content).where(mine)).scalars()]


def _keep(connection: Connection, row: Row[Any], part: str, subject: str, names: Collection[str]) -> None:
    there = (withheld.c.user_id == row.user_id) & (withheld.c.turn_id == row.id) & (withheld.c.part == part)
    # What an earlier forgetting has quarantined is more complete.
    if not connection.execute(update(withheld).where(there).values(subject=subject)).rowcount:
        content = {name: getattr(row, name) for name in names}
        values = {"user_id": row.user_id, "turn_id": row.id, "part": part, "subject": subject, "content": content}
        connection.execute(insert(withheld).values(**values))


def _without(trace: Trace, names: Collection[str], *, thoughts: bool) -> dict[str, Any]:
    """Return a trace without these ids; without `thoughts`, also without every word that the model wrote."""
    gone = set(names)
    shown = [one for one in trace.memories if one.id not in gone and not gone & set(one.turn_ids)]
    steps = []
    for step in trace.steps:
        left = step.model_copy(update={"memory_ids": tuple(name for name in step.memory_ids if name not in gone)})
        steps.append(left if thoughts else left.model_copy(update={"think": "", "query": None, "warning": None}))
    due = tuple(one for one in trace.due if not gone & set(one.sources))
    kept = trace.model_copy(update={"memories": tuple(shown), "steps": tuple(steps), "due": due})
    return kept.model_dump(mode="json")


def _row(connection: Connection, user_id: str, turn_id: str) -> Row[Any] | None:
    return connection.execute(select(turns).where(turns.c.user_id == user_id, turns.c.id == turn_id)).first()


def _changed(row: Row[Any]) -> Update:
    return update(turns).where(turns.c.id == row.id).values(revision=turns.c.revision + 1)


def index_next(connection: Connection, row: Row[Any]) -> None:
    """Mark the next turn to be indexed again: its index entry contains the words of this one."""
    after = turn_order.next_in_session(row.user_id, row.session, row.at, row.seq)
    connection.execute(update(turns).where(after).values(revision=turns.c.revision + 1))
