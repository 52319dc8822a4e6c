"""Copying the search index to Chroma in the background: every entry with its documents, in batches.

No search waits for Chroma, and only searches for pictures query it: each write to it holds Python's global lock for 10 ms or
more, and a collection takes 15 ms or more to open (docs/decisions/032).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sqlalchemy import select

from memory.embedding.token_vectors import Bytes, unpacked
from memory.index.chroma import COLLECTIONS, PICTURE, ChromaStore, Document
from memory.index.documents import Indexed, names_of, of_memory, of_turn, places
from memory.index.entries import Change
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.schema import memories, turns

_BATCH_ENTRIES = 256


class ChromaMirror:
    """Keeps Chroma's collections up to date with the search index.

    Args:
        database: The journal's database, which has the texts.
        chroma: The store to write to.
        index: The index to copy.
    """

    def __init__(self, database: Database, chroma: ChromaStore, index: SearchIndex) -> None:
        self._db = database
        self._chroma = chroma
        self._index = index

    def waiting(self, user_id: str) -> int:
        """Return the number of a user's entries that differ in Chroma."""
        return self._index.count_changes(user_id)

    def run(self, user_id: str) -> int:
        """Copy one batch of a user's changed entries to Chroma; after an interruption it can be repeated safely.

        The caller ensures that no other thread does this for the same user at the same time.

        Returns:
            The number of entries; 0 if Chroma is up to date.

        Raises:
            StorageError: Chroma cannot be used; the entries are copied by a later call.
        """
        changes = self._index.changes(user_id, _BATCH_ENTRIES)
        by_kind: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            by_kind[change.kind].append(change)
        for kind, some in by_kind.items():
            self._send(user_id, kind, some)
        if changes:
            self._index.settle(user_id, changes)
        return len(changes)

    def remove_unknown(self, user_id: str) -> None:
        """Remove the documents of records that a user's index file does not contain."""
        there = self._index.ids(user_id)
        for kind in COLLECTIONS:
            if kind != PICTURE and (unknown := self._chroma.record_ids(user_id, kind) - there):
                self._chroma.replace(user_id, kind, sorted(unknown), (), np.empty((0, 0), np.float32))

    def _send(self, user_id: str, kind: str, changes: Sequence[Change]) -> None:
        texts = self._texts(kind, [change.id for change in changes if change.kept is not None])
        documents, vectors, gone = list[Document](), list[Bytes](), list[str]()
        for change in changes:
            made, kept = texts.get(change.id), change.kept
            there = list[str]()
            if made is not None and kept is not None and kept.facets == tuple(facet for facet, _ in made.texts):
                own = documents_of(made)
                documents += own
                there = [document.id for document in own]
                vectors.append(kept.vectors)
            gone += [name for name in names_of(change.id, change.had) if name not in there]
        self._chroma.remove_documents(user_id, kind, gone)
        if documents:
            self._chroma.put(user_id, kind, documents, unpacked(np.concatenate(vectors)))

    def _texts(self, kind: str, ids: Sequence[str]) -> dict[str, Indexed | None]:
        """Return the documents of entries from the journal; rows that changed meanwhile are indexed and copied again."""
        if kind == "turn":
            with self._db.read() as connection:
                rows = connection.execute(select(turns).where(turns.c.id.in_(ids))).all()
                placed = places(connection, rows)
            # The further passages of a long turn are only in the search index.
            return {row.id: next(iter(of_turn(row, placed[row.id])), None) for row in rows}
        with self._db.read() as connection:
            rows = connection.execute(select(memories).where(memories.c.id.in_(ids))).all()
        return {row.id: of_memory(row) for row in rows}


def documents_of(made: Indexed) -> list[Document]:
    """Return the documents of an index entry, one for each of its texts."""
    names = names_of(made.entry.id, tuple(facet for facet, _ in made.texts))
    return [
        Document(name, made.entry.id, facet, made.entry.at, text) for name, (facet, text) in zip(names, made.texts, strict=True)
    ]
