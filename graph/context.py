"""The input of a run besides the message: user, time and options."""

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
        InvalidInput: `personality_override` names an unknown trait, or a score outside 1 to 5.
    """

    force_retrieve: bool = False
    """Search memory at least once before answering."""
    reasoning: bool = True
    """Off: search memory once with the message itself, then answer without thinking first."""
    off_the_record: bool = False
    """Use memory, but write nothing anywhere."""
    personality_override: dict[str, float] | None = None
    """Scores for this reply alone, by trait, instead of the remembered ones."""
    instructions: str = ""
    """Instructions of the program that the person writes in, for this reply alone; never remembered."""
    attached: str = ""
    """Text that the program attached to the message, such as passages of a file; shown to the model, never remembered."""

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
    """The run's context. Every field has a default, so that LangGraph Studio can open a graph without input."""

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
    """Return `user_id`, the user of the turn or session that the run continues; refuse a context that names another user.

    Args:
        runtime: The run; without a context, nothing is checked.
        user_id: The user of the turn or session in the state.

    Raises:
        InvalidInput: The context names another user.
    """
    if runtime.context is not None and runtime.context.user_id != user_id:
        raise InvalidInput("This run belongs to another user. Start a new thread with your own message.")
    return user_id


def thread_id() -> str | None:
    """Return the thread of the run; None if no state is kept for it."""
    given = get_config().get("configurable", {})
    return given.get("thread_id") if given.get(_CHECKPOINTER) else None


def goes_back() -> bool:
    """Return whether the caller chose the checkpoint to start from, which may be an old one."""
    return bool(get_config().get("metadata", {}).get("checkpoint_id"))
