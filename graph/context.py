"""What a run is told besides the message: who writes, when, and the switches."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from langgraph.config import get_config
from langgraph.runtime import Runtime

from memory.core.errors import InvalidInput
from memory.core.records import HIGHEST, LOWEST, TRAITS
from memory.core.validation import user_name

_CHECKPOINTER = "__pregel_checkpointer"
"""LangGraph's own key. Without a checkpointer a `thread_id` in the config has no effect: no state is kept for it."""


@dataclass(frozen=True)
class MessageOptions:
    """How one message is answered.

    Raises:
        InvalidInput: A score of `personality_override` is of no trait, or not from 1 to 5.
    """

    force_retrieve: bool = False
    """Search memory at least once before answering."""
    reasoning: bool = True
    """Off: search memory once with the message itself, then answer directly."""
    off_the_record: bool = False
    """Use memory, but write nothing anywhere."""
    personality_override: dict[str, float] | None = None
    """Scores for this reply alone, by trait, instead of the remembered ones."""

    def __post_init__(self) -> None:
        """Check the scores."""
        for trait, score in (self.personality_override or {}).items():
            is_number = isinstance(score, int | float) and not isinstance(score, bool)
            if trait not in TRAITS or not is_number or not LOWEST <= score <= HIGHEST:
                raise InvalidInput(
                    f"{trait} = {score} is no personality score. Traits: {', '.join(TRAITS)}; scores go from 1 to 5."
                )


@dataclass(frozen=True)
class Context(MessageOptions):
    """The run's context; every field has a default, so that a graph opens in Studio as it is."""

    user_id: str = "me"
    """Whose memory is used and written."""
    time: str | None = None
    """When the message is said, `YYYY-MM-DD HH:MM` with an optional offset or zone; None means now."""

    @classmethod
    def of(cls, options: MessageOptions, user_id: str, time: str | None) -> Self:
        """Return the context of a message with some options."""
        chosen = {one.name: getattr(options, one.name) for one in fields(MessageOptions)}
        return cls(**chosen, user_id=user_id, time=time)

    def __post_init__(self) -> None:
        """Normalise the user id."""
        super().__post_init__()
        object.__setattr__(self, "user_id", user_name(self.user_id))


def context_of(runtime: Runtime[Context]) -> Context:
    """Return the run's context; the default one if the caller passed none (LangGraph then gives None)."""
    return runtime.context or Context()


def same_user(runtime: Runtime[Context], user_id: str) -> str:
    """Return the user whose turn or session a run continues; a context that names another user is refused.

    Args:
        runtime: The run; without a context it continues as it began.
        user_id: The user of the turn or session in the state.

    Raises:
        InvalidInput: The context names another user.
    """
    if runtime.context is not None and runtime.context.user_id != user_id:
        raise InvalidInput("What this run goes on with is another user's. Give a message of your own, in a new thread.")
    return user_id


def thread_id() -> str | None:
    """Return the thread of the run; None if no state is kept for it."""
    given = get_config().get("configurable", {})
    return given.get("thread_id") if given.get(_CHECKPOINTER) else None


def goes_back() -> bool:
    """Return whether the caller named the checkpoint that the run starts from: it may be an earlier one."""
    return bool(get_config().get("metadata", {}).get("checkpoint_id"))
