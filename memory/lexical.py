"""Full-text search: SQLite FTS5 with stemming, one small file a user, so that nobody's words weigh in another's ranking."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from memory.errors import StorageError
from memory.named_time import Period
from memory.reading import Half, Kept
from memory.records import user_key
from memory.scope import WINDOW, Scope
from memory.signals import Traits
from memory.terms import searchable, terms

_BUSY_S = 30.0
"""For so long another process may write."""
_OPEN_FILES = 64
_KINDS = ("core", "semantic", "past", "episodic", "procedural", "photo", "turn")
"""Each has its own full text: what is rare among facts is not what is rare among a hundred times as many turns."""
_SHARE = 0.1
"""Of all texts, at least so many begin with the name of somebody who speaks."""
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
  number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, session INTEGER NOT NULL,
  seq INTEGER NOT NULL, speaker TEXT, length INTEGER NOT NULL, asks INTEGER NOT NULL, asked INTEGER NOT NULL,
  dated INTEGER NOT NULL, first REAL, last REAL
);
CREATE INDEX IF NOT EXISTS ix_entries_kind_at ON entries (kind, at);
CREATE INDEX IF NOT EXISTS ix_entries_kind_first ON entries (kind, first) WHERE first IS NOT NULL;
CREATE TABLE IF NOT EXISTS kept (number INTEGER PRIMARY KEY, whole BLOB NOT NULL, before BLOB NOT NULL, tokens BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS speakers (name TEXT PRIMARY KEY, texts INTEGER NOT NULL);
"""
_SCORED = 4_000
"""Texts that a search may score; the time of BM25 grows with them and with nothing else."""
_MAPPED = 2**31
_FAR = 1e300
_TRAITS = "id, session, seq, speaker, length, asks, asked, dated, at"
_IN_SCOPE = "at <= :latest AND (at BETWEEN :low AND :high OR (first <= :high AND last > :low))"
"""By when it was said or, where it names a time, by when it happened."""


@dataclass(frozen=True)
class Entry:
    """One searchable text: `id` names it, `kind` and `at` (seconds since 1970, UTC) filter it.

    Attributes:
        around: The text with what was said before it, searched on its own; only turns have one.
        traits: What a ranking of turns goes by besides.
        kept: What its embedder read.
        happened: The time that it tells of, where it names one.
    """

    id: str
    kind: str
    at: float
    text: str
    around: str | None = None
    traits: Traits = field(default_factory=Traits)
    kept: Kept | None = None
    happened: Period | None = None


