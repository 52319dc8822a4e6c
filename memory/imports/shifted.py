"""Finds a source that is here already with other times: the same file, read with another time zone (SQL).

Such a file would double every message. Two zones differ by quarters of an hour, and where one of them changes to summer time,
by one or two hours more or less.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from memory.core.errors import InvalidInput
from memory.imports.matching import UNCOUNTED_STATES
from memory.imports.staging import Comparable, Staging
from memory.storage.schema import turns

_QUARTER_S = 900
_LARGEST_S = 26 * 3600
"""The largest difference of two zones is 26 hours."""
_DAY_S = 24 * 3600
"""What is said every day at the same time is no shifted file, and hardly two zones are a day apart."""
_SUMMER_TIME_S = 2 * 3600
_PROBES, _SAMPLE = 20, 200
_LEAST_SHARE_OF_PROBES = 0.3
_FEWEST, _FEWEST_OF_ALL = 5, 3
"""Different texts that are shifted: at least five; three if no line of the source is new otherwise."""
_LEAST_SHARE, _LEAST_SHARE_BETWEEN, _LEAST_SHARE_OF_SHIFT = 0.5, 0.8, 0.1
Shifts = Sequence[tuple[Comparable, frozenset[int]]]
"""Lines in the order of their times, each with the seconds by which equal stored turns are earlier (below 0: later)."""


def check(connection: Connection, user_id: str, staging: Staging) -> None:
    """Refuse a source most of which is here already, all of it shifted by about the same time.

    Only a sample is compared, and of a usual source only a few lines. The share counts more between the first and the last line
    that is shifted: the file may be a newer and longer export.

    Args:
        connection: A connection that reads the journal.
        user_id: The user.
        staging: The source, after what is known at its own time was marked.

    Raises:
        InvalidInput: Most lines that seem new are here with other times.
    """
    sample = staging.unknown(_SAMPLE)
    if len(sample) < _FEWEST_OF_ALL:
        return
    probes = sample[:: -(-len(sample) // _PROBES)]
    suspect = sum(bool(shifts) for _, shifts in _compared(connection, user_id, probes, staging))
    if suspect < _LEAST_SHARE_OF_PROBES * len(probes):
        return
    found = list(_compared(connection, user_id, sample, staging))
    least, most = _window(found)
    shifted = [place for place, (_, shifts) in enumerate(found) if any(least <= one <= most for one in shifts)]
    fewest = _FEWEST_OF_ALL if len(shifted) == len(found) else _FEWEST
    if len({found[place][0].text for place in shifted}) < fewest or len(shifted) < _LEAST_SHARE * len(found):
        return
    if len(shifted) < _LEAST_SHARE_BETWEEN * (shifted[-1] - shifted[0] + 1):
        return
    counts = Counter(one for place in shifted for one in found[place][1] if least <= one <= most)
    usual = [one for one, count in counts.items() if count >= _LEAST_SHARE_OF_SHIFT * len(shifted)]
    raise InvalidInput(
        f"These messages are here already with other times, {_in_words(min(usual), max(usual))}: the same history was "
        "imported with another time zone. Import it with the time zone of the first time, or undo the first import. Nothing "
        "was written."
    )


def _compared(
    connection: Connection, user_id: str, lines: Sequence[Comparable], staging: Staging
) -> Iterator[tuple[Comparable, frozenset[int]]]:
    for line in lines:
        begin, end = (datetime.fromtimestamp(line.at, UTC) + timedelta(seconds=one) for one in (-_LARGEST_S, _LARGEST_S))
        query = select(turns.c.at).where(
            turns.c.user_id == user_id, turns.c.at >= begin, turns.c.at <= end, turns.c.text == line.text,
            turns.c.state.not_in(UNCOUNTED_STATES),
        )  # fmt: skip
        times = [at.timestamp() for at in connection.execute(query).scalars()]
        # In milliseconds: the difference of two floating-point numbers is hardly ever whole.
        shifts = {round(line.at - at): at for at in times if round(line.at - at, 3) % _QUARTER_S == 0}
        yield (
            line,
            frozenset(
                shift for shift, at in shifts.items() if shift and abs(shift) != _DAY_S and not staging.is_known(line.text, at)
            ),
        )


def _window(found: Shifts) -> tuple[int, int]:
    """Return the least and the greatest shift of those, near each other as summer time is, that the most lines have."""
    every = sorted(shift for _, shifts in found for shift in shifts)
    least = max(every, key=lambda one: bisect_right(every, one + _SUMMER_TIME_S) - every.index(one))
    return least, least + _SUMMER_TIME_S


def _in_words(least: int, most: int) -> str:
    """Return a shift for the person: "2 hours earlier", "5 hours 30 minutes to 6 hours 30 minutes later"."""
    if least < 0 < most:
        return f"up to {_hours(max(-least, most))} apart"
    # What is stored is earlier by a shift above 0.
    near, far = sorted((abs(least), abs(most)))
    return f"{_hours(near) if near == far else f'{_hours(near)} to {_hours(far)}'} {'earlier' if most > 0 else 'later'}"


def _hours(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    parts = [f"{hours} {'hour' if hours == 1 else 'hours'}"] if hours else []
    return " ".join([*parts, f"{minutes} minutes"] if minutes else parts)
