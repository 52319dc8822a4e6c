"""What a run is told besides the message: who speaks, when, and the switches."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime


@dataclass(frozen=True)
class Context:
    """The run's context; every field has a default, so that a graph opens in Studio as it is."""

    user_id: str = "me"
    """Whose memory is used and written."""
    time: str | None = None
    """When the message is said, `YYYY-MM-DD HH:MM` with an optional offset or zone; now when None."""
    force_retrieve: bool = False
    """Look into memory at least once before answering."""
    reasoning: bool = True
    """Off: look into memory once with the message itself, then answer directly."""
    off_the_record: bool = False
    """Read memory, write nothing anywhere."""
    personality_override: dict[str, float] | None = None
    """Scores for this reply alone, by trait, instead of the remembered ones."""


def context_of(runtime: Runtime[Context]) -> Context:
    """Return the run's context; the default one where the caller passed none (LangGraph gives None then)."""
    return runtime.context or Context()
