"""Full-text search: SQLite FTS5 with stemming, one small file a user, so that nobody's words weigh in another's ranking.

Functions over an open file; `memory.index.search_index` says which.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from memory.core.tokenize import searchable, terms, words_of
from memory.index.bm25 import TOKENIZER, Lengths, Numbers, Scores, bm25, stems
from memory.index.filters import Scope

KINDS = ("core", "semantic", "past", "episodic", "procedural", "photo", "turn", "passage")
"""Each has its own full text: what is rare among facts is not what is rare among a hundred times as many turns."""
_SCORED = 4_000
"""Texts that a search may score; the time of BM25 grows with them and with nothing else."""
_FEW = 400
"""Texts of one column that SQLite itself scores sooner than arrays do."""
_TURNS = "words_turn"
"""The full text of turns: message and reply are its columns. A long turn's passages have a full text of their own besides."""
_ROOM = 32
"""Texts more than are wanted: some may be out of scope."""
_COLUMNS = 500
"""Of one row; SQLite allows 2,000."""
_FAR = 1e300
_IN_SCOPE = "at <= :latest AND (at BETWEEN :low AND :high OR (first <= :high AND last > :low))"
"""By when it was said or, where it names a time, by when it happened."""
TABLES = ";\n".join(
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5({'body, reply' if table == _TURNS else 'body'}, "
    f'tokenize = "{TOKENIZER}")'
    for table in (*(f"words_{kind}" for kind in KINDS), "around")
)


def put(file: sqlite3.Connection, number: int, kind: str, text: str, around: str | None, reply: str = "") -> None:
    """Add a text under a number, a turn's with its reply, and, where there is one, the text with what was said before it."""
    for table, body in ((full_text(kind), text), ("around", around)):
        if body is not None:
            row = {"rowid": number, "body": searchable(body)}
            if table == _TURNS:
                row["reply"] = searchable(reply)
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - ours


def remove(file: sqlite3.Connection, number: int, kind: str) -> None:
    """Remove the texts under a number."""
    for table in (full_text(kind), "around"):
        file.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))  # noqa: S608 - ours


def search(
    file: sqlite3.Connection,
    lengths: dict[str, Lengths],
    scope: Scope,
    query: str,
    *,
    kind: str,
    limit: int,
    around: bool = False,
) -> list[tuple[str, float]]:
    """Return (id, score) of the best entries by BM25, best first; a higher score is better.

    Args:
        file: The user's.
        lengths: Of the texts in it, by table; what is read is kept there.
        scope: Of when.
        query: Free text; its words are searched, not its punctuation.
        kind: Entries of this kind alone.
        limit: At most so many.
        around: Search the texts with what was said before them.
    """
    table = "around" if around else full_text(kind)
    chosen, texts = _rarest(file, table, terms(query))
    if not chosen:
        return []
    wanted = limit + len(scope.seen)
    # SQLite alone knows where the parts of a word stand that it takes apart (`snake_case`).
    if (texts > _FEW or table == _TURNS) and all(len(stems(word)) == 1 for word in chosen):
        # One common word alone: the last texts that have it, unless they are of another time than is asked for.
        newest = None if scope.windowed else _SCORED
        # One state of the file for all that is read of it: another process may write.
        file.execute("BEGIN")
        try:
            scored = bm25(file, table, chosen, lengths.setdefault(table, Lengths()), newest=newest)
            found = _in_scope(file, scope, *scored, wanted)
        finally:
            file.commit()
    else:
        found = _by_sqlite(file, scope, table, chosen, wanted)
    return sorted((one for one in found if one[0] not in scope.seen), key=lambda one: (-one[1], one[0]))[:limit]


def _by_sqlite(
    file: sqlite3.Connection, scope: Scope, table: str, words: Sequence[str], wanted: int
) -> list[tuple[str, float]]:
    match = " OR ".join(f'"{word}"' for word in words)
    # One row for all: Python's lock is let go of for each, and has to be had back.
    row = file.execute(
        "SELECT json_group_array(json_array(id, score)) FROM (SELECT"  # noqa: S608 - ours
        f" entries.id AS id, -bm25({table}) AS score FROM {table} JOIN entries ON entries.number = {table}.rowid"
        f" WHERE {table} MATCH :match AND {_IN_SCOPE} ORDER BY score DESC, entries.id LIMIT :wanted)",
        {"match": match, "wanted": wanted, **_bounds(scope)},
    ).fetchone()
    return [(str(name), float(score)) for name, score in json.loads(row[0])]


