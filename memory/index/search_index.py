"""What a look goes to: words and vectors of each user, in one file a user and, once they were asked for, in memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memory.core.passages import bounds_of, turn_of
from memory.core.temporal import Period
from memory.embedding.token_vectors import Bytes, Kept, Vectors, tokens_of, vectors_of
from memory.index import fulltext
from memory.index.filters import Scope
from memory.index.turn_traits import Traits
from memory.index.user_files import UserFile, UserFiles
from memory.index.vectors import Nearness, Placed, VectorIndex

_SHARE = 0.1
"""Of all texts, at least so many begin with the name of somebody who speaks."""
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
  number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, session INTEGER NOT NULL,
  seq INTEGER NOT NULL, speaker TEXT, length INTEGER NOT NULL, asks INTEGER NOT NULL, asked INTEGER NOT NULL,
  dated INTEGER NOT NULL, standing INTEGER NOT NULL, first REAL, last REAL
);
CREATE INDEX IF NOT EXISTS ix_entries_kind_at ON entries (kind, at);
CREATE INDEX IF NOT EXISTS ix_entries_standing ON entries (at) WHERE standing;
CREATE TABLE IF NOT EXISTS kept (number INTEGER PRIMARY KEY, facets TEXT NOT NULL, vectors BLOB NOT NULL, tokens BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS speakers (name TEXT PRIMARY KEY, texts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS changed (
  kind TEXT NOT NULL, id TEXT NOT NULL, had TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""
# What an entry has elsewhere is what it had here before the first change that was not made there yet.
_CHANGED = "INSERT INTO changed VALUES (?, ?, ?, 1) ON CONFLICT (kind, id) DO UPDATE SET times = times + 1"
_TRAITS = "id, session, seq, speaker, length, asks, asked, dated, at, standing"
_READ = f"SELECT {_TRAITS}, tokens FROM entries JOIN kept USING (number)"  # noqa: S608 - ours


@dataclass(frozen=True)
class Entry:
    """One searchable text: `id` names it, `kind` and `at` (seconds since 1970, UTC) filter it.

    Attributes:
        around: The text with what was said before it, searched on its own; only turns have one.
        reply: What was answered; only turns have one.
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
    reply: str = ""


@dataclass(frozen=True)
class Change:
    """An entry that is not, or no longer, elsewhere what it is here.

    Attributes:
        kind: Of which collection.
        id: The entry.
        had: The facets that it had there.
        times: How often it changed.
        kept: What it has here; None: it is not here any more, or of another kind.
    """

    kind: str
    id: str
    had: tuple[str, ...]
    times: int
    kept: Kept | None


