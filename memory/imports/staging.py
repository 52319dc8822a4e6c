"""The lines of one import in a file of their own, until all of them are in the journal.

A source may be gone after a restart, and may be larger than memory. So its lines are first written here, divided into sessions
and compared with the journal; then they move over in short transactions, between which conversations go on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from memory.core import clock
from memory.imports.lines import ImportedLine

_TABLES = """
CREATE TABLE lines (
  number INTEGER PRIMARY KEY, at REAL NOT NULL, zone TEXT NOT NULL, text TEXT NOT NULL, reply TEXT NOT NULL,
  conversation TEXT NOT NULL, speaker TEXT, by_other INTEGER NOT NULL, has_seconds INTEGER NOT NULL,
  messages INTEGER NOT NULL, has_words INTEGER NOT NULL,
  session INTEGER, known INTEGER NOT NULL DEFAULT 0, forgotten INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE pictures (line INTEGER NOT NULL, place INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (line, place));
CREATE TABLE sessions (number INTEGER PRIMARY KEY, begun REAL NOT NULL);
"""
_COMPARED = "SELECT number, at, text, has_seconds, speaker, by_other"
_ROWS = 1_000
_GAP_S = clock.SESSION_GAP.total_seconds()
_MINUTE_S = 60


@dataclass(frozen=True)
class StagedLine:
    """One line that is to be written.

    Attributes:
        number: Its number in the file.
        time: When it was said, in its zone.
        text: The message.
        reply: The reply.
        speaker: As in `ImportedLine`.
        by_other: As in `ImportedLine`.
        session: The number of its session in this import.
        messages: As in `ImportedLine`.
        has_words: As in `ImportedLine`.
    """

    number: int
    time: datetime
    text: str
    reply: str
    speaker: str | None
    by_other: bool
    session: int
    messages: int
    has_words: bool


@dataclass(frozen=True)
class Comparable:
    """What tells whether a line is in the journal already.

    Attributes:
        number: Its number in the file.
        at: Its time in seconds since 1970.
        text: The message.
        has_seconds: As in `ImportedLine`.
        speaker: As in `ImportedLine`.
        by_other: As in `ImportedLine`.
    """

    number: int
    at: float
    text: str
    has_seconds: bool
    speaker: str | None
    by_other: bool


@dataclass(frozen=True)
class Counts:
    """How much is staged.

    Attributes:
        lines: Number of lines.
        known_messages: Number of messages in those that the journal has already.
        forgotten_messages: Number of messages in those that the person has forgotten.
        first: Time of the first line; None if there is none.
        last: Time of the last line.
    """

    lines: int
    known_messages: int
    forgotten_messages: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Added:
    """What is to be added.

    Attributes:
        turns: Number of turns.
        messages: Number of messages in them.
        own_turns: Number of turns that the person said.
        sessions: Number of sessions.
        bad_pictures: Number of pictures that cannot be read.
        pictures_alone: Number of messages that such pictures are all of, which are left out.
    """

    turns: int
    messages: int
    own_turns: int
    sessions: int
    bad_pictures: int
    pictures_alone: int


class Staging:
    """The file of one import.

    Args:
        path: The file; made if it is missing. None: a temporary file without a name, which is gone when it is closed, and also
            after a kill.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = sqlite3.connect(path or "", check_same_thread=False)
        # The rows only have to survive from the moment on at which the journal names this import.
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("PRAGMA temp_store = FILE")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        if self._path is None:
            return
        for end in ("", "-journal", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + end).unlink()

    def fill(self, lines: Iterable[ImportedLine]) -> None:
        """Write all lines, and divide them into sessions: by conversation, and at gaps in time."""
        with self._file:
            self._file.executescript(_TABLES)
            for number, line in enumerate(lines):
                self._put(number, line)
            self._file.execute("CREATE INDEX ix_conversation ON lines (conversation, at, number)")
            self._file.execute("CREATE INDEX ix_at ON lines (at, number)")
            self._divide()
        # From here on the file must survive a power cut.
        self._file.execute("PRAGMA synchronous = FULL")
        with self._file:
            self._file.execute("CREATE INDEX ix_session ON lines (session, at, number)")

    def _put(self, number: int, line: ImportedLine) -> None:
        row = (
            number, line.time.timestamp(), clock.zone_name(line.time), line.text, line.reply, line.conversation, line.speaker,
            line.by_other, line.has_seconds, line.messages, line.has_words,
        )  # fmt: skip
        self._file.execute(
            "INSERT INTO lines (number, at, zone, text, reply, conversation, speaker, by_other, has_seconds,"
            " messages, has_words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        for place, picture in enumerate(line.pictures):
            self._file.execute("INSERT INTO pictures VALUES (?, ?, ?)", (number, place, picture.read()))

    def _divide(self) -> None:
        """Give each line the number of its session; sessions are numbered in the order in which they begin."""
        begun: list[float] = []
        before: tuple[str, float] | None = None
        rows = self._file.execute("SELECT conversation, at, number FROM lines ORDER BY conversation, at, number")
        placed: list[tuple[int, int]] = []
        for conversation, at, number in rows:
            if before is None or before[0] != conversation or at - before[1] >= _GAP_S:
                begun.append(at)
            before = (conversation, at)
            placed.append((len(begun) - 1, number))
            if len(placed) == _ROWS:
                self._place(placed)
                placed = []
        self._place(placed)
        order = sorted(range(len(begun)), key=begun.__getitem__)
        self._file.executemany("INSERT INTO sessions VALUES (?, ?)", ((place, begun[place]) for place in order))

    def _place(self, placed: Sequence[tuple[int, int]]) -> None:
        self._file.executemany("UPDATE lines SET session = ? WHERE number = ?", placed)

    def in_order_of_time(self) -> Iterator[list[Comparable]]:
        """Yield all lines in the order of their times, in groups that never divide a minute."""
        group: list[Comparable] = []
        for row in self._file.execute(f"{_COMPARED} FROM lines ORDER BY at, number"):
            line = _comparable(*row)
            if len(group) >= _ROWS and line.at // _MINUTE_S != group[-1].at // _MINUTE_S:
                yield group
                group = []
            group.append(line)
        if group:
            yield group

    def mark_known(self, numbers: Iterable[int], *, forgotten: bool = False) -> None:
        """Note lines that the journal has already; or must not get, because they were forgotten."""
        rows = ((forgotten, number) for number in numbers)
        with self._file:
            self._file.executemany("UPDATE lines SET known = 1, forgotten = ? WHERE number = ?", rows)

    def counts(self) -> Counts:
        """Return how much there is, and how much of it is here already or forgotten."""
        *numbers, first, last = self._file.execute(
            "SELECT count(*), coalesce(sum(messages) FILTER (WHERE known AND NOT forgotten), 0),"
            " coalesce(sum(messages) FILTER (WHERE forgotten), 0), min(at), max(at) FROM lines"
        ).fetchone()
        return Counts(*numbers, *(None if at is None else datetime.fromtimestamp(at, UTC) for at in (first, last)))

    def unknown(self, most: int) -> list[Comparable]:
        """Return up to about `most` lines that say something and are not known, spread over the source."""
        [lines] = self._file.execute("SELECT count(*) FROM lines WHERE NOT known").fetchone()
        step = -(-lines // most) or 1
        numbered = "(SELECT *, row_number() OVER (ORDER BY number) AS place FROM lines WHERE NOT known)"
        rows = self._file.execute(f"{_COMPARED} FROM {numbered} WHERE place % ? = 0 AND has_words ORDER BY at", (step,))
        return [_comparable(*row) for row in rows]

    def is_known(self, text: str, at: float) -> bool:
        """Return whether a known line has this text at this time, or in its minute."""
        begin = at - at % _MINUTE_S
        query = "SELECT 1 FROM lines WHERE at >= ? AND at < ? AND known AND text = ? LIMIT 1"
        return self._file.execute(query, (begin, begin + _MINUTE_S, text)).fetchone() is not None

    def added(self) -> Added:
        """Return what is to be added. Where a picture cannot be read, its bytes must be empty; see `foreseeing`."""
        self._file.execute(
            "CREATE TEMP TABLE dropped AS SELECT number, messages FROM lines WHERE NOT known AND NOT has_words"
            " AND NOT EXISTS (SELECT 1 FROM pictures WHERE line = number AND data != x'')"
        )
        counted = self._file.execute(
            "SELECT count(*), coalesce(sum(messages), 0), coalesce(sum(NOT by_other), 0), count(DISTINCT session) FROM lines"
            " WHERE NOT known AND number NOT IN (SELECT number FROM dropped)"
        ).fetchone()
        bad = "SELECT count(*) FROM pictures JOIN lines ON line = number WHERE NOT known AND data = x''"
        alone = "SELECT coalesce(sum(messages), 0) FROM dropped"
        return Added(*counted, *(self._file.execute(query).fetchone()[0] for query in (bad, alone)))

    def batches(self, size: int, *, skip: int) -> Iterator[list[StagedLine]]:
        """Yield the lines that are not known, session by session, oldest session first.

        Args:
            size: Most lines of a batch.
            skip: Number of such lines to leave out, because they are written already.
        """
        rows = self._file.execute(
            "SELECT lines.number, at, zone, text, reply, speaker, by_other, session, messages, has_words"
            " FROM sessions JOIN lines ON lines.session = sessions.number WHERE NOT known"
            " ORDER BY begun, session, at, lines.number LIMIT -1 OFFSET ?",
            (skip,),
        )
        while found := rows.fetchmany(size):
            yield [_line(*row) for row in found]

    def pictures(self, number: int) -> list[bytes]:
        """Return the pictures of a line."""
        rows = self._file.execute("SELECT data FROM pictures WHERE line = ? ORDER BY place", (number,))
        return [bytes(row[0]) for row in rows]

    @property
    def has_pictures(self) -> bool:
        """Whether any line has a picture."""
        return self._file.execute("SELECT 1 FROM pictures LIMIT 1").fetchone() is not None


def _comparable(number: int, at: float, text: str, *rest: Any) -> Comparable:
    has_seconds, speaker, by_other = rest
    return Comparable(number, at, text, bool(has_seconds), speaker, bool(by_other))


def _line(number: int, at: float, zone: str, *rest: Any) -> StagedLine:
    text, reply, speaker, by_other, session, messages, has_words = rest
    time = datetime.fromtimestamp(at, UTC).astimezone(clock.zone_of(zone))
    return StagedLine(number, time, text, reply, speaker, bool(by_other), session, messages, bool(has_words))
