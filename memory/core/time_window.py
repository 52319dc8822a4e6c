"""The one type for a span of time, used by searches, questions and filters (pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class TimeWindow:
    """A span of time; without arguments, all time.

    Attributes:
        start: The first instant in the window, in seconds since 1970.
        end: The first instant after the window, in seconds since 1970.

    Example:
        >>> march = TimeWindow.between(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
        >>> march.contains(datetime(2026, 3, 14, tzinfo=UTC).timestamp())
        True
    """

    start: float = -math.inf
    end: float = math.inf

    @classmethod
    def between(cls, since: datetime | None, until: datetime | None) -> Self:
        """Return the window from `since` to `until`, both included; None: no limit on that side."""
        return cls(
            -math.inf if since is None else since.timestamp(),
            math.inf if until is None else math.nextafter(until.timestamp(), math.inf),
        )

    @classmethod
    def half_open(cls, start: datetime | None, end: datetime | None) -> Self:
        """Return the window from `start` up to, but not including, `end`; None: no limit on that side."""
        return cls(-math.inf if start is None else start.timestamp(), math.inf if end is None else end.timestamp())

    @property
    def is_bounded(self) -> bool:
        """Whether the window is less than all time."""
        return self.start > -math.inf or self.end < math.inf

    def contains(self, at: float) -> bool:
        """Return whether an instant, in seconds since 1970, is in the window."""
        return self.start <= at < self.end

    def nearness(self, at: float, days: float) -> float:
        """Return 1 inside the window, and less with growing distance: 1/e at a distance of `days`."""
        distance = max(self.start - at, at - self.end, 0.0)
        return math.exp(-distance / _SECONDS_PER_DAY / days)

    def mask(self, at: NDArray[Any], first: NDArray[Any], last: NDArray[Any]) -> NDArray[np.bool_]:
        """For each entry, return whether it was said in the window or names a day in it.

        Args:
            at: When each entry was said, in seconds since 1970, shape (entries,).
            first: Start of the span of days that each entry names, inclusive; plus infinity if it names none.
            last: End of that span, exclusive; minus infinity if it names none.
        """
        inside: NDArray[np.bool_] = (at >= self.start) & (at < self.end) | (first < self.end) & (last > self.start)
        return inside

    def sql(self, column: ColumnElement[datetime] | Any) -> list[ColumnElement[bool]]:
        """Return SQL conditions that keep only instants of the window; an empty list for all time."""
        which = [column >= _instant(self.start)] if self.start > -math.inf else []
        return which + ([column < _instant(self.end)] if self.end < math.inf else [])


ALL_TIME = TimeWindow()


def _instant(seconds: float) -> datetime:
    """Convert seconds since 1970 to a time, rounded up to whole microseconds."""
    rounded = datetime.fromtimestamp(seconds, UTC)
    return rounded if rounded.timestamp() >= seconds else rounded + timedelta(microseconds=1)
