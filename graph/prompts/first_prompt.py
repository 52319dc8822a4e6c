"""The prompt of a person's next message, without the message: a model that caches its prompt can process it ahead of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.beginning import unrecorded
from graph.prompts import manner
from graph.prompts.briefing import messages_of
from memory.core import clock

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from graph.prompts.briefing import Style
    from memory.memory import Memory

_PLACEHOLDER_MESSAGE = "Hello"
"""Where the message will be; everything before it is already final."""


def first_prompt(user_id: str, memory: Memory, style: Style) -> list[BaseMessage]:
    """Return the messages of a first round as they would be now; nothing is written.

    Args:
        user_id: Who will write.
        memory: The memory.
        style: How prompts are made.
    """
    turn = unrecorded(user_id, _PLACEHOLDER_MESSAGE, [], clock.now())
    evidence = memory.personality.evidence(user_id)
    known = memory.memories.profile(user_id)
    return messages_of(
        {
            "turn": turn,
            "reasoning": not style.is_small,
            "profile": known.values() if style.layout == "published" else known.always(),
            "personality": manner.scores_of(manner.known(evidence)),
            "manner": manner.lines(evidence),
            "recent": memory.journal.recent(user_id, turn.time, None),
        },
        memory,
        style,
        style.prompts.after_retrieval,
    )
