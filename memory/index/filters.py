"""Whose memories a search may bring, and of when (values and pure rules that all searches share)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from memory.core.temporal import Period

Rule = Literal["hybrid", "reference"]
"""`hybrid`: ours; `reference`: dense search alone, as published, to measure beside it."""


@dataclass(frozen=True)
class Scope:
    """Whose memories may be found, and of when.

    Attributes:
        user_id: Whose.
        since: Start of the window in seconds since 1970, inclusive; None: open. A memory is in the window by when it was said
            or, where it names a time, by when it happened.
        until: End of the window, inclusive; None: open.
        latest: Nothing that was said after this, whenever it happened; None: anything.
        seen: Ids that are left out.
        period: The time that the question names: what is of it stands higher, and nothing is left out.
    """

    user_id: str
    since: float | None = None
    until: float | None = None
    latest: float | None = None
    seen: AbstractSet[str] = frozenset()
    period: Period | None = None

    @property
    def windowed(self) -> bool:
        """Say whether there is a window."""
        return self.since is not None or self.until is not None

    def holds(self, at: float) -> bool:
        """Say whether an instant lies in the window; every one does where there is none."""
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)