class LexicalIndex:
    """BM25 over the texts of each user.

    Args:
        folder: Where the files lie; made when missing.
        shared: Other processes use them too, and may delete a user.

    Raises:
        StorageError: The folder cannot be made.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self._folder = folder
        self._shared = shared
        self._open: OrderedDict[str, sqlite3.Connection] = OrderedDict()
        self._lock = threading.RLock()
        self.was_removed = False
        """A file went away while it was open."""
        self._make_folder()

    def put(self, user_id: str, entries: Sequence[Entry]) -> None:
        """Add or replace entries under their ids; of several with one id the last counts."""
        entries = list({entry.id: entry for entry in entries}.values())
        with self._user(user_id) as file, file:
            _remove(file, [entry.id for entry in entries])
            for entry in entries:
                traits = entry.traits
                row = (entry.id, entry.kind, entry.at, traits.session, traits.seq, traits.speaker, traits.length)
                happened = (entry.happened.first, entry.happened.last) if entry.happened else (None, None)
                number = file.execute(
                    "INSERT INTO entries (id, kind, at, session, seq, speaker, length, asks, asked, dated, first, last)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, traits.asks, traits.asked, traits.dated, *happened),
                ).lastrowid
                if entry.kept is not None:
                    file.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", (number, *entry.kept.to_row()))
                texts = {_full_text(entry.kind): entry.text, "around": entry.around}
                for table, body in texts.items():
                    if body is not None:
                        file.execute(f"INSERT INTO {table} (rowid, body) VALUES (?, ?)", (number, searchable(body)))  # noqa: S608 - ours
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

    def traits(self, scope: Scope, ids: Sequence[str]) -> dict[str, Traits]:
        """Return the traits of these entries; unknown ids, and those that may not be found, are passed over."""
        with self._user(scope.user_id) as file:
            rows = file.execute(
                f"SELECT {_TRAITS} FROM entries WHERE id IN (SELECT value FROM json_each(:ids)) AND {_IN_SCOPE}",  # noqa: S608 - ours
                {"ids": json.dumps(list(ids)), **_bounds(scope)},
            ).fetchall()
        there = {str(row[0]): _traits(row) for row in rows}
        return {name: traits for name, traits in there.items() if name not in scope.seen}

    def read(self, scope: Scope, ids: Sequence[str]) -> dict[str, tuple[Traits, Kept]]:
        """Return the traits of these entries and what the embedder read of them; as `traits`, in the order of `ids`."""
        with self._user(scope.user_id) as file:
            rows = file.execute(
                f"SELECT {_TRAITS}, whole, before, tokens FROM entries JOIN kept USING (number)"  # noqa: S608 - ours
                f" WHERE id IN (SELECT value FROM json_each(:ids)) AND {_IN_SCOPE}",
                {"ids": json.dumps(list(ids)), **_bounds(scope)},
            ).fetchall()
        there = {str(row[0]): (_traits(row[:9]), Kept.from_row(*row[9:])) for row in rows}
        return {name: there[name] for name in ids if name in there and name not in scope.seen}

    def within(self, scope: Scope, kind: str, limit: int = WINDOW) -> dict[str, tuple[Half, Half]] | None:
        """Return whole and before of all entries of a scope by id; None where there are more than `limit`."""
        with self._user(scope.user_id) as file:
            rows = file.execute(
                f"SELECT id, whole, before FROM entries JOIN kept USING (number) WHERE kind = :kind AND {_IN_SCOPE}"  # noqa: S608 - as above
                " LIMIT :limit",
                {"kind": kind, "limit": limit + 1, **_bounds(scope)},
            ).fetchall()
        if len(rows) > limit:
            return None
        there = {str(row[0]): (np.frombuffer(row[1], np.float16), np.frombuffer(row[2], np.float16)) for row in rows}
        return {name: vectors for name, vectors in there.items() if name not in scope.seen}

    def search(self, scope: Scope, query: str, *, kind: str, limit: int, around: bool = False) -> list[tuple[str, float]]:
        """Return (id, score) of the best entries, best first; a higher score is better.

        Args:
            scope: Whose texts, and of when.
            query: Free text; its words are searched, not its punctuation.
            kind: Entries of this kind alone.
            limit: At most so many.
            around: Search the texts with what was said before them.
        """
        table = "around" if around else _full_text(kind)
        words = terms(query)
        if not words:
            return []
        with self._user(scope.user_id) as file:
            chosen, texts = _rarest(file, table, words)
            match = "body : (" + " OR ".join(f'"{word}"' for word in chosen) + ")"
            # One common word alone: the last texts that have it, unless they are of another time than is asked for.
            oldest = _newest(file, table, match, _SCORED) if texts > _SCORED and not scope.windowed else 0
            rows = file.execute(
                f"SELECT entries.id, -bm25({table}) AS score FROM {table} JOIN entries ON entries.number = {table}.rowid"  # noqa: S608 - ours
                f" WHERE {table} MATCH :match AND {table}.rowid >= :oldest AND {_IN_SCOPE}"
                " ORDER BY score DESC, entries.id LIMIT :limit",
                {"match": match, "oldest": oldest, "limit": limit + len(scope.seen), **_bounds(scope)},
            ).fetchall()
        return [(str(row[0]), float(row[1])) for row in rows if row[0] not in scope.seen][:limit]

    def in_turns(self, user_id: str, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return how many of the user's turns hold each word (in any of its forms), and how many turns there are."""
        table = _full_text("turn")
        with self._user(user_id) as file:
            total = file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            query = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"  # noqa: S608 - ours
            asked = {word: " ".join(terms(word)).replace('"', "") for word in words}
            counts = {word: file.execute(query, (f'body : "{one}"',)).fetchone()[0] for word, one in asked.items() if one}
        return counts, int(total)

    def compact(self, user_id: str) -> None:
        """Write the user's file anew: deleted words stay in full-text segments until these are merged."""
        with self._user(user_id) as file:
            for table in (*map(_full_text, _KINDS), "around"):
                file.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - ours
            file.commit()
            file.execute("VACUUM")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def ids(self, user_id: str) -> set[str]:
        """Return the ids of all entries."""
        with self._user(user_id) as file:
            return {str(row[0]) for row in file.execute("SELECT id FROM entries")}

    def files_of(self, user_id: str) -> int:
        """Count the user's files."""
        return len(list(self._folder.glob(f"{user_key(user_id)}.db*")))

    def has(self, user_id: str) -> bool:
        """Say whether there is anything of the user."""
        path = self._folder / f"{user_key(user_id)}.db"
        return path.is_file() and path.stat().st_size > 0

    def delete_user(self, user_id: str) -> None:
        """Remove the user's file."""
        key = user_key(user_id)
        with self._lock:
            if key in self._open:
                self._open.pop(key).close()
            for path in self._folder.glob(f"{key}.db*"):
                path.unlink()

    def count(self, user_id: str) -> int:
        """Count the user's entries."""
        with self._user(user_id) as file:
            return int(file.execute("SELECT count(*) FROM entries").fetchone()[0])

    def start_anew(self) -> None:
        """Remove all files."""
        with self._lock:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._make_folder()
            self.was_removed = False

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The full-text index cannot be kept in {self._folder} ({error.strerror}). Let it be written."
            ) from error

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
                path = self._folder / f"{key}.db"
                if key in self._open and not path.exists():
                    # What is open is a file without a name.
                    self._open.pop(key).close()
                    if not self._shared:
                        self.was_removed = True
                        raise StorageError("The full-text index was removed while it was in use. Run `persona reindex`.")
                    # Another process deleted the user.
                if key not in self._open:
                    self._open[key] = _connect(path)
                self._open.move_to_end(key)
                yield self._open[key]
            except sqlite3.Error as error:
                raise StorageError(
                    f"The full-text index in {self._folder} cannot be used ({error}). Let it be written, free some space, "
                    "or run `persona reindex`."
                ) from error
            while len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)[1].close()


