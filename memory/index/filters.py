"""The user and time window that every search is limited to (pure values and rules)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from memory.core.temporal import Period

Rule = Literal["hybrid", "reference"]
"""`hybrid`: our search; `reference`: dense search only, as published, for comparison."""


@dataclass(frozen=True)
class Scope:
    """The memories that a search may find.

    Attributes:
        user_id: The user.
        since: Start of the time window in seconds since 1970, inclusive; None: open. A memory is in the window if it was said
            in it or, if it names a time, if that time overlaps the window.
        until: End of the time window, inclusive; None: open.
        latest: Nothing said after this time is found, whatever time it names; None: no limit.
        seen: Ids to leave out.
        period: The period that the question names; memories of that period score higher, and no others are left out.
    """

    user_id: str
    since: float | None = None
    until: float | None = None
    latest: float | None = None
    seen: AbstractSet[str] = frozenset()
    period: Period | None = None

    @property
    def windowed(self) -> bool:
        """Whether there is a time window."""
        return self.since is not None or self.until is not None

    def holds(self, at: float) -> bool:
        """Return whether an instant lies in the time window; always true without a window."""
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)
