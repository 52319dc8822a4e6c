"""Which lines of an import the journal has already: the n-th equal line matches the n-th equal stored turn (SQL)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from memory.core.records import TurnState
from memory.imports.staging import Comparable
from memory.storage import tombstones
from memory.storage.schema import turns

UNCOUNTED_STATES = (TurnState.REPLACED, TurnState.FORGOTTEN)
"""A turn in these states is no stored message."""
_MINUTE_S = 60


def known(connection: Connection, user_id: str, lines: Sequence[Comparable], marked: AbstractSet[str]) -> list[int]:
    """Return the numbers of lines that are stored already, or forgotten.

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
    found = []
    for line in lines:
        times = stored[line.text, line.at // _MINUTE_S]
        same = next((time for time in times if _may_be_one(line, time)), None)
        if same is not None:
            times.remove(same)
            found.append(line.number)
        elif marked and any(_forget(marked, forgotten, line.text, at) for at in _possible_times(line)):
            found.append(line.number)
    return found


def _may_be_one(line: Comparable, time: float) -> bool:
    """Return whether a stored time may be that of a line: some programs keep whole seconds, and some whole minutes."""
    whole_seconds = line.at % 1 == 0 or time % 1 == 0
    same_second = time == line.at or (whole_seconds and time // 1 == line.at // 1)
    return same_second or not line.has_seconds or time % _MINUTE_S == 0


def _stored(connection: Connection, user_id: str, lines: Sequence[Comparable]) -> defaultdict[tuple[str, float], list[float]]:
    """Return the times of the stored turns that have the text of one of the lines, by text and minute."""
    first, last, texts = lines[0].at, lines[-1].at, {line.text for line in lines}
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in (first - first % _MINUTE_S, last - last % _MINUTE_S + _MINUTE_S))
    query = select(turns.c.at, turns.c.text).where(
        turns.c.user_id == user_id, turns.c.at >= begins, turns.c.at < ends, turns.c.state.not_in(UNCOUNTED_STATES)
    )
    times: defaultdict[tuple[str, float], list[float]] = defaultdict(list)
    for row in connection.execute(query):
        if row.text in texts:
            at = row.at.timestamp()
            times[row.text, at // _MINUTE_S].append(at)
    return times


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
