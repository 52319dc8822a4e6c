"""Full-text search with SQLite FTS5 and stemming, in one small file per user, so that users do not affect each other's scores.

The functions work on an open file; `memory.index.search_index` opens it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from memory.core.tokenize import searchable, terms, words_of
from memory.index.bm25 import TOKENIZER, Lengths, Numbers, Scores, bm25, stems
from memory.index.filters import Filters

KINDS = ("core", "semantic", "past", "episodic", "procedural", "photo", "turn", "passage")
"""Each kind has its own full text, since a word that is rare among facts may be common among a hundred times as many turns."""
_MAX_SCORED_TEXTS = 4_000
"""Most texts that a search scores; the time of BM25 depends only on their number."""
_MAX_SQLITE_SCORED_TEXTS = 400
"""Up to this number of one-column texts, SQLite's own scoring is faster than NumPy's."""
_TURNS_TABLE = "words_turn"
"""The full text of turns, with the columns message and reply; the passages of long turns have another full text."""
_EXTRA_TEXTS = 32
"""Texts fetched beyond the number wanted, since some may be outside the time window."""
_MAX_COLUMNS = 500
"""Most columns of one result row; SQLite allows 2,000."""
_MATCHES = "at < :said_before AND (at >= :start AND at < :end OR (first < :end AND last > :start))"
"""An entry is in the time window by the time it was said or, if it names a time, by that time."""
TABLES = ";\n".join(
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5({'body, reply' if table == _TURNS_TABLE else 'body'}, "
    f'tokenize = "{TOKENIZER}")'
    for table in (*(f"words_{kind}" for kind in KINDS), "around")
)


def put(file: sqlite3.Connection, number: int, kind: str, text: str, around: str | None, reply: str = "") -> None:
    """Add the texts of the entry `number`: its text, for a turn its reply, and `around` if there is one."""
    for table, body in ((full_text(kind), text), ("around", around)):
        if body is not None:
            row = {"rowid": number, "body": searchable(body)}
            if table == _TURNS_TABLE:
                row["reply"] = searchable(reply)
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - ours


def remove(file: sqlite3.Connection, number: int, kind: str) -> None:
    """Remove the texts of the entry `number`."""
    for table in (full_text(kind), "around"):
        file.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))  # noqa: S608 - ours


def search(
    file: sqlite3.Connection,
    lengths: dict[str, Lengths],
    filters: Filters,
    query: str,
    *,
    kind: str,
    limit: int,
    around: bool = False,
) -> list[tuple[str, float]]:
    """Return (id, score) of the `limit` best entries by BM25, best first; a higher score is better.

    Args:
        file: The user's file.
        lengths: The cached lengths of its texts, by table; the search adds to them.
        filters: The time window, and ids to leave out.
        query: Free text; punctuation is ignored.
        kind: The kind of entries to search.
        limit: Most entries to return.
        around: Search the texts together with the previous turn.
    """
    table = "around" if around else full_text(kind)
    chosen, texts = _rarest(file, table, terms(query))
    if not chosen:
        return []
    wanted = limit + len(filters.excluded)
    # Only SQLite can match a word that its tokenizer splits into several (`snake_case`).
    if (texts > _MAX_SQLITE_SCORED_TEXTS or table == _TURNS_TABLE) and all(len(stems(word)) == 1 for word in chosen):
        # A very common word: only the newest texts that contain it are scored, unless a time window asks for others.
        newest = None if filters.window.is_bounded else _MAX_SCORED_TEXTS
        # One transaction for all reads, since another process may write to the file.
        file.execute("BEGIN")
        try:
            scored = bm25(file, table, chosen, lengths.setdefault(table, Lengths()), newest=newest)
            found = _matching(file, filters, *scored, wanted)
        finally:
            file.commit()
    else:
        found = _by_sqlite(file, filters, table, chosen, wanted)
    return sorted((one for one in found if one[0] not in filters.excluded), key=lambda one: (-one[1], one[0]))[:limit]


def _by_sqlite(
    file: sqlite3.Connection, filters: Filters, table: str, words: Sequence[str], wanted: int
) -> list[tuple[str, float]]:
    match = " OR ".join(f'"{word}"' for word in words)
    # One row for all results: sqlite3 releases Python's global lock for each row, and has to get it back.
    row = file.execute(
        "SELECT json_group_array(json_array(id, score)) FROM (SELECT"  # noqa: S608 - ours
        f" entries.id AS id, -bm25({table}) AS score FROM {table} JOIN entries ON entries.number = {table}.rowid"
        f" WHERE {table} MATCH :match AND {_MATCHES} ORDER BY score DESC, entries.id LIMIT :wanted)",
        {"match": match, "wanted": wanted, **_parameters(filters)},
    ).fetchone()
    return [(str(name), float(score)) for name, score in json.loads(row[0])]


def _matching(
    file: sqlite3.Connection, filters: Filters, numbers: Numbers, scores: Scores, wanted: int
) -> list[tuple[str, float]]:
    """Return (id, score) of the best `wanted` entries that pass the filters, and of those that tie with the last one."""
    query = (
        "SELECT json_group_array(json_array(number, id)) FROM entries"  # noqa: S608 - ours
        f" WHERE number IN (SELECT value FROM json_each(:some)) AND {_MATCHES}"
    )
    found: list[tuple[str, float]] = []
    # With a time window all texts are checked: the best ones may well be outside.
    count = len(numbers) if filters.window.is_bounded else wanted + _EXTRA_TEXTS
    while True:
        least = np.partition(scores, -count)[-count] if count < len(scores) else 0.0
        some = scores >= least
        score_of = dict(zip(numbers[some].tolist(), scores[some].tolist(), strict=True))
        rows = json.loads(file.execute(query, {"some": json.dumps(list(score_of)), **_parameters(filters)}).fetchone()[0])
        found = [(str(name), score_of[number]) for number, name in rows]
        if len(found) >= wanted or count >= len(scores):
            return found
        count *= 4


def in_turns(file: sqlite3.Connection, words: Sequence[str]) -> tuple[dict[str, int], int]:
    """Return the number of turns that contain each word (in any of its forms), and the number of all turns."""
    table = full_text("turn")
    total = file.execute("SELECT count(*) FROM entries WHERE kind = 'turn' AND instr(id, '#') = 0").fetchone()[0]
    # Several passages of a long turn may contain a word.
    turn = "CASE instr(id, '#') WHEN 0 THEN id ELSE substr(id, 1, instr(id, '#') - 1) END"
    query = f"SELECT count(DISTINCT {turn}) FROM {table} JOIN entries ON number = {table}.rowid WHERE {table} MATCH ?"  # noqa: S608 - ours
    asked = {word: " ".join(words_of(word)) for word in words}
    counts = {word: file.execute(query, (f'"{one}"',)).fetchone()[0] for word, one in asked.items() if one}
    return counts, int(total)


def merge(file: sqlite3.Connection) -> None:
    """Merge the segments of each full text; deleted words stay in them until then."""
    for table in (*map(full_text, KINDS), "around"):
        file.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - ours


def _parameters(filters: Filters) -> dict[str, float]:
    """Return the parameters of `_MATCHES`."""
    return {
        "start": filters.window.start,
        "end": filters.window.end,
        "said_before": filters.said.end,
    }


def full_text(kind: str) -> str:
    """Return the full-text table of a kind, or raise ValueError for an unknown kind."""
    return f"words_{KINDS[KINDS.index(kind)]}"


def _rarest(file: sqlite3.Connection, table: str, words: Sequence[str]) -> tuple[list[str], int]:
    """Return the words to score, rarest first, and the number of their texts; words in thousands of texts tell little."""
    count = f"(SELECT count(*) FROM {table} WHERE {table} MATCH ?)"  # noqa: S608 - a name of ours
    texts: dict[str, int] = {}
    for start in range(0, len(words), _MAX_COLUMNS):
        some = words[start : start + _MAX_COLUMNS]
        counts = file.execute(f"SELECT {', '.join([count] * len(some))}", [f'"{word}"' for word in some]).fetchone()
        texts |= dict(zip(some, counts, strict=True))
    chosen: list[str] = []
    scored = 0
    for word in sorted((word for word in texts if texts[word]), key=lambda word: (texts[word], word)):
        if scored and scored + texts[word] > _MAX_SCORED_TEXTS:
            break
        scored += texts[word]
        chosen.append(word)
    return chosen, scored
