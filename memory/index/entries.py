"""What an index file holds: entries, how much of them is embedded, and their changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from memory.core.time_window import TimeWindow
from memory.embedding.token_vectors import Kept
from memory.index.turn_traits import Traits


class Depth(IntEnum):
    """How much of an entry is embedded. Imported history is found by words first, and embedded in the background."""

    WORDS = 0
    """Nothing: its vector is zero, which is as near to one question as to any other."""
    CONTENT = 1
    """Its content: one vector."""
    WHOLE = 2
    """All its texts."""


@dataclass(frozen=True)
class Entry:
    """One searchable text with its `id`; searches filter by `kind` and `at` (seconds since 1970, UTC).

    Attributes:
        around: The text together with the previous turn, searched separately; only turns have it.
        reply: The reply; only turns have it.
        traits: Further properties for the ranking of turns.
        kept: Its stored embeddings.
        happened: The time window that the text names, if any.
        depth: How much of it is embedded.
    """

    id: str
    kind: str
    at: float
    text: str
    around: str | None = None
    traits: Traits = field(default_factory=Traits)
    kept: Kept | None = None
    happened: TimeWindow | None = None
    reply: str = ""
    depth: Depth = Depth.WHOLE


@dataclass(frozen=True)
class Change:
    """An entry that changed in the search index and is not copied to Chroma yet.

    Attributes:
        kind: Its collection.
        id: The entry's id.
        had: The facets that Chroma has of it.
        times: How often it changed.
        kept: Its stored embeddings; None if it was removed, or moved to another kind.
    """

    kind: str
    id: str
    had: tuple[str, ...]
    times: int
    kept: Kept | None