def _full_text(kind: str) -> str:
    return f"words_{_KINDS[_KINDS.index(kind)]}"


def _rarest(file: sqlite3.Connection, table: str, words: Sequence[str]) -> tuple[list[str], int]:
    """Return the words that are to be scored, rarest first, and in how many texts they stand: thousands tell little apart."""
    count = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"  # noqa: S608 - a name of ours
    texts = {word: file.execute(count, (f'body : "{word}"',)).fetchone()[0] for word in words}
    chosen: list[str] = []
    scored = 0
    for word in sorted(texts, key=lambda word: (texts[word], word)):
        if scored and scored + texts[word] > _SCORED:
            break
        scored += texts[word]
        chosen.append(word)
    return chosen, scored


def _newest(file: sqlite3.Connection, table: str, match: str, count: int) -> int:
    """Return the row from which on there are so many texts that match."""
    query = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?"  # noqa: S608 - a name of ours
    row = file.execute(query, (match, count - 1)).fetchone()
    return int(row[0]) if row else 0


def _bounds(scope: Scope) -> dict[str, float]:
    return {
        "low": -_FAR if scope.since is None else scope.since,
        "high": _FAR if scope.until is None else scope.until,
        "latest": _FAR if scope.latest is None else scope.latest,
    }


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    # The journal is the record: after a power cut the index is rebuilt from it, so it need not wait for the disk.
    # Mapped, a read of hundreds of entries copies no pages.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", f"mmap_size={_MAPPED}"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(_TABLES)
    for table in (*map(_full_text, _KINDS), "around"):
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5(body, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
    return connection


def _remove(file: sqlite3.Connection, ids: Sequence[str]) -> None:
    for entry_id in ids:
        row = file.execute("SELECT number, kind FROM entries WHERE id = ?", (entry_id,)).fetchone()
        if row is not None:
            number, kind = row
            for table in (_full_text(kind), "around"):
                file.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))  # noqa: S608 - ours
            for table in ("kept", "entries"):
                file.execute(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608 - as above


def _traits(row: Sequence[Any]) -> Traits:
    session, seq, speaker, length, asks, asked, dated, at = row[1:]
    return Traits(session, seq, speaker, length, bool(asks), bool(asked), bool(dated), at)
