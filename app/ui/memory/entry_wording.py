"""What the page Memory says of its entries (pure functions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby

from app.ui import memory_actions, wording
from memory.consent.sensitive import NAMED
from memory.core.records import Episode, PhotoMemory, Procedure, SemanticMemory
from memory.storage.memory_rows import MemoryRecord

KINDS = {
    "semantic": "Facts",
    "episodic": "Conversations",
    "procedural": "Habits and goals",
    "core": "Profile",
    "photo": "Pictures",
}
"""The kinds of memories, as a filter calls them."""
_COUNTED = {
    "semantic": ("fact", "facts"),
    "episodic": ("topic of a conversation", "topics of conversations"),
    "procedural": ("habit or goal", "habits and goals"),
    "core": ("line of your profile", "lines of your profile"),
    "photo": ("picture", "pictures"),
}


def kind_of(record: MemoryRecord) -> str:
    """Return the kind of a memory."""
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
    """Return what a memory says; until when it was true stands among its tags."""
    return record.content if isinstance(record, SemanticMemory) else memory_actions.told_of(record)


def tags(record: MemoryRecord) -> list[str]:
    """Say how a memory stands, in a few words each."""
    found = []
    if isinstance(record, SemanticMemory | PhotoMemory) and record.held:
        found.append(f"pending your approval: about {NAMED[record.held]}")
    elif record.sensitive:
        found.append(f"sensitive: {NAMED[record.sensitive]}")
    if isinstance(record, SemanticMemory) and record.valid_until is not None:
        found.append(f"until {record.valid_until:%Y-%m-%d}")
    if isinstance(record, SemanticMemory) and record.strength > 1:
        found.append(f"said {record.strength} times")
    return [*found, "edited by you"] if record.edited else found


def relations(record: MemoryRecord, related: Mapping[str, SemanticMemory]) -> list[str]:
    """Say what replaced a fact, what it replaced, what it repeats, and what was corrected since.

    Args:
        record: The memory.
        related: Facts by id that have to do with it, or with others.
    """
    found = list(record.corrected)
    if not isinstance(record, SemanticMemory):
        return found
    if record.superseded_by == record.id:
        found.append("You said that it is outdated.")
    elif record.superseded_by is not None:
        newer = related.get(record.superseded_by)
        found.append(f"Replaced by: {newer.content}" if newer else "Replaced by something newer.")
    replaced = [one for one in related.values() if one.superseded_by == record.id and one.id != record.id]
    found += [f"It replaced: {one.content}" for one in replaced]
    if record.same_as is not None and record.same_as in related:
        found.append(f"It says again: {related[record.same_as].content}")
    return found


def line(record: MemoryRecord, *, dated: bool) -> str:
    """Write the small line above an entry: when, what it is, how it stands.

    Args:
        record: The memory.
        dated: With the day, where no heading names it.
    """
    when = f"{record.time:%Y-%m-%d %H:%M}" if dated else f"{record.time:%H:%M}"
    return " · ".join([when, wording.KINDS[kind_of(record)], *tags(record)])


def by_day(records: Iterable[MemoryRecord]) -> list[tuple[str, list[MemoryRecord]]]:
    """Group memories by the day on which they were said, in the order they come in, under the name of the day."""
    days = groupby(records, lambda record: record.time.date())
    return [(f"{day:%A}, {day.day} {day:%B} {day.year}", list(group)) for day, group in days]


def rows(records: Iterable[MemoryRecord]) -> list[dict[str, str]]:
    """Return memories as rows of a table."""
    return [
        {
            "When": f"{record.time:%Y-%m-%d}",
            "Kind": wording.KINDS[kind_of(record)].capitalize(),
            "What it says": wording.shortened(says(record)),
            "Standing": ", ".join(tags(record)),
        }
        for record in records
    ]


def bounds(days: Sequence[date], zone: tzinfo | None) -> tuple[datetime | None, datetime | None]:
    """Return the first instant of a range of days, and the first one after it; of one day alone, all that follows."""
    if not days:
        return None, None
    since = datetime.combine(days[0], time.min, zone)
    open_ended = len(days) == 1 or days[-1] == date.max
    return since, None if open_ended else datetime.combine(days[-1] + timedelta(days=1), time.min, zone)


def summed(counts: Mapping[str, int]) -> str:
    """Say in a sentence how much there is; empty where there is nothing."""
    known = [wording.counted(counts[kind], *names) for kind, names in _COUNTED.items() if counts.get(kind)]
    if not known:
        return ""
    listed = known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}"
    return f"{listed}, from {wording.counted(counts.get('turn', 0), 'message', 'messages')}."
