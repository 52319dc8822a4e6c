"""What a run is told besides the message: who speaks, when, and the switches."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.config import get_config
from langgraph.runtime import Runtime

from memory.core.errors import InvalidInput
from memory.core.validation import user_name

_CHECKPOINTER = "__pregel_checkpointer"
"""LangGraph's own key. Without a checkpointer a `thread_id` in the config names nothing: no state is kept under it."""


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

    def __post_init__(self) -> None:
        """Take the name in normal form."""
        object.__setattr__(self, "user_id", user_name(self.user_id))


def context_of(runtime: Runtime[Context]) -> Context:
    """Return the run's context; the default one where the caller passed none (LangGraph gives None then)."""
    return runtime.context or Context()


def same_user(runtime: Runtime[Context], user_id: str) -> str:
    """Return whose turn or session a run goes on with; a context that names another user is refused.

    Args:
        runtime: The run; without a context it goes on as it began.
        user_id: Whose turn or session the state holds.

    Raises:
        InvalidInput: The context names another user.
    """
    if runtime.context is not None and runtime.context.user_id != user_id:
        raise InvalidInput("What this run goes on with is another user's. Give a message of your own, in a new thread.")
    return user_id


def thread_id() -> str | None:
    """Return the thread that the run is in; None where nothing of it is kept."""
    given = get_config().get("configurable", {})
    return given.get("thread_id") if given.get(_CHECKPOINTER) else None


def goes_back() -> bool:
    """Say whether the caller named the checkpoint that the run starts from: it may be an earlier one."""
    return bool(get_config().get("metadata", {}).get("checkpoint_id"))
