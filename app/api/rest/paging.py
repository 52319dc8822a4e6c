"""Pages of answers, their cursors, and the times that requests name."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.time_window import ALL_TIME, TimeWindow

Item = TypeVar("Item")

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LOST_PLUS = re.compile(r"(?<=:\d\d) (?=\d{2}:?\d{2}$)")
"""In a URL, a plus sign that is not written as %2B arrives as a space."""
_LAST_YEAR = 9999
_WRONG_CURSOR = "This cursor is not one of this list. Send `next` of the page before, or no cursor for the first page."

Limit = Annotated[int, Query(ge=1, le=200, description="Most entries of one page.")]
Cursor = Annotated[str, Query(description="`next` of the page before; left out: the first page.")]
Since = Annotated[
    str,
    Query(description="Only what was said at this time or later: a day, or a time with an offset.", examples=["2026-03-01"]),
]
Until = Annotated[
    str, Query(description="Only what was said up to this time, or up to the end of this day.", examples=["2026-03-31"])
]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item] = Field(description="The entries of this page.")
    total: int = Field(description="The number of entries on all pages.", ge=0)
    next: str | None = Field(default=None, description="The cursor of the next page; null: this is the last one.")


def cursor_of(*place: datetime | str | int) -> str:
    """Return the cursor for the entries after a place."""
    written = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else part for part in place]
    return base64.urlsafe_b64encode(json.dumps(written, separators=(",", ":")).encode()).decode().rstrip("=")


def place_of(cursor: str, *kinds: type[datetime | str | int]) -> tuple[Any, ...] | None:
    """Return the place that a cursor names; None without a cursor.

    Args:
        cursor: The cursor, or an empty text.
        kinds: The types of the parts of a place.

    Raises:
        InvalidInput: The cursor is not one of this list.
    """
    if not cursor:
        return None
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(parts, list):
            raise InvalidInput(_WRONG_CURSOR)
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput(_WRONG_CURSOR) from error


def _part(part: object, kind: type[datetime | str | int]) -> datetime | str | int:
    if kind is datetime and isinstance(part, str):
        time = datetime.fromisoformat(part)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    elif (kind is int and isinstance(part, int) and not isinstance(part, bool) and 0 <= part < 2**31) or (
        kind is str and isinstance(part, str) and "\x00" not in part and part.isascii()
    ):
        return part
    raise InvalidInput(_WRONG_CURSOR)


def page_by_number(items: list[Item], cursor: str, limit: int) -> Page[Item]:
    """Return a page of a list that only grows at its end."""
    start = (place_of(cursor, int) or (0,))[0]
    after = start + limit
    return Page(items=items[start:after], total=len(items), next=cursor_of(after) if after < len(items) else None)


def window_of(since: str, until: str) -> TimeWindow:
    """Return the time window that two texts name; an empty text: no limit on that side.

    Raises:
        InvalidInput: A text is no time, or the window ends before it begins.
    """
    if not since and not until:
        return ALL_TIME
    begin = time_of(f"{since} 00:00" if _DAY.fullmatch(since) else since) if since else None
    end = time_of(f"{until} 23:59:59.999999" if _DAY.fullmatch(until) else until) if until else None
    if begin and end and end < begin:
        raise InvalidInput(f"The time window ends ({clock.show(end)}) before it begins ({clock.show(begin)}). Swap both.")
    # The window ends one instant later, which the calendar must have.
    return TimeWindow.between(begin, None if end is None or end.astimezone(UTC).year == _LAST_YEAR else end)


def time_of(text: str, zone: str | None = None) -> datetime:
    """Return the time that a request names.

    Raises:
        InvalidInput: The text is no time.
    """
    return clock.parse_time(_LOST_PLUS.sub("+", text), zone)
