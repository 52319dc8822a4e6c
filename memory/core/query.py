"""What is asked of memory, and what comes back (pure values)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from memory.core.passages import turn_of
from memory.core.records import Recalled


@dataclass(frozen=True)
class Limits:
    """How much of each type a round returns (published: 4 semantic, 2 episodic topics, 2 procedural).

    Attributes:
        semantic: Facts.
        episodic: Topics, or turns that are in none yet.
        procedural: Habits and goals.
        photos: Things that were seen (published: 2).
        turns: Raw turns of one topic, at most.
        characters: Of one topic's raw turns, at most; its best turn is returned whatever its length, a long one as an excerpt.
        size: UTF-8 bytes of all raw turns together, at most: what the prompt has room for; None: any.
    """

    semantic: int = 4
    episodic: int = 2
    procedural: int = 2
    photos: int = 2
    turns: int = 6
    characters: int = 3_000
    size: int | None = None


@dataclass(frozen=True)
class Room:
    """How much one search shows of all kinds together, where they compete for it (docs/decisions/055).

    Attributes:
        size: UTF-8 bytes of everything.
        note: Of the words that one raw turn is shown with, a long message or reply as its best passages.
        least: Entries from which on `gap` counts.
        most: Entries, at most.
        gap: Share of the best one's relevance that further entries need, where that one is surely relevant.
        gap_at_all: The same for the first entries.
        floor: Relevance that every entry needs.
        best: Relevance that the best entry needs for any to be shown.
        whole: UTF-8 bytes up to which all that was ever said is shown instead; 0: never.
    """

    size: int = 1_600
    note: int = 500
    least: int = 4
    most: int = 8
    gap: float = 0.1
    gap_at_all: float = 0.03
    floor: float = 0.001
    best: float = 0.0
    whole: int = 0


@dataclass(frozen=True)
class Query:
    """One look into memory.

    Attributes:
        message: What the person said; searched against content.
        keywords: What the model asks for; searched against keywords and content.
        time: The message's time; nothing that was said after it is returned.
        since: Start of the window, inclusive; None: open.
        until: End of the window, inclusive; None: open.
        seen: Ids of memories and turns that this turn has shown already.
        talk: Ids of the turns that its prompt shows whole; what was made of them is left out too.
        parts: Ids of the passages that were shown, of turns that were not shown whole.
        before: The previous message, where this one only goes on from it ("And why?"); searched as well.
        photos: Ids of the pictures that the prompt shows, or tells of.
        pictures: Ids of the photos that the message carries: what looks like them is recalled.
    """

    message: str
    keywords: str
    time: datetime
    since: datetime | None = None
    until: datetime | None = None
    seen: AbstractSet[str] = field(default_factory=frozenset)
    talk: AbstractSet[str] = field(default_factory=frozenset)
    parts: AbstractSet[str] = field(default_factory=frozenset)
    photos: AbstractSet[str] = field(default_factory=frozenset)
    pictures: tuple[str, ...] = ()
    before: str = ""

    @property
    def shown_turns(self) -> AbstractSet[str]:
        """The turns of which the prompt shows anything."""
        return self.talk | {turn_of(name) for name in self.parts}


@dataclass(frozen=True)
class Found:
    """What a look brought, in time order; `widened` when the window held nothing and was left out."""

    memories: tuple[Recalled, ...]
    widened: bool = False
