"""The search index: full text and vectors in one file per user; vectors are cached in memory after the first search."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from memory.core.passages import bounds_of, turn_of
from memory.core.time_window import TimeWindow
from memory.embedding.token_vectors import Bytes, Kept, Vectors, tokens_of, vectors_of
from memory.index import fulltext, position
from memory.index.entries import Change, Depth, Entry
from memory.index.filters import Filters
from memory.index.position import Move, Position
from memory.index.turn_traits import Traits
from memory.index.user_files import UserFile, UserFiles
from memory.index.vectors import Placed, VectorIndex, VectorScores

_MIN_SPEAKER_SHARE = 0.1
"""A name counts as a speaker's if at least this share of all texts begins with it."""
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
  number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, session INTEGER NOT NULL,
  seq INTEGER NOT NULL, speaker TEXT, length INTEGER NOT NULL, asks INTEGER NOT NULL, asked INTEGER NOT NULL,
  dated INTEGER NOT NULL, standing INTEGER NOT NULL, names INTEGER NOT NULL,
  quotes INTEGER NOT NULL, first REAL, last REAL
);
CREATE INDEX IF NOT EXISTS ix_entries_kind_at ON entries (kind, at);
CREATE INDEX IF NOT EXISTS ix_entries_standing ON entries (at) WHERE standing;
CREATE TABLE IF NOT EXISTS kept (number INTEGER PRIMARY KEY, facets TEXT NOT NULL, vectors BLOB NOT NULL, tokens BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS shallow (number INTEGER PRIMARY KEY, depth INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS speakers (name TEXT PRIMARY KEY, texts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS changed (
  kind TEXT NOT NULL, id TEXT NOT NULL, had TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""
# `had` is the state before the first change that is not copied to Chroma yet, so it is Chroma's state of the entry.
_CHANGED = "INSERT INTO changed VALUES (?, ?, ?, 1) ON CONFLICT (kind, id) DO UPDATE SET times = times + 1"
_GONE = (
    "SELECT number, id, kind, CASE WHEN shallow.number IS NULL THEN facets END"
    " FROM entries LEFT JOIN kept USING (number) LEFT JOIN shallow USING (number)"
)
_EMBED = "UPDATE kept SET facets = ?, vectors = ?, tokens = ? WHERE number = ?"
_SHALLOW = "SELECT number, kind, at, first, last FROM entries JOIN shallow USING (number) WHERE id = ? AND depth < ?"
_TRAITS = "id, session, seq, speaker, length, asks, asked, dated, at, standing, names, quotes"
_READ = f"SELECT {_TRAITS}, tokens FROM entries JOIN kept USING (number)"  # noqa: S608 - ours


class SearchIndex:
    """Full text and vectors of all users.

    Args:
        folder: The folder for the files; created when missing. None: an index in memory alone.
        shared: Whether other processes use the files too; they may delete a user.

    Raises:
        StorageError: The folder cannot be created.
    """

    def __init__(self, folder: Path | None, *, shared: bool = False) -> None:
        self.files = UserFiles(folder, f"{_TABLES}{position.TABLE}{fulltext.TABLES}", shared=shared)
        self._shared = shared

    def put(self, user_id: str, entries: Sequence[Entry]) -> None:
        """Add or replace entries, a turn together with its passages; of several entries with the same id the last counts."""
        self.apply(user_id, (), entries)

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove entries, a turn together with its passages; unknown ids are ignored."""
        if ids:
            self.apply(user_id, ids, ())

    def apply(self, user_id: str, gone: Sequence[str], entries: Sequence[Entry], move: Move | None = None) -> bool:
        """Remove some entries, and add or replace others, at once.

        Args:
            user_id: The user.
            gone: Ids of entries to remove; see `remove`.
            entries: Entries to put; see `put`.
            move: Do it only if the file is at the start of this move, and note its end with it.

        Returns:
            Whether it was done.
        """
        entries = list({entry.id: entry for entry in entries}.values())
        with self.files.use(user_id) as (file, user_file):
            with file:
                if move is not None and not position.take(file, move):
                    return False
                dropped = _remove(file, list(dict.fromkeys([*gone, *(turn_of(entry.id) for entry in entries)])))
                numbers = [_put(file, entry) for entry in entries]
                self._note_nothing(file)
            _drop_cached(user_file, dropped)
            for lengths in user_file.lengths.values() if numbers else ():
                # The numbers may have belonged to other texts before.
                lengths.forget(min(numbers))
            for kind, flat in user_file.vectors.items():
                flat.put([_placed(entry, entry.kept) for entry in entries if entry.kind == kind and entry.kept is not None])
        return True

    def position(self, user_id: str) -> Position | None:
        """Return how far a user's file follows the changes; None if it has none of them."""
        with self.files.use(user_id) as (file, _):
            return position.read(file)

    @staticmethod
    def position_in(copy: Path) -> Position | None:
        """Return how far a copy of a user's file follows the changes."""
        with closing(sqlite3.connect(copy)) as file:
            return position.read(file)

    def deepen(self, user_id: str, embedded: Sequence[tuple[str, Kept]], depth: Depth) -> None:
        """Store more embeddings of turns that are in the index already; those that are gone meanwhile are left out."""
        with self.files.use(user_id) as (file, user_file):
            placed = []
            with file:
                for name, kept in embedded:
                    row = file.execute(_SHALLOW, (name, depth)).fetchone()
                    if row is None:
                        # It was removed, or changed and indexed again, while it was embedded.
                        continue
                    number, kind, at, first, last = row
                    file.execute(_EMBED, (*kept.to_row(), number))
                    if depth is Depth.WHOLE:
                        file.execute("DELETE FROM shallow WHERE number = ?", (number,))
                        _note_change(file, kind, name)
                    else:
                        file.execute("UPDATE shallow SET depth = ? WHERE number = ?", (depth, number))
                    happened = None if first is None else TimeWindow(first, last)
                    placed.append((kind, Placed(name, at, happened, kept.facets, kept.vectors)))
                self._note_nothing(file)
            for name, _ in embedded:
                user_file.read.pop(name, None)
            for kind, flat in user_file.vectors.items():
                flat.put([one for of_kind, one in placed if of_kind == kind])

    def contents(self, user_id: str, ids: Sequence[str]) -> dict[str, Kept]:
        """Return the stored embeddings of those of some turns that have one vector so far."""
        query = (
            "SELECT id, facets, vectors, tokens FROM entries JOIN shallow USING (number) JOIN kept USING (number)"
            " WHERE depth = ? AND id IN (SELECT value FROM json_each(?))"
        )
        with self.files.use(user_id) as (file, _):
            rows = file.execute(query, (Depth.CONTENT, json.dumps(list(ids)))).fetchall()
        return {str(name): Kept.from_row(*row) for name, *row in rows}

    def kept(self, user_id: str, ids: Sequence[str]) -> dict[str, Kept]:
        """Return the stored embeddings of those of some entries that are embedded whole."""
        query = (
            "SELECT id, facets, vectors, tokens FROM entries JOIN kept USING (number) LEFT JOIN shallow USING (number)"
            " WHERE depth IS NULL AND id IN (SELECT value FROM json_each(?))"
        )
        with self.files.use(user_id) as (file, _):
            return {str(name): Kept.from_row(*row) for name, *row in file.execute(query, (json.dumps(list(ids)),))}

    def shallow(self, user_id: str, below: Depth, limit: int) -> list[str]:
        """Return the ids of up to `limit` turns that are embedded less than `below`, newest first."""
        query = (
            "SELECT id FROM shallow JOIN entries USING (number) WHERE depth < ? AND instr(id, '#') = 0"
            " ORDER BY at DESC, id LIMIT ?"
        )
        with self.files.use(user_id) as (file, _):
            return [str(row[0]) for row in file.execute(query, (below, limit))]

    def forget_shallow(self, user_id: str, ids: Sequence[str]) -> None:
        """Note that these turns, with their passages, are not to be embedded."""
        with self.files.use(user_id) as (file, _), file:
            for name in ids:
                which = "SELECT number FROM entries WHERE id = ? OR (id >= ? AND id < ?)"
                file.execute(f"DELETE FROM shallow WHERE number IN ({which})", (name, *bounds_of(name)))  # noqa: S608 - ours

    def count_shallow(self, user_id: str) -> tuple[int, int]:
        """Return how many turns are found by their words alone, and how many have one vector so far."""
        query = "SELECT coalesce(sum(depth = 0), 0), coalesce(sum(depth = 1), 0) FROM shallow JOIN entries USING (number)"
        with self.files.use(user_id) as (file, _):
            words, content = file.execute(f"{query} WHERE instr(id, '#') = 0").fetchone()
        return int(words), int(content)

    def score(self, filters: Filters, kind: str, vectors: Vectors) -> VectorScores:
        """Compare unit vectors, shape (questions, size), with all entries of a kind."""
        with self.files.use(filters.user_id) as (file, user_file):
            return _vectors(file, user_file, kind, vectors.shape[1]).score(vectors, filters)

    def search(self, filters: Filters, query: str, *, kind: str, limit: int, around: bool = False) -> list[tuple[str, float]]:
        """Return (id, score) of the `limit` best entries that contain words of the query; see `fulltext.search`."""
        with self.files.use(filters.user_id) as (file, user_file):
            return fulltext.search(file, user_file.lengths, filters, query, kind=kind, limit=limit, around=around)

    def speakers(self, user_id: str) -> list[str]:
        """Return the names that many texts begin with; a rare beginning like `Recipe: …` does not count as a speaker."""
        with self.files.use(user_id) as (file, _):
            rows = file.execute(
                "SELECT name FROM speakers WHERE texts >= ? * (SELECT max(number) FROM entries) ORDER BY name",
                (_MIN_SPEAKER_SHARE,),
            )
            return [str(row[0]) for row in rows]

    def read(self, user_id: str, ids: Sequence[str]) -> dict[str, tuple[Traits, Bytes]]:
        """Return traits and token vectors of entries by id, in the order of `ids`; unknown ids are left out."""
        with self.files.use(user_id) as (file, user_file):
            missing = [name for name in ids if name not in user_file.read]
            if missing:
                query = f"{_READ} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
                user_file.keep(_read(file.execute(query, (json.dumps(missing),)).fetchall()))
            return {name: user_file.read[name] for name in ids if name in user_file.read}

    def lasting_wishes(self, user_id: str, limit: int) -> list[str]:
        """Return the ids of the newest turns with a lasting wish about answers ("always …"), newest first."""
        with self.files.use(user_id) as (file, _):
            query = "SELECT id FROM entries WHERE kind = 'turn' AND standing ORDER BY at DESC, id LIMIT ?"
            return [str(row[0]) for row in file.execute(query, (limit,))]

    def in_turns(self, user_id: str, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return the number of turns that contain each word (in any of its forms), and the number of all turns."""
        with self.files.use(user_id) as (file, _):
            return fulltext.in_turns(file, words)

    def changes(self, user_id: str, limit: int) -> list[Change]:
        """Return up to `limit` entries that changed since they were passed to `settle`."""
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
        """Return the number of changes that are not copied to Chroma yet."""
        with self.files.use(user_id) as (file, _):
            return int(file.execute("SELECT count(*) FROM changed").fetchone()[0])

    def settle(self, user_id: str, changes: Sequence[Change]) -> None:
        """Record that these changes are copied to Chroma; entries that changed again meanwhile stay unsettled."""
        done = [(one.kind, one.id, one.times) for one in changes]
        sent = [(" ".join(one.kept.facets) if one.kept else "", one.kind, one.id) for one in changes]
        with self.files.use(user_id) as (file, _), file:
            file.executemany("DELETE FROM changed WHERE kind = ? AND id = ? AND times = ?", done)
            file.executemany("UPDATE changed SET had = ? WHERE kind = ? AND id = ?", sent)

    def _note_nothing(self, file: sqlite3.Connection) -> None:
        if self._shared:
            # Where several hosts share Chroma, the journal knows what it has.
            file.execute("DELETE FROM changed")

    def compact(self, user_id: str) -> None:
        """Rewrite the user's file without deleted data."""
        with self.files.use(user_id) as (file, _):
            fulltext.merge(file)
            file.commit()
            file.execute("VACUUM")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def ids(self, user_id: str) -> set[str]:
        """Return the ids of all indexed records, with a long turn once."""
        with self.files.use(user_id) as (file, _):
            return {turn_of(str(row[0])) for row in file.execute("SELECT id FROM entries")}

    def count(self, user_id: str) -> int:
        """Return the number of indexed records; a long turn counts once."""
        with self.files.use(user_id) as (file, _):
            return int(file.execute("SELECT count(*) FROM entries WHERE instr(id, '#') = 0").fetchone()[0])


def _put(file: sqlite3.Connection, entry: Entry) -> int:
    traits = entry.traits
    row = (entry.id, entry.kind, entry.at, traits.session, traits.seq, traits.speaker, traits.length)
    happened = (entry.happened.start, entry.happened.end) if entry.happened else (None, None)
    put = file.execute(
        "INSERT INTO entries (id, kind, at, session, seq, speaker, length, asks, asked, dated, standing, names, quotes,"
        " first, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, traits.asks, traits.asked, traits.dated, traits.lasting_wish, traits.names, traits.quotes, *happened),
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
    if entry.depth is not Depth.WHOLE:
        file.execute("INSERT INTO shallow VALUES (?, ?)", (number, entry.depth))
    else:
        _note_change(file, entry.kind, entry.id)
    return number


def _note_change(file: sqlite3.Connection, kind: str, entry_id: str) -> None:
    if turn_of(entry_id) == entry_id:
        # The further passages of a long turn are not copied to Chroma.
        file.execute(_CHANGED, (kind, entry_id, ""))


def _words_kind(entry_id: str, kind: str) -> str:
    """Return an entry's kind for full text: further passages of a long turn have their own, and the turn has the whole text."""
    return kind if turn_of(entry_id) == entry_id else "passage"


def _remove(file: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """Remove entries, a turn together with its passages; returns the ids of the removed entries."""
    # Chroma has nothing of entries that are not embedded whole.
    query = f"{_GONE} WHERE id = ? UNION ALL {_GONE} WHERE id >= ? AND id < ?"
    gone = []
    for name in ids:
        for number, entry_id, kind, facets in file.execute(query, (name, *bounds_of(name))).fetchall():
            if entry_id == name:
                file.execute(_CHANGED, (kind, entry_id, facets or ""))
            fulltext.remove(file, number, _words_kind(entry_id, kind))
            for table in ("kept", "shallow", "entries"):
                file.execute(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608 - ours
            gone.append(entry_id)
    return gone


def _drop_cached(user_file: UserFile, ids: Sequence[str]) -> None:
    for name in ids:
        user_file.read.pop(name, None)
    for flat in user_file.vectors.values():
        flat.remove(ids)


def _vectors(file: sqlite3.Connection, user_file: UserFile, kind: str, size: int) -> VectorIndex:
    flat = user_file.vectors.get(kind)
    if flat is None or flat.is_wasteful:
        flat = user_file.vectors[kind] = _read_vectors(file, kind, size)
    return flat


def _read_vectors(file: sqlite3.Connection, kind: str, size: int) -> VectorIndex:
    query = "SELECT id, at, first, last, facets, vectors FROM entries JOIN kept USING (number) WHERE kind = ? ORDER BY number"
    flat = VectorIndex(size)
    flat.put(
        [
            Placed(
                name,
                at,
                None if start is None else TimeWindow(start, end),
                facets.split(),
                vectors_of(vectors, len(facets.split())),
            )
            for name, at, start, end, facets, vectors in file.execute(query, (kind,))
        ]
    )
    return flat


def _placed(entry: Entry, kept: Kept) -> Placed:
    return Placed(entry.id, entry.at, entry.happened, kept.facets, kept.vectors)


def _read(rows: Sequence[Sequence[Any]]) -> dict[str, tuple[Traits, Bytes]]:
    return {str(row[0]): (_traits(row[:-1]), tokens_of(row[-1])) for row in rows}


def _traits(row: Sequence[Any]) -> Traits:
    session, seq, speaker, length, asks, asked, dated, at, standing, names, quotes = row[1:]
    flags = (bool(asks), bool(asked), bool(dated), at, bool(standing))
    return Traits(session, seq, speaker, length, *flags, names, bool(quotes))
