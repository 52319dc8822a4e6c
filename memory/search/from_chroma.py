"""Searches a person whose index is not there yet: Chroma and the journal name candidates, which the usual rankings compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

import numpy as np
from sqlalchemy import select

from memory.core.records import SPOKEN
from memory.core.time_window import TimeWindow
from memory.index.chroma import ChromaStore
from memory.index.documents import Indexed, of_memory, of_turn, places
from memory.index.embedded import embedded
from memory.index.search_index import SearchIndex
from memory.search.journal_words import turns_with_words
from memory.search.parts import SearchParts
from memory.search.retriever import Retriever
from memory.storage.engine import Database
from memory.storage.schema import memories, turns

_TURNS, _RECORDS = 48, 12
"""Most turns, and most memories of each type, that Chroma names for each text; and most turns that words name."""
_IN_WINDOW = 48
"""Most turns of the time window that is asked for: Chroma does not filter by time."""
_LACKING = 32
"""Most of the newest rows that Chroma lacks which come before all others."""
_MOST_TURNS = 64
"""Most other candidates among the turns: each is embedded during the search."""
_KINDS = ("core", "semantic", "past", "episodic", "procedural", "photo")
T = TypeVar("T")


class ChromaSearch:
    """Answers searches from Chroma and the journal.

    Chroma names the entries whose vectors are nearest to the texts. The journal adds the turns that have the rarest of their
    words, what Chroma does not have yet, and what was said in the time window. These candidates are put into an index that
    lives for one search, so that all rules of the usual search hold (docs/decisions/074).

    Args:
        database: The journal's database.
        chroma: The vectors.
        parts: What the usual search needs.
        not_copied: Returns the ids of a user's newest rows that Chroma may lack.
    """

    def __init__(
        self, database: Database, chroma: ChromaStore, parts: SearchParts, not_copied: Callable[[str], Sequence[str]]
    ) -> None:
        self._db = database
        self._chroma = chroma
        self._parts = parts
        self._not_copied = not_copied

    def run(self, user_id: str, texts: Sequence[str], search: Callable[[Retriever], T], window: TimeWindow | None = None) -> T:
        """Search with a retriever over the candidates.

        Args:
            user_id: The user.
            texts: What is asked for.
            search: Searches with the retriever that it is given.
            window: The time window that is asked for.

        Raises:
            StorageError: Chroma or the journal cannot be used.
        """
        # Before Chroma is asked: what is copied meanwhile is in one of the two.
        lacking = self._not_copied(user_id)
        with self._db.read() as connection:
            by_words = turns_with_words(connection, user_id, texts, _TURNS)
        best_first = zip_longest(by_words, *self._nearest(user_id, texts))
        found = [name for rank in best_first for name in rank if name is not None]
        names = [*lacking[:_LACKING], *found, *lacking[_LACKING:]]
        most = _MOST_TURNS + len(lacking[:_LACKING])
        made = self._candidates(user_id, list(dict.fromkeys(names)), most, window)
        index = SearchIndex(None)
        try:
            kept = embedded(self._parts.embedder, made)
            index.put(user_id, [replace(one.entry, kept=its) for one, its in zip(made, kept, strict=True)])
            return search(Retriever(replace(self._parts, index=index, pictures=self._parts.pictures.over(index))))
        finally:
            index.files.close()

    def _nearest(self, user_id: str, texts: Sequence[str]) -> list[list[str]]:
        """Return, for each type of record and each text, the records whose vectors are nearest."""
        asked = [text for text in dict.fromkeys(texts) if text.strip()]
        if not asked:
            return []
        vectors = np.stack([one.vector for one in self._parts.embedder.embed(asked)])
        return [
            # A record has several documents.
            list(dict.fromkeys(name for name, _, _ in hits))[:most]
            for kind, most in (("turn", _TURNS), *((kind, _RECORDS) for kind in _KINDS))
            for hits in self._chroma.nearest(user_id, kind, vectors, limit=2 * most)
        ]

    def _candidates(self, user_id: str, names: Sequence[str], most: int, window: TimeWindow | None) -> list[Indexed]:
        mine = turns.c.user_id == user_id
        with self._db.read() as connection:
            said = connection.execute(select(turns).where(mine, turns.c.id.in_(names))).all()
            place = {name: number for number, name in enumerate(names)}
            said = sorted(said, key=lambda row: place[row.id])[:most]
            if window is not None and window.is_bounded:
                newest = select(turns).where(mine, turns.c.state.in_(SPOKEN), *window.sql(turns.c.at))
                newest = newest.order_by(turns.c.at.desc()).limit(_IN_WINDOW)
                said = list({row.id: row for row in (*said, *connection.execute(newest))}.values())
            known = connection.execute(select(memories).where(memories.c.user_id == user_id, memories.c.id.in_(names))).all()
            placed = places(connection, said)
        made = [one for row in said for one in of_turn(row, placed[row.id])[:1]]
        made += [one for row in known if (one := of_memory(row))]
        # The content alone: the nearest of its other texts has done its work.
        return [replace(one, texts=one.texts[:1]) for one in made]