class SearchIndex:
    """Words and vectors of all users.

    Args:
        folder: Where the files lie; made when missing.
        shared: Other processes use them too, and may delete a user.

    Raises:
        StorageError: The folder cannot be made.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.files = UserFiles(folder, f"{_TABLES}{fulltext.TABLES}", shared=shared)

    def put(self, user_id: str, entries: Sequence[Entry]) -> None:
        """Add or replace entries under their ids, a turn's with all of its passages; of several with one id the last counts."""
        entries = list({entry.id: entry for entry in entries}.values())
        with self.files.use(user_id) as (file, held):
            with file:
                gone = _remove(file, list(dict.fromkeys(turn_of(entry.id) for entry in entries)))
                numbers = [_put(file, entry) for entry in entries]
            _leave(held, gone)
            for lengths in held.lengths.values() if numbers else ():
                # A number may have been another text's.
                lengths.forget(min(numbers))
            for kind, flat in held.vectors.items():
                flat.put([_placed(entry, entry.kept) for entry in entries if entry.kind == kind and entry.kept is not None])

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove entries, a turn's with all of its passages; unknown ids are passed over."""
        if not ids:
            return
        with self.files.use(user_id) as (file, held):
            with file:
                gone = _remove(file, ids)
            _leave(held, gone)

    def near(self, scope: Scope, kind: str, vectors: Vectors) -> Nearness:
        """Compare unit vectors (questions, size) with everything of a kind."""
        with self.files.use(scope.user_id) as (file, held):
            return _vectors(file, held, kind, vectors.shape[1]).near(vectors, scope)

    def search(self, scope: Scope, query: str, *, kind: str, limit: int, around: bool = False) -> list[tuple[str, float]]:
        """Return (id, score) of the entries that have the words; see `lexical.search`."""
        with self.files.use(scope.user_id) as (file, held):
            return fulltext.search(file, held.lengths, scope, query, kind=kind, limit=limit, around=around)

    def speakers(self, user_id: str) -> list[str]:
        """Return the names that stand before many texts; `Recipe: …`, now and then, is nobody who speaks."""
        with self.files.use(user_id) as (file, _):
            rows = file.execute(
                "SELECT name FROM speakers WHERE texts >= ? * (SELECT max(number) FROM entries) ORDER BY name", (_SHARE,)
            )
            return [str(row[0]) for row in rows]

    def read(self, user_id: str, ids: Sequence[str]) -> dict[str, tuple[Traits, Bytes]]:
        """Return the traits of these entries and the tokens of what they say, in the order of `ids`; of unknown ids nothing."""
        with self.files.use(user_id) as (file, held):
            missing = [name for name in ids if name not in held.read]
            if missing:
                query = f"{_READ} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
                held.keep(_read(file.execute(query, (json.dumps(missing),)).fetchall()))
            return {name: held.read[name] for name in ids if name in held.read}

    def standing(self, user_id: str, limit: int) -> list[str]:
        """Return the turns, newest first, in which the person said how they want answers to be from then on."""
        with self.files.use(user_id) as (file, _):
            query = "SELECT id FROM entries WHERE kind = 'turn' AND standing ORDER BY at DESC, id LIMIT ?"
            return [str(row[0]) for row in file.execute(query, (limit,))]

    def in_turns(self, user_id: str, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return how many of the user's turns hold each word (in any of its forms), and how many turns there are."""
        with self.files.use(user_id) as (file, _):
            return fulltext.in_turns(file, words)

    def changes(self, user_id: str, limit: int) -> list[Change]:
        """Return entries that changed since `settle` was told of them."""
        query = (
            "SELECT changed.kind, changed.id, had, times, facets, vectors, tokens FROM changed LEFT JOIN entries"
            " ON entries.id = changed.id AND entries.kind = changed.kind LEFT JOIN kept USING (number) LIMIT ?"
        )
        with self.files.use(user_id) as (file, _):
            rows = file.execute(query, (limit,)).fetchall()
        return [
            Change(kind, name, tuple(had.split()), times, None if facets is None else Kept.from_row(facets, *vectors))
            for kind, name, had, times, facets, *vectors in rows
        ]

    def count_changes(self, user_id: str) -> int:
        """Count what `changes` would return without a limit."""
        with self.files.use(user_id) as (file, _):
            return int(file.execute("SELECT count(*) FROM changed").fetchone()[0])

    def settle(self, user_id: str, changes: Sequence[Change]) -> None:
        """Note that these are elsewhere as `changes` returned them; what has changed once more stays to be done."""
        done = [(one.kind, one.id, one.times) for one in changes]
        sent = [(" ".join(one.kept.facets) if one.kept else "", one.kind, one.id) for one in changes]
        with self.files.use(user_id) as (file, _), file:
            file.executemany("DELETE FROM changed WHERE kind = ? AND id = ? AND times = ?", done)
            file.executemany("UPDATE changed SET had = ? WHERE kind = ? AND id = ?", sent)

    def compact(self, user_id: str) -> None:
        """Write the user's file anew: what was deleted is not in it any more."""
        with self.files.use(user_id) as (file, _):
            fulltext.merge(file)
            file.commit()
            file.execute("VACUUM")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def ids(self, user_id: str) -> set[str]:
        """Return the ids of all that has entries."""
        with self.files.use(user_id) as (file, _):
            return {turn_of(str(row[0])) for row in file.execute("SELECT id FROM entries")}

    def count(self, user_id: str) -> int:
        """Count what has entries: a long turn has several, and counts once."""
        with self.files.use(user_id) as (file, _):
            return int(file.execute("SELECT count(*) FROM entries WHERE instr(id, '#') = 0").fetchone()[0])


def _put(file: sqlite3.Connection, entry: Entry) -> int:
    traits = entry.traits
    row = (entry.id, entry.kind, entry.at, traits.session, traits.seq, traits.speaker, traits.length)
    happened = (entry.happened.first, entry.happened.last) if entry.happened else (None, None)
    put = file.execute(
        "INSERT INTO entries (id, kind, at, session, seq, speaker, length, asks, asked, dated, standing, first, last)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, traits.asks, traits.asked, traits.dated, traits.standing, *happened),
    )
    number = int(put.lastrowid or 0)
    if entry.kept is not None:
        file.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", (number, *entry.kept.to_row()))
    fulltext.put(file, number, _words_kind(entry.id, entry.kind), entry.text, entry.around, entry.reply)
    if traits.speaker:
        file.execute(
            "INSERT INTO speakers (name, texts) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET texts = texts + 1",
            (traits.speaker,),
        )
    if turn_of(entry.id) == entry.id:
        # A long turn's further passages are in no other store.
        file.execute(_CHANGED, (entry.kind, entry.id, ""))
    return number


def _words_kind(entry_id: str, kind: str) -> str:
    """Name the full text of an entry: a long turn's further passages have one of their own, the turn itself holds all of it."""
    return kind if turn_of(entry_id) == entry_id else "passage"


def _remove(file: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """Remove entries, a turn's with all of its passages; returns the ids of those that were there."""
    query = (
        "SELECT number, id, kind, facets FROM entries LEFT JOIN kept USING (number) WHERE id = ? UNION ALL"
        " SELECT number, id, kind, facets FROM entries LEFT JOIN kept USING (number) WHERE id >= ? AND id < ?"
    )
    gone = []
    for name in ids:
        for number, entry_id, kind, facets in file.execute(query, (name, *bounds_of(name))).fetchall():
            if entry_id == name:
                file.execute(_CHANGED, (kind, entry_id, facets or ""))
            fulltext.remove(file, number, _words_kind(entry_id, kind))
            for table in ("kept", "entries"):
                file.execute(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608 - ours
            gone.append(entry_id)
    return gone


def _leave(held: UserFile, ids: Sequence[str]) -> None:
    for name in ids:
        held.read.pop(name, None)
    for flat in held.vectors.values():
        flat.remove(ids)


def _vectors(file: sqlite3.Connection, held: UserFile, kind: str, size: int) -> VectorIndex:
    flat = held.vectors.get(kind)
    if flat is None or flat.is_wasteful:
        flat = held.vectors[kind] = _read_vectors(file, kind, size)
    return flat


def _read_vectors(file: sqlite3.Connection, kind: str, size: int) -> VectorIndex:
    query = "SELECT id, at, first, last, facets, vectors FROM entries JOIN kept USING (number) WHERE kind = ? ORDER BY number"
    flat = VectorIndex(size)
    flat.put(
        [
            Placed(name, at, None if first is None else (first, last), facets.split(), vectors_of(vectors, len(facets.split())))
            for name, at, first, last, facets, vectors in file.execute(query, (kind,))
        ]
    )
    return flat


def _placed(entry: Entry, kept: Kept) -> Placed:
    happened = (entry.happened.first, entry.happened.last) if entry.happened else None
    return Placed(entry.id, entry.at, happened, kept.facets, kept.vectors)


def _read(rows: Sequence[Sequence[Any]]) -> dict[str, tuple[Traits, Bytes]]:
    return {str(row[0]): (_traits(row[:-1]), tokens_of(row[-1])) for row in rows}


def _traits(row: Sequence[Any]) -> Traits:
    session, seq, speaker, length, asks, asked, dated, at, standing = row[1:]
    return Traits(session, seq, speaker, length, bool(asks), bool(asked), bool(dated), at, bool(standing))
