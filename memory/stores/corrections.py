"""Corrections: what an edited memory said before is stored with it, and turns and memories are returned corrected (SQL)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text

from memory.core import clock
from memory.core.records import Episode, PhotoMemory, Procedure, ProfileEntry, SemanticMemory, Turn
from memory.storage.memory_rows import MemoryRecord
from memory.storage.schema import memories, turns
from memory.stores.corrected_text import Correction, is_of_another, notes, put_right, removed_names, without_items

_ONE_MESSAGE_KINDS = ("semantic", "photo")
"""Types of memory that are extracted from one message."""
_MAX_EARLIER_TEXTS = 8
"""At most this many earlier texts of one memory are kept; the oldest are dropped first."""
# The condition is spelled exactly as in the partial index, so that SQLite uses it.
_CORRECTED = (
    select(memories)
    .where(memories.c.user_id == bindparam("user"), text("(edited OR superseded_by = id)"))
    .order_by(memories.c.at, memories.c.id)
)
_REPEATS = select(memories.c.same_as, memories.c.source).where(memories.c.same_as.in_(bindparam("ids", expanding=True)))


def noted(connection: Connection, row: Row[Any], now: str) -> dict[str, Any]:
    """Return a memory's `extra` column with its text before an edit added.

    Args:
        connection: The connection of the transaction that edits it.
        row: The row before the edit.
        now: The text that the person wrote.
    """
    was = _sentence(row, row.text)
    if was == _sentence(row, now):
        return dict(row.extra)
    known = row.extra.get("corrected") or {}
    last = connection.execute(select(func.max(turns.c.at)).where(turns.c.user_id == row.user_id)).scalar()
    until = last or clock.instant()
    texts = [*known.get("was", ()), was][-_MAX_EARLIER_TEXTS:]
    ids = _sources(row)
    if getattr(row, "same_as", None):
        # Until now it repeated another fact, whose message says the same.
        same = select(memories.c.source).where(memories.c.user_id == row.user_id, memories.c.id == row.same_as)
        ids = sorted({*ids, *connection.execute(same).scalars()})
    ids = sorted({*ids, *known.get("turn_ids", ())})
    correction = Correction(row.id, tuple(texts), _sentence(row, now), frozenset(ids), until)
    names = sorted(name for name in {name for one in texts for name in removed_names(one, correction.now)}
                   if not _is_elsewhere(connection, row, name, correction))  # fmt: skip
    kept = {"was": texts, "until": until.isoformat(), "turn_ids": ids, "names": names}
    return {**row.extra, "corrected": kept}


def of_user(connection: Connection, user_id: str) -> list[Correction]:
    """Return a user's corrections and facts called outdated, oldest first, without those forgotten or pending approval."""
    rows = [row for row in connection.execute(_CORRECTED, {"user": user_id}) if row.hidden_at is None and row.held is None]
    found = [one for row in rows if (one := _read(row)) is not None]
    if not found:
        return []
    repeated = connection.execute(_REPEATS, {"ids": [one.memory_id for one in found]}).all()
    return [
        replace(one, turn_ids=one.turn_ids | {row.source for row in repeated if row.same_as == one.memory_id}) for one in found
    ]


def marked_turns(connection: Connection, user_id: str, said: Sequence[Turn]) -> list[Turn]:
    """Return the turns; those that say something corrected since have a mark."""
    corrections = of_user(connection, user_id) if said else []
    if not corrections:
        return list(said)
    return [
        turn.model_copy(update={"corrected": found})
        if (found := notes(corrections, f"{turn.text}\n{turn.reply}", (turn.id,), turn.time))
        else turn
        for turn in said
    ]


def marked(connection: Connection, user_id: str, records: Sequence[MemoryRecord]) -> list[MemoryRecord]:
    """Return the memories with the person's corrections applied. Texts that the person wrote stay as they are."""
    corrections = of_user(connection, user_id) if records else []
    return [_marked(record, corrections) for record in records] if corrections else list(records)


def _marked(record: MemoryRecord, corrections: Sequence[Correction]) -> MemoryRecord:
    if record.edited:
        return record
    others = [one for one in corrections if one.memory_id != record.id]
    match record:
        case SemanticMemory():
            found = notes([one for one in others if one.was], record.content, (record.turn_id,), record.time)
            return record.model_copy(update={"corrected": found}) if found else record
        case Episode():
            return _put_right(record, "summary", record.summary, "", record.turn_ids, others)
        case PhotoMemory():
            return _put_right(record, "caption", record.caption, record.category or "", (record.turn_id,), others)
        case Procedure():
            return _put_right(record, "text", record.text, record.key, (), others)
        case ProfileEntry():
            return _put_right(record, "value", record.value, record.key, (), others)


def _put_right(
    record: MemoryRecord, field: str, said: str, about: str, turn_ids: Sequence[str], corrections: Sequence[Correction]
) -> MemoryRecord:
    """Return a memory that a model wrote with the corrected words in it; where they do not fit in, with a mark."""
    right, marks = said, []
    lead = f"{about}: " if about else ""
    is_line = isinstance(record, Procedure | ProfileEntry)
    for one in corrections:
        if not one.was:
            continue
        # The key of a line, or the category of a picture, says what it is about.
        of_line = isinstance(record, ProfileEntry) and one.is_of_line(record.key)
        changed = put_right(one, f"{lead}{right}", turn_ids, its_own=of_line).removeprefix(lead)
        if isinstance(record, ProfileEntry):
            changed = without_items(one, lead, changed)
        if changed != right and not is_line:
            marks.append(one.note)
        right = changed
        marks += notes([one], f"{lead}{right}", turn_ids, one.until)
    if right == said and not marks:
        return record
    return record.model_copy(update={field: right, "corrected": tuple(dict.fromkeys(marks))})


def _read(row: Row[Any]) -> Correction | None:
    kept = row.extra.get("corrected")
    told = _sentence(row, row.text)
    over = row.superseded_by == row.id
    if over and row.valid_until is not None:
        told = f"{told} (True until {row.valid_until:%Y-%m-%d}, no longer.)"
    if kept:
        until = datetime.fromisoformat(kept["until"])
        return Correction(row.id, tuple(kept["was"]), told, frozenset(kept["turn_ids"]), until, frozenset(kept["names"]))
    if over and row.valid_until is not None:
        return Correction(row.id, (), told, frozenset(_sources(row)), row.valid_until)
    return None


def _sources(row: Row[Any]) -> list[str]:
    if row.kind in _ONE_MESSAGE_KINDS:
        # An item of a program has no message.
        return [] if row.source == row.id else [row.source]
    return list(row.extra.get("turn_ids", ()))


def _sentence(row: Row[Any], said: str) -> str:
    if row.key is not None:
        return f"{row.key}: {said}"
    about = f" ({row.keywords[0]})" if row.kind == "photo" and row.keywords else ""
    return f"{said}{about}"


def _is_elsewhere(connection: Connection, row: Row[Any], name: str, correction: Correction) -> bool:
    """Return whether another person or thing of this user has the name.

    Then the correction concerns the name only where the words beside it say so.
    """
    pattern = f"%{name}%"
    said = select(turns.c.text).where(turns.c.user_id == row.user_id, func.lower(turns.c.text).like(pattern))
    made = select(memories.c.text).where(
        memories.c.user_id == row.user_id,
        memories.c.id != row.id,
        memories.c.hidden_at.is_(None),
        func.lower(memories.c.text).like(pattern),
    )
    texts = [*connection.execute(said).scalars(), *connection.execute(made).scalars()]
    return any(is_of_another(name, one, correction) for one in texts)
