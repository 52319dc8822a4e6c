"""Full-text search: SQLite FTS5 with stemming, one small file a user, so that nobody's words weigh in another's ranking."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from memory.errors import StorageError
from memory.records import user_key

_OPEN_FILES = 64
_WORD = re.compile(r"\w+", re.UNICODE)
_COMMON = frozenset(
    # English; in other languages every word counts.
    """
    a an and any are as at be been but by can could did do does for from had has have he her his how i if in is it
    its me my of on or our she so than that the their them then there they this to was we were what when where
    which who will with would you your about please tell again
    """.split()
)


@dataclass(frozen=True)
class Entry:
    """One searchable text: `id` names it, `kind` and `at` (seconds since 1970, UTC) filter it."""

    id: str
    kind: str
    at: float
    text: str


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
            file.executemany("DELETE FROM words WHERE id = ?", [(entry.id,) for entry in entries])
            rows = [(entry.id, entry.kind, entry.at, entry.text.replace("\x00", " ")) for entry in entries]
            file.executemany("INSERT INTO words (id, kind, at, body) VALUES (?, ?, ?, ?)", rows)

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove entries; unknown ids are passed over."""
        with self._user(user_id) as file, file:
            file.executemany("DELETE FROM words WHERE id = ?", [(entry_id,) for entry_id in ids])

    def search(
        self, user_id: str, query: str, *, kind: str, limit: int, since: float | None = None, until: float | None = None
    ) -> list[tuple[str, float]]:
        """Return (id, score) of the best entries, best first; a higher score is better.

        Args:
            user_id: Whose texts.
            query: Free text; its words are searched, not its punctuation.
            kind: Entries of this kind alone.
            limit: At most so many.
            since: Seconds since 1970, inclusive.
            until: Seconds since 1970, inclusive.
        """
        words = [word for word in _WORD.findall(query.lower()) if word not in _COMMON] or _WORD.findall(query.lower())
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
        low = -1e300 if since is None else since
        high = 1e300 if until is None else until
        with self._user(user_id) as file:
            rows = file.execute(
                "SELECT id, -bm25(words) FROM words WHERE words MATCH ? AND kind = ? AND at BETWEEN ? AND ?"
                " ORDER BY bm25(words), id LIMIT ?",
                (f"body : ({match})", kind, low, high, limit),
            ).fetchall()
        return [(str(row[0]), float(row[1])) for row in rows]

    def ids(self, user_id: str) -> set[str]:
        """Return the ids of all entries."""
        with self._user(user_id) as file:
            return {str(row[0]) for row in file.execute("SELECT id FROM words")}

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


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    # The journal is the record: after a power cut the index is rebuilt from it, so it need not wait for the disk.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5"
        "(id UNINDEXED, kind UNINDEXED, at UNINDEXED, body, tokenize = 'porter unicode61')"
    )
    return connection
