"""The words of a turn in a talk between people, which begin with their speaker's name (pure)."""

from __future__ import annotations

from memory.core.records import Turn


def own_text(turn: Turn) -> str:
    """Return the text of a turn without the user's own name before it; another person's name stays."""
    return turn.text.removeprefix(f"{turn.speaker}:").lstrip() if turn.speaker and not turn.by_other else turn.text
