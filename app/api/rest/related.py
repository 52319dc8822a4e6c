"""Memories with what others say about them: which facts they replaced, and where a line or a habit was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from app.api.rest.models import Memory
from app.api.rest.person import Person
from memory.core.records import Procedure, ProfileEntry, SemanticMemory
from memory.storage.memory_rows import MemoryRecord


def memories_of(me: Person, records: Sequence[MemoryRecord]) -> list[Memory]:
    """Return stored memories as answers, in their order."""
    facts = [one for one in records if isinstance(one, SemanticMemory)]
    replaced: dict[str, list[str]] = defaultdict(list)
    for older in me.memory.memories.linked(me.id, facts) if facts else ():
        # A fact that the person marked as outdated names itself.
        if older.superseded_by is not None and older.superseded_by != older.id:
            replaced[older.superseded_by].append(older.id)
    lines = [one.id for one in records if isinstance(one, Procedure | ProfileEntry)]
    sessions = me.memory.browse.written_in(me.id, lines) if lines else {}
    return [
        one.model_copy(update={"replaces": replaced.get(one.id, []), "session": sessions.get(one.id, one.session)})
        for one in map(Memory.of, records)
    ]


def memory_of(me: Person, record: MemoryRecord) -> Memory:
    """Return one stored memory as an answer."""
    return memories_of(me, [record])[0]
