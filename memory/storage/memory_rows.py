"""Reading and writing rows of the table `memories`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from memory.core import clock
from memory.core.records import Episode, PhotoMemory, Procedure, ProfileEntry, SemanticMemory, make_id
from memory.storage import tombstones
from memory.storage.schema import memories, turns

MemoryRecord = SemanticMemory | Episode | Procedure | ProfileEntry | PhotoMemory

_THIS = (memories.c.user_id == bindparam("user")) & (memories.c.id == bindparam("memory"))
_FACT_SINCE = (
    # Through the turns, which are indexed by time; usually there is no such fact.
    select(memories.c.id)
    .join(turns, (turns.c.user_id == memories.c.user_id) & (turns.c.id == memories.c.source))
    .where(turns.c.user_id == bindparam("user"), turns.c.at > bindparam("time"), memories.c.kind == "semantic")
    .where(memories.c.hidden_at.is_(None), memories.c.held.is_(None))
    .limit(1)
)
_EDITED, _DELETE, _INSERT = select(memories.c.edited).where(_THIS), delete(memories).where(_THIS), insert(memories)


def to_record(row: Row[Any]) -> MemoryRecord:
    """Return the record of a row of the table `memories`."""
    time = row.at.astimezone(clock.zone_of(row.zone))
    shared = {"id": row.id, "time": time, "edited": row.edited, "sensitive": row.sensitive}
    keywords = tuple(row.keywords)
    match row.kind:
        case "semantic":
            photo_ids = tuple(row.extra["photo_ids"])
            until = row.valid_until.astimezone(clock.zone_of(row.zone)) if row.valid_until else None
            return SemanticMemory(
                **shared, turn_id=row.source, content=row.text, keywords=keywords,
                reason=row.extra["reason"], photo_ids=photo_ids, valid_until=until,
                superseded_by=row.superseded_by, same_as=row.same_as, strength=row.strength, held=row.held,
            )  # fmt: skip
        case "episodic":
            turn_ids = tuple(row.extra["turn_ids"])
            return Episode(**shared, session=row.extra["session"], summary=row.text, keywords=keywords, turn_ids=turn_ids)
        case "photo":
            return PhotoMemory(
                **shared, turn_id=row.source, photo_id=row.extra["photo_id"], caption=row.text,
                category=keywords[0] if keywords else None, box=row.extra["box"], held=row.held,
            )  # fmt: skip
        case "procedural":
            return Procedure(**shared, key=row.key, text=row.text)
        case _:
            return ProfileEntry(**shared, key=row.key, value=row.text)


def item_id(user_id: str, namespace: Sequence[str], key: str) -> str:
    """Return the id of an item that a program stored under a key; see `memory.stores.items`."""
    return make_id(user_id, "semantic", json.dumps(["item", *namespace, key], ensure_ascii=False))


def any_fact_since(connection: Connection, user_id: str, time: datetime) -> bool:
    """Return whether a fact that can be recalled was said after `time`."""
    return connection.execute(_FACT_SINCE, {"user": user_id, "time": time}).first() is not None


def put(
    connection: Connection,
    user_id: str,
    kind: str,
    source: str,
    record: SemanticMemory | Episode | PhotoMemory,
    text: str,
    keywords: Sequence[str],
    extra: dict[str, Any],
    held: str | None = None,
    sensitive: str | None = None,
) -> None:
    """Store a memory; an earlier one with the same id is replaced, unless the person edited it.

    Args:
        connection: A connection in a writing transaction.
        user_id: The user.
        kind: The memory's type: semantic, episodic or photo.
        source: The turn or the session that it was extracted from.
        record: The memory.
        text: The text to search.
        keywords: The memory's keywords.
        extra: Fields that only this type has.
        held: The sensitive topic that it is pending approval for, if any.
        sensitive: The memory's sensitive topic, if any.
    """
    there = {"user": user_id, "memory": record.id}
    edited = connection.execute(_EDITED, there).scalar()
    if edited:
        return
    if edited is not None:
        connection.execute(_DELETE, there)
    row = {
        "id": record.id, "user_id": user_id, "kind": kind, "source": source, "at": record.time,
        "zone": clock.zone_name(record.time), "text": text, "keywords": list(keywords), "extra": extra,
        "edited": False, "revision": 1, "indexed_revision": 0, "held": held, "sensitive": sensitive,
    }  # fmt: skip
    connection.execute(_INSERT, row)


def replace_set(
    connection: Connection,
    user_id: str,
    kind: str,
    session: int,
    time: datetime,
    entries: Mapping[str, str],
    *,
    older: bool = False,
    marks: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """Replace the user's profile or habits by `entries`; edited and forgotten lines stay as the person left them.

    Args:
        connection: A connection in a writing transaction.
        user_id: The user.
        kind: `core` (profile) or `procedural` (habits and goals).
        session: The session that the entries come from.
        time: When the session ended.
        entries: The new lines, by key.
        older: The session is older than those that the present lines come from. It then only adds lines, and changes lines that
            older sessions added.
        marks: The sensitive topics of lines, by key.

    Returns:
        The previous lines by key, without sensitive ones.
    """
    mine = (memories.c.user_id == user_id) & (memories.c.kind == kind)
    rows = {row.key: row for row in connection.execute(select(memories).where(mine))}
    for key, row in rows.items():
        kept = row.edited or row.hidden_at is not None or (older and not row.extra.get("older"))
        if not kept and key not in entries:
            # Hidden, not deleted: the next run of the indexer removes it from the indexes, and the purge removes the row.
            long_ago = clock.instant() - tombstones.UNDO_WINDOW
            drop(connection, row.id, long_ago)
    for key, text in entries.items():
        known = rows.get(key)
        dropped = known is not None and known.hidden_at is not None and bool(known.extra.get("replaced"))
        if known is not None and not dropped:
            if known.edited or known.hidden_at is not None or (older and not known.extra.get("older")):
                continue
            if known.text == text:
                if known.extra.get("older") and not older:
                    # A newer session says the same.
                    connection.execute(update(memories).where(memories.c.id == known.id).values(extra={}))
                continue
        if not tombstones.is_forgotten(connection, user_id, make_id(user_id, kind, key), text):
            values = {"text": text, "edited": False, "source": str(session), "extra": {"older": True} if older else {}}
            values["sensitive"] = (marks or {}).get(key)
            replace_one(connection, user_id, kind, key, values, time)
    return {key: row.text for key, row in rows.items() if row.hidden_at is None and row.sensitive is None}


def drop(connection: Connection, memory_id: str, stamp: datetime) -> None:
    """Hide a line that a rewrite left out; it may come back if it is said again."""
    values = {"hidden_at": stamp, "extra": {"replaced": True}, "revision": memories.c.revision + 1}
    connection.execute(update(memories).where(memories.c.id == memory_id).values(values))


def replace_one(connection: Connection, user_id: str, kind: str, key: str, values: Mapping[str, Any], time: datetime) -> None:
    """Store a line of the profile or the habits, and replace the line with the same key."""
    memory_id = make_id(user_id, kind, key)
    row = {"extra": {}, **values, "at": time, "zone": clock.zone_name(time), "hidden_at": None}
    changed = connection.execute(
        update(memories)
        .where(memories.c.user_id == user_id, memories.c.id == memory_id)
        .values(**row, revision=memories.c.revision + 1)
    )
    if not changed.rowcount:
        fixed = {"id": memory_id, "user_id": user_id, "kind": kind, "key": key, "keywords": []}
        connection.execute(insert(memories).values(**row, **fixed, revision=1, indexed_revision=0))
