"""Full-text search: SQLite FTS5 with stemming, one small file a user, so that nobody's words weigh in another's ranking."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from memory.errors import StorageError
from memory.records import user_key
from memory.signals import Traits

_OPEN_FILES = 64
_SHARE = 0.1
"""Of all texts, at least so many begin with the name of somebody who speaks."""
_WORD = re.compile(r"\w+", re.UNICODE)
_COMMON = frozenset(
    # English; in other languages every word counts.
    """
    a an and any are as at be been but by can could did do does for from had has have he her his how i if in is it
    its me my of on or our she so than that the their them then there they this to was we were what when where
    which who will with would you your about please tell again s t d ll m re ve not no whom whose why many much kind kinds
    type
    """.split()
)


@dataclass(frozen=True)
class Entry:
    """One searchable text: `id` names it, `kind` and `at` (seconds since 1970, UTC) filter it.

    Attributes:
        around: The text with what was said before it, searched on its own; only turns have one.
        traits: What a ranking of turns goes by besides.
    """

    id: str
    kind: str
    at: float
    text: str
    around: str | None = None
    traits: Traits = field(default_factory=Traits)


class LexicalIndex:
    """BM25 over the texts of each user.

    Args:
        folder: Where the files lie; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[str, sqlite3.Connection] = OrderedDict()
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, user_id: str, entries: Sequence[Entry]) -> None:
        """Add or replace entries under their ids; of several with one id the last counts."""
        entries = list({entry.id: entry for entry in entries}.values())
        with self._user(user_id) as file, file:
            _remove(file, [entry.id for entry in entries])
            for entry in entries:
                traits = entry.traits
                row = (entry.id, entry.kind, entry.at, traits.session, traits.speaker, traits.length)
                number = file.execute(
                    "INSERT INTO entries (id, kind, at, session, speaker, length, asks, asked, dated)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, traits.asks, traits.asked, traits.dated),
                ).lastrowid
                file.execute("INSERT INTO words (rowid, body) VALUES (?, ?)", (number, entry.text.replace("\x00", " ")))
                if entry.around is not None:
                    around = entry.around.replace("\x00", " ")
                    file.execute("INSERT INTO around (rowid, body) VALUES (?, ?)", (number, around))
                if traits.speaker:
                    file.execute(
                        "INSERT INTO speakers (name, texts) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET texts = texts + 1",
                        (traits.speaker,),
                    )

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove entries; unknown ids are passed over."""
        with self._user(user_id) as file, file:
            _remove(file, ids)

    def speakers(self, user_id: str) -> list[str]:
        """Return the names that stand before many texts; `Recipe: …`, now and then, is nobody who speaks."""
        with self._user(user_id) as file:
            rows = file.execute(
                "SELECT name FROM speakers WHERE texts >= ? * (SELECT max(number) FROM entries) ORDER BY name", (_SHARE,)
            )
            return [str(row[0]) for row in rows]

    def traits(
        self, user_id: str, ids: Sequence[str], *, since: float | None = None, until: float | None = None
    ) -> dict[str, Traits]:
        """Return the traits of these entries; unknown ids, and those outside the window, are passed over."""
        low, high = _bounds(since, until)
        names = json.dumps(list(ids))
        with self._user(user_id) as file:
            rows = file.execute(
                "SELECT id, session, speaker, length, asks, asked, dated, at FROM entries"
                " WHERE id IN (SELECT value FROM json_each(?)) AND at BETWEEN ? AND ?",
                (names, low, high),
            ).fetchall()
        return {str(row[0]): Traits(row[1], row[2], row[3], bool(row[4]), bool(row[5]), bool(row[6]), row[7]) for row in rows}

    def search(
        self,
        user_id: str,
        query: str,
        *,
        kind: str,
        limit: int,
        since: float | None = None,
        until: float | None = None,
        around: bool = False,
    ) -> list[tuple[str, float]]:
        """Return (id, score) of the best entries, best first; a higher score is better.

        Args:
            user_id: Whose texts.
            query: Free text; its words are searched, not its punctuation.
            kind: Entries of this kind alone.
            limit: At most so many.
            since: Seconds since 1970, inclusive.
            until: Seconds since 1970, inclusive.
            around: Search the texts with what was said before them.
        """
        table = "around" if around else "words"
        words = [word for word in _WORD.findall(query.lower()) if word not in _COMMON] or _WORD.findall(query.lower())
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
        low, high = _bounds(since, until)
        with self._user(user_id) as file:
            rows = file.execute(
                f"SELECT entries.id, -bm25({table}) AS score FROM {table} JOIN entries ON entries.number = {table}.rowid"  # noqa: S608 - one of two names of ours
                f" WHERE {table} MATCH ? AND kind = ? AND at BETWEEN ? AND ? ORDER BY score DESC, entries.id LIMIT ?",
                (f"body : ({match})", kind, low, high, limit),
            ).fetchall()
        return [(str(row[0]), float(row[1])) for row in rows]

    def ids(self, user_id: str) -> set[str]:
        """Return the ids of all entries."""
        with self._user(user_id) as file:
            return {str(row[0]) for row in file.execute("SELECT id FROM entries")}

    def delete_user(self, user_id: str) -> None:
        """Remove the user's file."""
        key = user_key(user_id)
        with self._lock:
            if key in self._open:
                self._open.pop(key).close()
            for path in self._folder.glob(f"{key}.db*"):
                path.unlink()

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    @contextmanager
    def _user(self, user_id: str) -> Iterator[sqlite3.Connection]:
        key = user_key(user_id)
        with self._lock:
            try:
                if key not in self._open:
                    self._open[key] = _connect(self._folder / f"{key}.db")
                self._open.move_to_end(key)
                yield self._open[key]
            except sqlite3.Error as error:
                raise StorageError(
                    f"The full-text index cannot be used ({error}). Free some space, or run `persona reindex`."
                ) from error
            while len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)[1].close()


def _bounds(since: float | None, until: float | None) -> tuple[float, float]:
    return -1e300 if since is None else since, 1e300 if until is None else until


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    # The journal is the record: after a power cut the index is rebuilt from it, so it need not wait for the disk.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,"
        " at REAL NOT NULL, session INTEGER NOT NULL, speaker TEXT, length INTEGER NOT NULL, asks INTEGER NOT NULL,"
        " asked INTEGER NOT NULL, dated INTEGER NOT NULL)"
    )
    connection.execute("CREATE TABLE IF NOT EXISTS speakers (name TEXT PRIMARY KEY, texts INTEGER NOT NULL)")
    for table in ("words", "around"):
        connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5(body, tokenize = 'porter unicode61')")
    return connection


def _remove(file: sqlite3.Connection, ids: Sequence[str]) -> None:
    for entry_id in ids:
        row = file.execute("SELECT number FROM entries WHERE id = ?", (entry_id,)).fetchone()
        if row is not None:
            for table in ("words", "around"):
                file.execute(f"DELETE FROM {table} WHERE rowid = ?", row)  # noqa: S608 - one of two names of ours
            file.execute("DELETE FROM entries WHERE number = ?", row)
