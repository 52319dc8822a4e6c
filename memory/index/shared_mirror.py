"""Copying to a Chroma that several hosts share: the journal knows how far Chroma has a person's changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, bindparam, func, select, text, update

from memory.core.records import PhotoMemory, user_key
from memory.embedding.token_vectors import Bytes, unpacked
from memory.index.chroma import COLLECTIONS, PICTURE, ChromaStore, Document
from memory.index.chroma_mirror import documents_of
from memory.index.documents import PAST, Indexed, is_shown, kind_of, of_memory, of_turn, places
from memory.index.photo_index import PhotoIndex
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.host_schema import change_counts, changes
from memory.storage.memory_rows import to_record
from memory.storage.schema import memories, turns
from memory.storage.shared_settings import journal_id

_BATCH_ROWS = 128
_MINE = changes.c.user_id == bindparam("user")
_LEFT = (
    select(changes)
    .join(change_counts, change_counts.c.user_id == changes.c.user_id)
    .where(_MINE, changes.c.number > change_counts.c.mirrored)
    .order_by(changes.c.number)
)
_COUNT = (
    select(func.count())
    .select_from(changes.join(change_counts, change_counts.c.user_id == changes.c.user_id))
    .where(_MINE, changes.c.number > change_counts.c.mirrored)
)
_COLLECTIONS_OF = {
    "tur": ("turn",),
    "sem": ("semantic", PAST),
    "epi": ("episodic",),
    "pro": ("procedural",),
    "cor": ("core",),
    "pho": ("photo", PICTURE),
}
"""The collections that documents of a record can be in, by the first letters of its id."""


class SharedMirror:
    """Keeps a Chroma server up to date with the journal, from the embeddings in this host's index files.

    One process at a time does this for a person, whichever host it is on: it holds a lock of the database meanwhile.

    Args:
        database: The journal's database.
        chroma: The server.
        index: The index files of this host, which are up to date with the journal.
        pictures: Embeds photos.
    """

    def __init__(self, database: Database, chroma: ChromaStore, index: SearchIndex, pictures: PhotoIndex) -> None:
        self._db = database
        self._chroma = chroma
        self._index = index
        self._pictures = pictures

    @cached_property
    def _journal(self) -> str:
        return journal_id(self._db)

    def waiting(self, user_id: str) -> int:
        """Return the number of a user's rows that differ in Chroma."""
        with self._db.glance() as connection:
            return int(connection.execute(_COUNT, {"user": user_id}).scalar_one())

    def newest_left(self, user_id: str) -> list[str]:
        """Return the ids of a user's newest rows that differ in Chroma."""
        query = _LEFT.order_by(None).order_by(changes.c.number.desc()).limit(_BATCH_ROWS)
        with self._db.glance() as connection:
            return [row.row_id for row in connection.execute(query, {"user": user_id}) if not row.gone]

    def users(self) -> list[str]:
        """Return the users of whom a row differs in Chroma."""
        query = select(change_counts.c.user_id).where(change_counts.c.mirrored < change_counts.c.last)
        with self._db.glance() as connection:
            return list(connection.execute(query).scalars())

    def run(self, user_id: str, *, wait: bool = False) -> int:
        """Copy one batch of a user's changed rows.

        Args:
            user_id: The user.
            wait: Wait while another process does it; otherwise leave it to that one.

        Returns:
            The number of rows; 0 if Chroma is up to date.

        Raises:
            StorageError: Chroma or the database cannot be used; the rows are copied by a later call.
        """
        # Another journal may have taken it over by `persona reindex`, while this program ran.
        self._chroma.check_owner(self._journal)
        with self._db.write() as connection:
            if not _locked(connection, user_id, wait=wait):
                return 0
            rows = self._left_here(connection, user_id)
            if rows:
                self._send(connection, user_id, rows)
                done = update(change_counts).where(change_counts.c.user_id == user_id)
                connection.execute(done.values(mirrored=rows[-1].number))
        return len(rows)

    def _left_here(self, connection: Connection, user_id: str) -> Sequence[Row[Any]]:
        """Return the next rows to copy. A row that is newer than this host's index file has to wait for it."""
        here = self._index.position(user_id) if self._index.files.has(user_id) else None
        if here is None:
            return ()
        known = _LEFT.where(changes.c.number <= here.number, change_counts.c.era == here.era)
        return connection.execute(known.limit(_BATCH_ROWS), {"user": user_id}).all()

    def drop(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove rows, and all rows that differ in Chroma, from Chroma.

        Raises:
            StorageError: Chroma or the database cannot be used.
        """
        self._chroma.check_owner(self._journal)
        with self._db.write() as connection:
            _locked(connection, user_id, wait=True)
            left = [row.row_id for row in connection.execute(_LEFT, {"user": user_id})]
            names = list(dict.fromkeys([*ids, *left]))
            for start in range(0, len(names), _BATCH_ROWS):
                self._replace(user_id, names[start : start + _BATCH_ROWS], {}, {})

    def _send(self, connection: Connection, user_id: str, rows: Sequence[Row[Any]]) -> None:
        names = [row.row_id for row in rows if not row.gone]
        said = connection.execute(select(turns).where(turns.c.id.in_(names))).all()
        known = connection.execute(select(memories).where(memories.c.id.in_(names))).all()
        placed = places(connection, said)
        made: dict[str, list[Indexed]] = defaultdict(list)
        for row in said:
            # The further passages of a long turn are only in the index files.
            made["turn"] += of_turn(row, placed[row.id])[:1]
        for row in known:
            if one := of_memory(row):
                made[kind_of(row)].append(one)
        kept = self._index.kept(user_id, [one.entry.id for some in made.values() for one in some])
        documents: dict[str, list[Document]] = defaultdict(list)
        vectors: dict[str, list[Bytes]] = defaultdict(list)
        for kind, some in made.items():
            for one in some:
                its = kept.get(one.entry.id)
                if its is None or its.facets != tuple(facet for facet, _ in one.texts):
                    # It changed since this host read it: it has a newer number, too.
                    continue
                documents[kind] += documents_of(one)
                vectors[kind].append(its.vectors)
        self._replace(user_id, [row.row_id for row in rows], documents, vectors)
        self._send_pictures(user_id, [row for row in known if row.kind == "photo"])

    def _replace(
        self,
        user_id: str,
        names: Sequence[str],
        documents: Mapping[str, Sequence[Document]],
        vectors: Mapping[str, Sequence[Bytes]],
    ) -> None:
        for kind in COLLECTIONS:
            if records := [name for name in names if kind in _COLLECTIONS_OF.get(name[:3], COLLECTIONS)]:
                new = documents.get(kind, ())
                embeddings = unpacked(np.concatenate(vectors[kind])) if new else np.empty((0, 0), np.float32)
                self._chroma.replace(user_id, kind, records, new, embeddings)

    def _send_pictures(self, user_id: str, rows: Sequence[Row[Any]]) -> None:
        seen = [to_record(row) for row in rows if is_shown(row)]
        if seen:
            self._pictures.put(user_id, [one for one in seen if isinstance(one, PhotoMemory)])


def _locked(connection: Connection, user_id: str, *, wait: bool) -> bool:
    """Take the lock of a person's collections until the transaction ends; return whether it was taken."""
    key = int(user_key(user_id)[:15], 16)
    if wait:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
        return True
    return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar_one())
