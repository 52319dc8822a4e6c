"""Which lines of an import the journal has already, or was told to forget (SQL).

The n-th equal line matches the n-th equal stored turn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from memory.core.records import TurnState
from memory.imports.staging import Comparable
from memory.storage import tombstones
from memory.storage.schema import turns

UNCOUNTED_STATES = (TurnState.REPLACED, TurnState.FORGOTTEN)
"""A turn in these states is no stored message."""
_MINUTE_S = 60


@dataclass(frozen=True)
class Stored:
    """A stored turn that has the text of a line.

    Attributes:
        at: Its time in seconds since 1970.
        by_other: Whether another person said it.
        import_id: The import that it came with; None if it was said here.
    """

    at: float
    by_other: bool
    import_id: str | None


@dataclass
class Known:
    """What must not be added.

    Attributes:
        stored: The stored turns of the lines that are here already, by the number of the line.
        forgotten: The numbers of the lines that were forgotten.
    """

    stored: dict[int, Stored] = field(default_factory=dict)
    forgotten: list[int] = field(default_factory=list)


def known(connection: Connection, user_id: str, lines: Sequence[Comparable], marked: AbstractSet[str]) -> Known:
    """Return the lines that are stored already, and those that were forgotten.

    A stored turn is the same message if its text is the same and its time too. Some programs keep minutes alone: then it is the
    same message if both are of one minute. Each stored turn matches one line.

    Args:
        connection: A connection that reads the journal.
        user_id: The user.
        lines: Lines in the order of their times; they contain all of the source's lines of their minutes.
        marked: The user's tombstones.
    """
    stored = _stored(connection, user_id, lines)
    forgotten: Counter[tuple[str, float]] = Counter()
    found = Known()
    for line in lines:
        some = stored[line.text, line.at // _MINUTE_S]
        same = next((one for one in some if _may_be_one(line, one.at)), None)
        if same is not None:
            some.remove(same)
            found.stored[line.number] = same
        elif marked and any(_forget(marked, forgotten, line.text, at) for at in _possible_times(line)):
            found.forgotten.append(line.number)
    return found


def _may_be_one(line: Comparable, time: float) -> bool:
    """Return whether a stored time may be that of a line: some programs keep whole seconds, and some whole minutes."""
    whole_seconds = line.at % 1 == 0 or time % 1 == 0
    same_second = time == line.at or (whole_seconds and time // 1 == line.at // 1)
    return same_second or not line.has_seconds or time % _MINUTE_S == 0


def _stored(connection: Connection, user_id: str, lines: Sequence[Comparable]) -> defaultdict[tuple[str, float], list[Stored]]:
    """Return the stored turns that have the text of one of the lines, by text and minute."""
    first, last, texts = lines[0].at, lines[-1].at, {line.text for line in lines}
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in (first - first % _MINUTE_S, last - last % _MINUTE_S + _MINUTE_S))
    query = select(turns.c.at, turns.c.text, turns.c.by_other, turns.c.import_id).where(
        turns.c.user_id == user_id, turns.c.at >= begins, turns.c.at < ends, turns.c.state.not_in(UNCOUNTED_STATES)
    )
    found: defaultdict[tuple[str, float], list[Stored]] = defaultdict(list)
    for row in connection.execute(query):
        if row.text in texts:
            at = row.at.timestamp()
            found[row.text, at // _MINUTE_S].append(Stored(at, row.by_other, row.import_id))
    return found


def _possible_times(line: Comparable) -> list[float]:
    """Return the times at which the same message may have been stored, and forgotten."""
    minute = line.at - line.at % _MINUTE_S
    return [line.at, minute] if line.has_seconds else [minute + second for second in range(_MINUTE_S)]


def _forget(marked: AbstractSet[str], counted: Counter[tuple[str, float]], text: str, at: float) -> bool:
    """Return whether one more message with this text and time was forgotten, and count it."""
    if counted[text, at] >= tombstones.times_forgotten(marked, datetime.fromtimestamp(at, UTC), text):
        return False
    counted[text, at] += 1
    return True
