"""The memory of an assistant: the journal in SQL, the search indexes beside it, and the services that use both.

`Memory` opens a data folder. Most callers need only the names below. Each is imported on first use, so that importing one room
does not import the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memory.core.errors import InvalidInput, NotFound, PersonaError, StorageError
    from memory.core.query import Query, SearchBudget, SearchLimits, SearchResult
    from memory.core.records import Recalled, Trace, Turn
    from memory.embedding.text_embedder import Embedder
    from memory.forgetting.purge import ForgetReceipt
    from memory.memory import Memory

_MODULES = {
    "Embedder": "memory.embedding.text_embedder",
    "ForgetReceipt": "memory.forgetting.purge",
    "InvalidInput": "memory.core.errors",
    "Memory": "memory.memory",
    "NotFound": "memory.core.errors",
    "PersonaError": "memory.core.errors",
    "Query": "memory.core.query",
    "Recalled": "memory.core.records",
    "SearchBudget": "memory.core.query",
    "SearchLimits": "memory.core.query",
    "SearchResult": "memory.core.query",
    "StorageError": "memory.core.errors",
    "Trace": "memory.core.records",
    "Turn": "memory.core.records",
}
"""The module that defines each exported name."""

__all__ = [
    "Embedder",
    "ForgetReceipt",
    "InvalidInput",
    "Memory",
    "NotFound",
    "PersonaError",
    "Query",
    "Recalled",
    "SearchBudget",
    "SearchLimits",
    "SearchResult",
    "StorageError",
    "Trace",
    "Turn",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'memory' has no attribute {name!r}")
