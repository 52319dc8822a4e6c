"""The types of ours that a thread's checkpoints hold, as LangGraph's serialiser knows them: what is not named, it will refuse.

With a checkpointer of your own: `InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=KEPT_TYPES))`.
"""

from __future__ import annotations

from langgraph.checkpoint.serde import _msgpack

from graph.formats.memory_formats import TopicLines
from memory.core.brought_up import BroughtUp
from memory.core.records import (
    BigFive,
    ForgetEntry,
    ForgetOffer,
    PersonalityPoint,
    PhotoMemory,
    Recalled,
    SemanticMemory,
    Spoken,
    Step,
    Trace,
    Turn,
    TurnState,
)
from memory.core.retry import Refused
from memory.core.usage import Usage
from memory.facts.acceptance import Changes
from memory.upcoming.agenda import Upcoming

KEPT_TYPES: tuple[type, ...] = (
    BigFive,
    BroughtUp,
    Changes,
    ForgetEntry,
    ForgetOffer,
    PersonalityPoint,
    PhotoMemory,
    Recalled,
    Refused,
    SemanticMemory,
    Spoken,
    Step,
    TopicLines,
    Trace,
    Turn,
    TurnState,
    Upcoming,
    Usage,
)


def names() -> list[list[str]]:
    """Return module and name of each type, as `langgraph.json` lists them."""
    return [[kept.__module__, kept.__qualname__] for kept in KEPT_TYPES]


def register() -> None:
    """Name our types to every serialiser of this process.

    LangGraph's server (0.16.7) makes one that neither reads the list in `langgraph.json` nor takes what a graph was compiled
    with: without this it warns of each type, and in strict mode (`LANGGRAPH_STRICT_MSGPACK`) hands out plain dictionaries.
    """
    _msgpack.SAFE_MSGPACK_TYPES |= {(module, name) for module, name in names()}
