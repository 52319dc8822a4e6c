"""Imported turns: found by their words at once, and embedded in the background, newest first.

A turn whose words alone are indexed has a vector of zeros, which is as near to one question as to any other. So the rankings
need no second way for it (docs/decisions/067).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import Row, bindparam, select

from memory.core.passages import turn_of
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import TOKEN_SIZE, Kept
from memory.index.documents import Indexed, in_sequence, of_turn, places
from memory.index.embedded import embedded
from memory.index.entries import Depth, Entry
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.schema import turns

FROM_IMPORT = -1
"""`indexed_revision` of an imported turn whose words are not indexed yet: `Indexer.run` leaves it to `add_words`."""
_ROWS = 500
_BATCH_ROWS = 256
_WITHOUT_WORDS = (
    select(turns)
    .where(turns.c.user_id == bindparam("user"), turns.c.indexed_revision == FROM_IMPORT)
    .order_by(turns.c.session, turns.c.at, turns.c.seq)
    .limit(_ROWS)
)


class ImportedTurns:
    """Indexes the imported turns of all users.

    Args:
        database: The journal's database.
        index: The search index.
        embedder: Embeds the texts.
        lock_of: Returns the lock of a user's index.
        note: Notes in the journal that rows are indexed.
    """

    def __init__(
        self,
        database: Database,
        index: SearchIndex,
        embedder: Embedder,
        lock_of: Callable[[str], threading.RLock],
        note: Callable[[Sequence[Row[Any]]], None],
    ) -> None:
        self._db = database
        self._index = index
        self._embedder = embedder
        self._lock_of = lock_of
        self._note = note

    def add_words(self, user_id: str, on_progress: Callable[[int], None] | None = None) -> int:
        """Index the words of a user's imported turns that are not indexed at all; returns how many.

        They are found from then on, and embedded by `deepen`.
        """
        total = 0
        while rows := self._add_words(user_id):
            total += rows
            if on_progress is not None:
                on_progress(rows)
        return total

    def deepen(self, user_id: str, depth: Depth, most: int = _BATCH_ROWS) -> int:
        """Embed more of up to `most` turns whose words alone are indexed, newest first; returns how many.

        Args:
            user_id: The user.
            depth: How much of them to embed.
            most: Most turns.
        """
        names = self._index.shallow(user_id, depth, most) if any(self.shallow(user_id)) else []
        if not names:
            return 0
        with self._db.read() as connection:
            said = connection.execute(select(turns).where(turns.c.id.in_(names))).all()
            placed = places(connection, said)
        made = [one for row in said for one in of_turn(row, placed[row.id])]
        if depth is not Depth.WHOLE:
            made = [replace(one, texts=one.texts[:1]) for one in made if turn_of(one.entry.id) == one.entry.id]
        # Without the lock: a search of a reply may need it, and embedding takes long.
        there = self._index.contents(user_id, names) if depth is Depth.WHOLE else {}
        kept = embedded(self._embedder, made, there)
        with self._lock_of(user_id):
            if self._index.files.has(user_id):
                self._index.deepen(user_id, list(zip((one.entry.id for one in made), kept, strict=True)), depth)
                # What the journal does not show any more is removed by the next `run`.
                shown = {turn_of(one.entry.id) for one in made}
                self._index.forget_shallow(user_id, [name for name in names if name not in shown])
        return len(names)

    def shallow(self, user_id: str) -> tuple[int, int]:
        """Return how many turns are found by their words alone, and how many have one vector so far."""
        return self._index.count_shallow(user_id) if self._index.files.has(user_id) else (0, 0)

    def _add_words(self, user_id: str) -> int:
        with self._lock_of(user_id):
            with self._db.read() as connection:
                said = connection.execute(_WITHOUT_WORDS, {"user": user_id}).all()
                placed = in_sequence(connection, said)
            made = [one for row in said for one in of_turn(row, placed[row.id])]
            self._index.put(user_id, self.by_words(made))
            self._note(said)
        return len(said)

    def by_words(self, made: Sequence[Indexed]) -> list[Entry]:
        """Return entries of imported turns that are found by their words, until `deepen` embeds them."""
        if not made:
            return []
        none = Kept((made[0].texts[0][0],), np.zeros((1, self._vector_size), np.int8), np.zeros((0, TOKEN_SIZE), np.int8))
        return [replace(one.entry, kept=none, depth=Depth.WORDS) for one in made]

    @cached_property
    def _vector_size(self) -> int:
        return len(self._embedder.embed(["size"])[0].vector)
