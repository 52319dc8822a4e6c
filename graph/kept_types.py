"""Our types in a thread's checkpoints, as LangGraph's serialiser lists them: it will refuse types that are not listed.

With a checkpointer of your own: `InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=KEPT_TYPES))`.
"""

from __future__ import annotations

import sys
from types import ModuleType

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


_FORMER = {
    "graph.formats": "graph.formats.memory_formats",
    "memory.again": "memory.core.retry",
    "memory.brought_up": "memory.core.brought_up",
    "memory.change": "memory.facts.acceptance",
    "memory.records": "memory.core.records",
    "memory.upcoming": "memory.upcoming.agenda",
    "memory.usage": "memory.core.usage",
}
"""Modules by the names in checkpoints of version 0.1, and where their types are now."""


def names() -> list[list[str]]:
    """Return module and name of each type, as `langgraph.json` lists them."""
    return [[kept.__module__, kept.__qualname__] for kept in KEPT_TYPES]


def register() -> None:
    """Register our types with every serialiser of this process, under the names in older checkpoints too.

    LangGraph's server (0.16.7) creates a serialiser that uses neither the list in `langgraph.json` nor the one passed when a
    graph is compiled. Without this call it warns about each type, and in strict mode (`LANGGRAPH_STRICT_MSGPACK`) returns
    plain dictionaries.
    """
    _msgpack.SAFE_MSGPACK_TYPES |= {(module, name) for module, name in names()}
    for former, now in _FORMER.items():
        module = sys.modules.get(former) or sys.modules.setdefault(former, ModuleType(former))
        for kept in KEPT_TYPES:
            if kept.__module__ == now:
                setattr(module, kept.__qualname__, kept)
                _msgpack.SAFE_MSGPACK_TYPES |= {(former, kept.__qualname__)}
