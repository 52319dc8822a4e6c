"""The rows of what a person does to a memory. `Memory` makes each of them complete: it indexes the change.

Private to `memory.memory`: a caller elsewhere would leave the search index behind.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from memory.consent import derived_marks
from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound, NothingToUndo
from memory.core.records import Episode, PhotoMemory, SemanticMemory, TurnState, make_id
from memory.facts import supersession_rows
from memory.forgetting import soft_delete
from memory.storage import memory_rows, user_rows
from memory.storage.engine import Database
from memory.storage.memory_rows import MemoryRecord
from memory.storage.schema import memories, photos, turns
from memory.stores import corrections
from memory.stores.memories import Memories

_MAX_CHARACTERS = 2_000
_GONE_STATES = (TurnState.FORGOTTEN, TurnState.REPLACED)


class MemoryEdits:
    """Edits of all users. Every public method is one transaction.

    Args:
        database: The database that stores the memories.
        known: Reads the memories.
        marker: Finds the sensitive topic of a text and decides whether the text is pending approval. None: no text is judged.
    """

    def __init__(self, database: Database, known: Memories, marker: Marker | None = None) -> None:
        self._db = database
        self._memories = known
        self._marker = marker

    def edit(self, user_id: str, memory_id: str, text: str) -> MemoryRecord:
        """Replace a memory's text by what the person wrote. Later rewrites keep that text.

        Raises:
            InvalidInput: The text is empty or too long.
            NotFound: The user has no such memory.
        """
        if not text.strip():
            raise InvalidInput("A memory cannot be empty. To remove it, forget it.")
        _check_length(text)
        mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
        # Judge before the transaction starts, because other writers wait for it.
        mark = self._marker.judge(text) if self._marker else None
        with self._db.write(user_id) as connection:
            row = connection.execute(select(memories).where(mine)).first()
            if row is None:
                raise NotFound(f"There is no memory {memory_id!r} of this user. `persona memory list` shows their ids.")
            extra = corrections.noted(connection, row, text)
            values = {"text": text, "edited": True, "extra": extra, "revision": memories.c.revision + 1}
            values["sensitive"] = row.sensitive or mark
            connection.execute(update(memories).where(mine).values(values))
            # With its new text it no longer repeats another fact.
            supersession_rows.part(connection, user_id, memory_id)
        return self._memories.get(user_id, memory_id)

    def outdate(self, user_id: str, memory_id: str, time: datetime) -> MemoryRecord | None:
        """Record that a memory is no longer true: a fact is valid until now, a profile line or habit is dropped.

        Both can be undone; a dropped line for 10 minutes.

        Args:
            user_id: The user.
            memory_id: The memory.
            time: Until when it was true.

        Returns:
            The fact as it is now; None if a line was dropped.

        Raises:
            NotFound: The user has no such memory.
            InvalidInput: It is a topic or a picture, which tells of one time and cannot become untrue.
        """
        record = self._memories.get(user_id, memory_id)
        if isinstance(record, Episode | PhotoMemory):
            raise InvalidInput("A conversation topic or a picture cannot become outdated. Edit its text, or forget it.")
        with self._db.write(user_id) as connection:
            if isinstance(record, SemanticMemory):
                supersession_rows.part(connection, user_id, memory_id)
                supersession_rows.supersede(connection, user_id, memory_id, time, [memory_id])
            else:
                memory_rows.drop(connection, memory_id, clock.instant())
        return self._memories.get(user_id, memory_id) if isinstance(record, SemanticMemory) else None

    def set_profile(self, user_id: str, key: str, value: str, time: datetime) -> MemoryRecord:
        """Write a profile line in the person's own words. Later rewrites keep it.

        Raises:
            InvalidInput: Key or value is empty, or both together are too long.
        """
        if not key.strip() or not value.strip():
            raise InvalidInput("A profile line needs a key and a value, for example name and Ada.")
        _check_length(key + value)
        mark = derived_marks.line_mark(key, value, self._marker.judge) if self._marker else None
        with self._db.write(user_id) as connection:
            user_rows.ensure(connection, user_id)
            line = {"text": value, "edited": True, "source": "person", "sensitive": mark}
            there = (memories.c.user_id == user_id) & (memories.c.id == make_id(user_id, "core", key))
            row = connection.execute(select(memories).where(there, memories.c.hidden_at.is_(None))).first()
            extra = corrections.noted(connection, row, value) if row else {}
            memory_rows.replace_one(connection, user_id, "core", key, {**line, "extra": extra}, time)
        return self._memories.get(user_id, make_id(user_id, "core", key))

    def undo(self, user_id: str, memory_id: str) -> MemoryRecord:
        """Undo the last change to a memory: its forgetting, or else its supersession, or else its effect on older facts.

        Returns:
            The memory as it is now.

        Raises:
            NotFound: It has been purged, or never existed.
            NothingToUndo: It is neither forgotten nor superseded, and supersedes nothing.
        """
        with self._db.write(user_id) as connection:
            changed = soft_delete.restore(connection, user_id, memory_id) or bool(
                supersession_rows.take_back(connection, user_id, memory_id)
            )
            there = changed or _is_there(connection, user_id, memory_id)
        if not there:
            raise NotFound(
                f"The memory {memory_id!r} was purged, or this user never had it. `persona memory list` shows the others."
            )
        if not changed:
            raise NothingToUndo(
                f"Nothing that was done to {memory_id!r} can be undone: it is not forgotten, but remembered, and valid."
            )
        return self._memories.get(user_id, memory_id)

    def purge(self, user_id: str, memory_id: str) -> None:
        """Purge a hidden memory. A tombstone without text keeps it from being extracted again."""
        with self._db.write(user_id) as connection:
            soft_delete.purge(connection, user_id, memory_id)

    def hidden(self, before: datetime | None = None) -> list[tuple[str, str]]:
        """Return the (user, memory id) pairs that are forgotten but not purged; with `before`, those forgotten by then."""
        with self._db.glance() as connection:
            return soft_delete.hidden(connection, before)


def _is_there(connection: Connection, user_id: str, subject: str) -> bool:
    """Return whether the user has a memory, a message or a picture with this id, and it is not forgotten."""
    queries = (
        select(memories.c.id).where(memories.c.user_id == user_id, memories.c.id == subject, memories.c.hidden_at.is_(None)),
        select(turns.c.id).where(turns.c.user_id == user_id, turns.c.id == subject, turns.c.state.not_in(_GONE_STATES)),
        select(photos.c.id).where(photos.c.user_id == user_id, photos.c.id == subject, photos.c.hidden_at.is_(None)),
    )
    return any(connection.execute(query).first() is not None for query in queries)


def _check_length(text: str) -> None:
    if len(text) > _MAX_CHARACTERS:
        raise InvalidInput(
            f"A memory can have at most {_MAX_CHARACTERS:,} characters; this has {len(text):,}. Make it shorter."
        )
