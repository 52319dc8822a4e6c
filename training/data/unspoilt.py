"""Which turns may be used for training: those without content that the person has forgotten since, as far as it can be told."""

from __future__ import annotations

from memory.core.records import SPOKEN, Recalled, Turn, make_id
from memory.memory import Memory

_WRITTEN = ("semantic", "core", "procedural", "photo")


def spoilt_turns(memory: Memory, user: str) -> tuple[list[Turn], set[str], set[str]]:
    """Return a user's spoken turns in order, the ids of whole turns that may not be used, and the ids of messages that may not.

    Excluded are the turns with sensitive content, those that a forgotten memory was made from, and those whose reply used
    such a memory: the reply may repeat it. Of the last group, the message itself may be used.
    """
    turns = [turn for turn in memory.journal.turns(user) if turn.state in SPOKEN]
    of = {make_id(user, "semantic", turn.id): turn.id for turn in turns}
    marked = {turn.id for turn in turns if turn.held or turn.sensitive}
    visible = {entry.id for entry in memory.memories.entries(user) if not entry.sensitive}
    spoilt = marked | {of[name] for name in memory.memories.forgotten(user, of)}
    messages = set(spoilt)
    for turn in turns:
        if turn.trace and any(_rests_on(entry, visible, spoilt) for entry in turn.trace.memories):
            spoilt.add(turn.id)
    return turns, spoilt, messages


def _rests_on(entry: Recalled, visible: set[str], spoilt: set[str]) -> bool:
    return (entry.kind in _WRITTEN and entry.id not in visible) or any(name in spoilt for name in entry.turn_ids)
