"""From the index to Chroma: every entry with its documents, some at a time, and behind what is looked for.

No look waits for Chroma, or asks it but for pictures: each of its writes holds all of Python for 10 ms and more, and a
collection takes 15 ms or more to open (docs/decisions/032).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sqlalchemy import select

from memory.embedding.token_vectors import unpacked
from memory.index.chroma import ChromaStore, Document
from memory.index.documents import Indexed, names_of, of_memory, of_turn, places
from memory.index.search_index import Change, SearchIndex
from memory.storage.engine import Database
from memory.storage.schema import memories, turns

_BATCH = 256


class ChromaMirror:
    """Keeps Chroma's collections as the index says.

    Args:
        database: The journal's, which has the texts.
        chroma: Where to.
        index: Where from.
    """

    def __init__(self, database: Database, chroma: ChromaStore, index: SearchIndex) -> None:
        self._db = database
        self._chroma = chroma
        self._index = index

    def waiting(self, user_id: str) -> int:
        """Count the entries of one user that Chroma does not have as they are."""
        return self._index.count_changes(user_id)

    def run(self, user_id: str) -> int:
        """Bring Chroma up to the index with some entries of one user; interrupted, it is done again, which changes nothing.

        Whoever calls it keeps others from doing so for this user meanwhile.

        Returns:
            How many entries; 0: there are no more.

        Raises:
            StorageError: Chroma cannot be used; what it lacks stays noted.
        """
        changes = self._index.changes(user_id, _BATCH)
        by_kind: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            by_kind[change.kind].append(change)
        for kind, some in by_kind.items():
            self._send(user_id, kind, some)
        if changes:
            self._index.settle(user_id, changes)
        return len(changes)

    def _send(self, user_id: str, kind: str, changes: Sequence[Change]) -> None:
        texts = self._texts(kind, [change.id for change in changes if change.kept is not None])
        documents, vectors, gone = [], [], []
        for change in changes:
            made, kept = texts.get(change.id), change.kept
            there = []
            if made is not None and kept is not None and kept.facets == tuple(facet for facet, _ in made.texts):
                there = list(names_of(change.id, kept.facets))
                documents += [
                    Document(name, change.id, facet, made.entry.at, text)
                    for name, (facet, text) in zip(there, made.texts, strict=True)
                ]
                vectors.append(kept.vectors)
            gone += [name for name in names_of(change.id, change.had) if name not in there]
        self._chroma.remove_documents(user_id, kind, gone)
        if documents:
            self._chroma.put(user_id, kind, documents, unpacked(np.concatenate(vectors)))

    def _texts(self, kind: str, ids: Sequence[str]) -> dict[str, Indexed | None]:
        """Return the documents of some entries as the journal has them now; what changed since is indexed, and sent, again."""
        if kind == "turn":
            with self._db.read() as connection:
                rows = connection.execute(select(turns).where(turns.c.id.in_(ids))).all()
                placed = places(connection, rows)
            # The further passages of a long turn are in the index alone.
            return {row.id: next(iter(of_turn(row, placed[row.id])), None) for row in rows}
        with self._db.read() as connection:
            rows = connection.execute(select(memories).where(memories.c.id.in_(ids))).all()
        return {row.id: of_memory(row) for row in rows}
