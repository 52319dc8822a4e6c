"""The notice that a command prints after a sensitive message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memory.core.records import Turn, TurnState

if TYPE_CHECKING:
    from memory.memory import Memory


def notice_of(memory: Memory, turn: Turn) -> str:
    """Return the notice for a sensitive message; empty if there is nothing to say.

    Args:
        memory: The memory that contains the message.
        turn: The message, with its reply.
    """
    from memory.consent.sensitive import NAMED

    about = f"That was about {NAMED[turn.held or turn.sensitive or 'unnamed']}."
    if not turn.seq:
        change = f"`persona user consent {turn.user_id} --sensitive off` changes that."
        return f"{about} It was answered but not saved. {change}" if turn.sensitive else ""
    if turn.held:
        return (
            f"{about} It is remembered only after you approve it: "
            f"`persona memory approve {turn.id} --user {turn.user_id}` remembers it, `reject` forgets it."
        )
    consent = memory.consent
    chosen = consent.machine or consent.chosen(turn.user_id)
    if not turn.sensitive or chosen or consent.was_marked_before(turn.user_id, turn.id):
        return ""
    return (
        f"{about} It is remembered and marked as sensitive: no reply reminds you of it unasked, and no model is trained on "
        f"it. `persona user consent {turn.user_id} --sensitive each` asks you first from now on, `never-keep` never keeps them."
    )


def after(memory: Memory, turn: Turn) -> Turn:
    """Return a turn with its current marks; after remembering, its meaning has been classified as well."""
    if not turn.seq:
        return turn
    now = memory.journal.turn(turn.id, traces=False)
    if now.state is TurnState.FORGOTTEN:
        return turn.model_copy(update={"seq": 0, "held": None, "sensitive": turn.sensitive or "unnamed"})
    return turn.model_copy(update={"held": now.held, "sensitive": now.sensitive})
