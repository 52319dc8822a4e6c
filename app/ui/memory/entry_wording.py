"""Text about the entries of the Memory page (pure functions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby

from app.ui import memory_actions, wording
from graph.language.addressed import addressed
from memory.consent.sensitive import NAMED
from memory.core.records import Episode, PhotoMemory, Procedure, SemanticMemory
from memory.core.time_window import ALL_TIME, TimeWindow
from memory.storage.memory_rows import MemoryRecord

KINDS = {
    "semantic": "Facts",
    "episodic": "Conversations",
    "procedural": "Habits and goals",
    "core": "Profile",
    "photo": "Pictures",
}
"""Names of the memory types in the filter."""
_COUNTED = {
    "semantic": ("fact", "facts"),
    "episodic": ("conversation topic", "conversation topics"),
    "procedural": ("habit or goal", "habits and goals"),
    "core": ("profile line", "profile lines"),
    "photo": ("picture", "pictures"),
}


def kind_of(record: MemoryRecord) -> str:
    """Return the type of a memory."""
    match record:
        case SemanticMemory():
            return "semantic"
        case Episode():
            return "episodic"
        case Procedure():
            return "procedural"
        case PhotoMemory():
            return "photo"
        case _:
            return "core"


def says(record: MemoryRecord) -> str:
    """Return the text of a memory; its end date is one of its tags."""
    return addressed(record.content) if isinstance(record, SemanticMemory) else memory_actions.shown_text(record)


def tags(record: MemoryRecord) -> list[str]:
    """Return the state of a memory as short tags."""
    found = []
    if isinstance(record, SemanticMemory | PhotoMemory) and record.held:
        found.append(f"needs your approval: about {NAMED[record.held]}")
    elif record.sensitive:
        found.append(f"sensitive: {NAMED[record.sensitive]}")
    if isinstance(record, SemanticMemory) and record.valid_until is not None:
        found.append(f"until {record.valid_until:%Y-%m-%d}")
    if isinstance(record, SemanticMemory) and record.strength > 1:
        found.append(f"said {record.strength} times")
    return [*found, "edited by you"] if record.edited else found


def relations(record: MemoryRecord, related: Mapping[str, SemanticMemory]) -> list[str]:
    """Return sentences about the facts related to a memory: replaced by, replaces, repeats; and its corrections.

    Args:
        record: The memory.
        related: Facts by id; some may be related to other memories.
    """
    found = [addressed(mark) for mark in record.corrected]
    if not isinstance(record, SemanticMemory):
        return found
    if record.superseded_by == record.id:
        found.append("You marked this as outdated.")
    elif record.superseded_by is not None:
        newer = related.get(record.superseded_by)
        found.append(f"Replaced by: {addressed(newer.content)}" if newer else "Replaced by a newer fact.")
    replaced = [one for one in related.values() if one.superseded_by == record.id and one.id != record.id]
    found += [f"Replaces: {addressed(one.content)}" for one in replaced]
    if record.same_as is not None and record.same_as in related:
        found.append(f"Repeats: {addressed(related[record.same_as].content)}")
    return found


def line(record: MemoryRecord, *, dated: bool) -> str:
    """Return the small line above an entry: time, type and tags.

    Args:
        record: The memory.
        dated: Include the day, because no heading does.
    """
    when = f"{record.time:%Y-%m-%d %H:%M}" if dated else f"{record.time:%H:%M}"
    return " · ".join([when, wording.KINDS[kind_of(record)], *tags(record)])


def by_day(records: Iterable[MemoryRecord]) -> list[tuple[str, list[MemoryRecord]]]:
    """Return memories grouped by day, in their order, each group with the name of its day."""
    days = groupby(records, lambda record: record.time.date())
    return [(f"{day:%A}, {day.day} {day:%B} {day.year}", list(group)) for day, group in days]


def rows(records: Iterable[MemoryRecord]) -> list[dict[str, str]]:
    """Return memories as table rows."""
    return [
        {
            "When": f"{record.time:%Y-%m-%d}",
            "Type": wording.KINDS[kind_of(record)].capitalize(),
            "What it says": wording.shortened(says(record)),
            "State": ", ".join(tags(record)),
        }
        for record in records
    ]


def window_of(days: Sequence[date], zone: tzinfo | None) -> TimeWindow:
    """Return the time window of a range of days; a single day has no end."""
    if not days:
        return ALL_TIME
    since = datetime.combine(days[0], time.min, zone)
    open_ended = len(days) == 1 or days[-1] == date.max
    end = None if open_ended else datetime.combine(days[-1] + timedelta(days=1), time.min, zone)
    return TimeWindow.half_open(since, end)


def summed(counts: Mapping[str, int]) -> str:
    """Return a sentence with the number of memories of each type; empty if there are none."""
    known = [wording.counted(counts[kind], *names) for kind, names in _COUNTED.items() if counts.get(kind)]
    if not known:
        return ""
    listed = known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}"
    return f"{listed}, from {wording.counted(counts.get('turn', 0), 'message', 'messages')}."
