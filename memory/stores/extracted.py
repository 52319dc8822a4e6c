"""Stores what was extracted from a turn (SQL, within the caller's transaction)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from memory.core.records import PersonalityPoint, PhotoMemory, SemanticMemory
from memory.core.retry import Again
from memory.facts import supersession_rows
from memory.facts.acceptance import Changes
from memory.personality import timeline
from memory.storage import memory_rows, tombstones
from memory.stores import approvals


def put(
    connection: Connection,
    user_id: str,
    turn_id: str,
    memory: SemanticMemory | None,
    changes: Changes,
    photos: Sequence[PhotoMemory],
    pending_for: str | None,
    mark: str | None,
) -> None:
    """Store the fact and the photo memories that were extracted from a turn.

    Args:
        connection: The caller's connection.
        user_id: The user who said the turn.
        turn_id: The turn.
        memory: The fact; None: there is none.
        changes: What the fact does to older facts.
        photos: What was seen in the turn's pictures.
        pending_for: The topic that is pending approval; None: it is remembered at once.
        mark: The sensitive topic of the turn; None: it is not sensitive.
    """
    if memory is not None and not tombstones.is_forgotten(connection, user_id, memory.id):
        extra: dict[str, Any] = {"reason": memory.reason, "photo_ids": list(memory.photo_ids)}
        extra |= approvals.put_off(changes) if pending_for else {}
        memory_rows.put(
            connection, user_id, "semantic", turn_id, memory, memory.content, memory.keywords, extra, pending_for, mark
        )
        if pending_for is None:
            supersession_rows.apply(connection, user_id, memory.id, memory.time, changes)
    for photo in photos:
        if not tombstones.is_forgotten(connection, user_id, photo.id):
            where: dict[str, Any] = {"photo_id": photo.photo_id, "box": photo.box}
            words = [photo.category] if photo.category else []
            memory_rows.put(connection, user_id, "photo", turn_id, photo, photo.caption, words, where, pending_for, mark)


def correct(
    connection: Connection,
    user_id: str,
    turn_id: str,
    point: PersonalityPoint | None,
    changes: Changes | None,
    again: Again,
) -> None:
    """Store what was missing when a turn was remembered: its personality evidence, and its fact's effect on older facts."""
    if point is not None and point.inferred is not None:
        timeline.correct(connection, user_id, turn_id, point.inferred)
    if again.fact_id is not None and changes is not None:
        supersession_rows.apply(connection, user_id, again.fact_id, again.time, changes)
