"""The memory that a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memory.store import Memory


def open_memory() -> Memory:
    """Open the memory of the settings' folder, and purge what is due; whoever asks closes it.

    Raises:
        PersonaError: It cannot be opened; the message says what to do.
    """
    # With the call: a command that only prints its help loads none of it.
    from app.build import build_memory
    from app.settings import Settings

    memory = build_memory(Settings())
    try:
        # Whoever comes by sees to it: nothing else may run for months.
        memory.purge_due()
    except BaseException:
        memory.close()
        raise
    return memory
