"""The words of a turn in a talk between people, which begin with their speaker's name (pure)."""

from __future__ import annotations

from memory.core.records import Spoken, Turn


def own_text(turn: Turn) -> str:
    """Return the text of a turn without the user's own name before it; another person's name stays."""
    return turn.text.removeprefix(f"{turn.speaker}:").lstrip() if turn.speaker and not turn.by_other else turn.text


def spoken(turn: Turn, text: str | None = None, reply: str | None = None, *, excerpt: bool = False) -> Spoken:
    """Return a turn as a prompt shows it: a speaker's name is taken off the words, and another person's is kept beside them.

    Args:
        turn: The turn.
        text: The part of its text that is shown; None: all.
        reply: The part of its reply that is shown; None: all.
        excerpt: Whether something is left out.
    """
    words = turn.text if text is None else text
    if turn.speaker:
        words = words.removeprefix(f"{turn.speaker}:").lstrip()
    return Spoken(
        time=turn.time,
        text=words,
        reply=turn.reply if reply is None else reply,
        corrected=turn.corrected,
        excerpt=excerpt,
        other=turn.speaker if turn.by_other else None,
    )