def _in_scope(file: sqlite3.Connection, scope: Scope, numbers: Numbers, scores: Scores, wanted: int) -> list[tuple[str, float]]:
    """Return the best that are in scope, and those that are as good as the last of them."""
    query = (
        "SELECT json_group_array(json_array(number, id)) FROM entries"  # noqa: S608 - ours
        f" WHERE number IN (SELECT value FROM json_each(:some)) AND {_IN_SCOPE}"
    )
    found: list[tuple[str, float]] = []
    # Of a window all of them: what is best may well be out of it.
    count = len(numbers) if scope.windowed else wanted + _ROOM
    while True:
        least = np.partition(scores, -count)[-count] if count < len(scores) else 0.0
        some = scores >= least
        score_of = dict(zip(numbers[some].tolist(), scores[some].tolist(), strict=True))
        rows = json.loads(file.execute(query, {"some": json.dumps(list(score_of)), **_bounds(scope)}).fetchone()[0])
        found = [(str(name), score_of[number]) for number, name in rows]
        if len(found) >= wanted or count >= len(scores):
            return found
        count *= 4


def in_turns(file: sqlite3.Connection, words: Sequence[str]) -> tuple[dict[str, int], int]:
    """Return how many turns hold each word (in any of its forms), and how many turns there are."""
    table = full_text("turn")
    total = file.execute("SELECT count(*) FROM entries WHERE kind = 'turn' AND instr(id, '#') = 0").fetchone()[0]
    # Of a long turn several passages may hold a word.
    turn = "CASE instr(id, '#') WHEN 0 THEN id ELSE substr(id, 1, instr(id, '#') - 1) END"
    query = f"SELECT count(DISTINCT {turn}) FROM {table} JOIN entries ON number = {table}.rowid WHERE {table} MATCH ?"  # noqa: S608 - ours
    asked = {word: " ".join(words_of(word)) for word in words}
    counts = {word: file.execute(query, (f'"{one}"',)).fetchone()[0] for word, one in asked.items() if one}
    return counts, int(total)


def merge(file: sqlite3.Connection) -> None:
    """Merge the segments of full text: deleted words stay in them until then."""
    for table in (*map(full_text, KINDS), "around"):
        file.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - ours


def _bounds(scope: Scope) -> dict[str, float]:
    """Return the parameters of `_IN_SCOPE`."""
    return {
        "low": -_FAR if scope.since is None else scope.since,
        "high": _FAR if scope.until is None else scope.until,
        "latest": _FAR if scope.latest is None else scope.latest,
    }


def full_text(kind: str) -> str:
    """Name the table of a kind; one that is unknown is a mistake of the caller's (ValueError)."""
    return f"words_{KINDS[KINDS.index(kind)]}"


def _rarest(file: sqlite3.Connection, table: str, words: Sequence[str]) -> tuple[list[str], int]:
    """Return the words that are to be scored, rarest first, and in how many texts they stand: thousands tell little apart."""
    count = f"(SELECT count(*) FROM {table} WHERE {table} MATCH ?)"  # noqa: S608 - a name of ours
    texts: dict[str, int] = {}
    for start in range(0, len(words), _COLUMNS):
        some = words[start : start + _COLUMNS]
        counts = file.execute(f"SELECT {', '.join([count] * len(some))}", [f'"{word}"' for word in some]).fetchone()
        texts |= dict(zip(some, counts, strict=True))
    chosen: list[str] = []
    scored = 0
    for word in sorted((word for word in texts if texts[word]), key=lambda word: (texts[word], word)):
        if scored and scored + texts[word] > _SCORED:
            break
        scored += texts[word]
        chosen.append(word)
    return chosen, scored
