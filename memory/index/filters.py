"""The user and time window that every search is limited to (pure values and rules)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from memory.core.time_window import ALL_TIME, TimeWindow

Rule = Literal["hybrid", "reference"]
"""`hybrid`: our search; `reference`: dense search only, as published, for comparison."""


@dataclass(frozen=True)
class Filters:
    """The memories that a search may return.

    Attributes:
        user_id: The user.
        window: A memory is in it if it was said in it or, if it names a time, if that time overlaps it.
        said: When a memory must have been said, whatever time it names.
        excluded: Ids to leave out.
        named: The time window that the question names; memories in it score higher, and no others are left out.
    """

    user_id: str
    window: TimeWindow = ALL_TIME
    said: TimeWindow = ALL_TIME
    excluded: AbstractSet[str] = frozenset()
    named: TimeWindow | None = None
