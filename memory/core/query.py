"""A search request to memory, its limits, and its result (pure values)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from memory.core.passages import turn_of
from memory.core.records import Recalled
from memory.core.time_window import ALL_TIME, TimeWindow


@dataclass(frozen=True)
class SearchLimits:
    """How many results of each type a retrieval round returns (published: 4 semantic, 2 episodic topics, 2 procedural).

    Attributes:
        semantic: Maximum number of facts.
        episodic: Maximum number of topics, or of turns that belong to no topic yet.
        procedural: Maximum number of habits and goals.
        photos: Maximum number of things seen in photos (published: 2).
        turns: Maximum number of raw turns of one topic.
        characters: Maximum number of characters of one topic's raw turns together. The topic's best turn is always returned, as
            an excerpt if it is too long.
        size: Maximum UTF-8 bytes of all raw turns together, usually what fits in the prompt; None: no limit.
    """

    semantic: int = 4
    episodic: int = 2
    procedural: int = 2
    photos: int = 2
    turns: int = 6
    characters: int = 3_000
    size: int | None = None


@dataclass(frozen=True)
class SearchBudget:
    """The budget of one search in which all types of memory compete for the same room (docs/decisions/055).

    Attributes:
        size: Maximum UTF-8 bytes of all entries together.
        note: Maximum UTF-8 bytes of a raw turn's message, and separately of its reply; a longer text is shown as its best
            passages.
        least: How many entries need only the share `gap_at_all`; further entries need `gap`.
        most: Maximum number of entries.
        gap: Share of the best entry's relevance that an entry needs after the first `least` ones. Both shares apply only if the
            best entry is surely relevant.
        gap_at_all: The smaller share that each of the first `least` entries needs.
        floor: Minimum relevance of every entry; None: `memory.search.relevance.FLOOR`.
        best: If the best entry is less relevant than this, no entry is returned.
        whole: A history of up to this many UTF-8 bytes is shown whole instead; 0: never.
    """

    size: int = 1_600
    note: int = 500
    least: int = 4
    most: int = 8
    gap: float = 0.1
    gap_at_all: float = 0.03
    floor: float | None = None
    best: float = 0.0
    whole: int = 0


@dataclass(frozen=True)
class Query:
    """What one search asks for.

    Attributes:
        message: The person's message; compared with the content of memories.
        keywords: The model's search words; compared with the keywords and the content of memories.
        time: The time of the message; nothing said after it is returned.
        window: The time window; a memory outside it is returned only if nothing is inside.
        shown: Ids of the memories and turns that this turn has shown already.
        prompt_turns: Ids of the turns that the prompt shows whole; they and the facts extracted from them are not returned.
        shown_passages: Ids of the passages already shown, of turns that were not shown whole.
        previous_message: The previous message, if the current one only continues it ("And why?"); both are searched for.
        shown_photos: Ids of the photos that the prompt shows or describes.
        attached_photos: Ids of the photos attached to the message; photos that look like them are recalled.

    Example:
        >>> query = Query(message="When do I play?", keywords="quartet, cello", time=tomorrow)
        >>> [found] = memory.search_jointly("ada", query).memories
        >>> print(found.text)
        [2026-03-02 19:30 (Monday)]
        User: I play the cello in a quartet on Thursdays.
    """

    message: str
    keywords: str
    time: datetime
    window: TimeWindow = ALL_TIME
    shown: AbstractSet[str] = field(default_factory=frozenset)
    prompt_turns: AbstractSet[str] = field(default_factory=frozenset)
    shown_passages: AbstractSet[str] = field(default_factory=frozenset)
    shown_photos: AbstractSet[str] = field(default_factory=frozenset)
    attached_photos: tuple[str, ...] = ()
    previous_message: str = ""

    @property
    def shown_turns(self) -> AbstractSet[str]:
        """Ids of the turns that the prompt shows, whole or in part."""
        return self.prompt_turns | {turn_of(name) for name in self.shown_passages}


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Attributes:
        memories: What was found, in time order.
        widened: Nothing matched inside the time window, so the window was ignored.
        from_chroma: The person's index was not there yet, so Chroma was searched.
    """

    memories: tuple[Recalled, ...]
    widened: bool = False
    from_chroma: bool = False
