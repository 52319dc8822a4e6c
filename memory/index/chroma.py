"""Vectors in Chroma: one collection per memory type and user."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memory.core import native_memory
from memory.core.errors import StorageError
from memory.core.records import user_key
from memory.embedding.token_vectors import Vectors
from memory.index import chroma_files, chroma_server

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

PICTURE = "picture"
COLLECTIONS = ("core", "semantic", "past", "episodic", "procedural", "photo", PICTURE, "turn")
"""Turns have a collection of their own, since topics would not be found among ten times as many turns. Superseded facts have
one (`past`), too: a weight that changed a hundred times would hide today's. Things seen in photos are in two collections:
`photo` has their names, and `picture` has image vectors, which another model makes."""

OPEN_COLLECTIONS = 256
"""0.7 GB; collections are only opened to be written."""
_COPY_SUFFIX = ".copy"
_OWNER, _OWNED_BY = "persona-journal", "journal"
"""An empty collection whose metadata name the journal that a server's entries belong to."""
_BATCH_DOCUMENTS = 2_000
_EF_CONSTRUCTION, _EF_SEARCH = 200, 400
"""Chroma's own 100 and 100 miss entries of histories that repeat themselves (docs/decisions/074). Set when a collection is
made, since a later change has no effect on one that is open (Chroma 1.5.9)."""


@dataclass(frozen=True)
class Document:
    """One facet of a record: the embedded text, and the fields to filter by.

    Attributes:
        id: `RECORD/FACET`, or `RECORD/FACET-NUMBER` if there are several.
        record_id: The record that the facet belongs to.
        facet: `content` or `keywords` of a memory; `turn`, `whole`, `sentence` or `before` of a turn.
        at: Time in seconds since 1970, UTC.
        text: The embedded text.
    """

    id: str
    record_id: str
    facet: str
    at: float
    text: str


class ChromaStore:
    """The vectors of all users.

    Args:
        folder: The folder for the embedded client's files.
        url: A Chroma server to use instead, `http://host:port`; `http://host:port/name` for a database of it that is not the
            default one. The database is made if it is missing.
        most_open: Most collections that the embedded client keeps open (2.6 MB each). At a bound derived from the limit of open
            files, the client closes some by itself, and then finds only part of their documents, or none. So it is reopened
            long before that bound.

    Raises:
        StorageError: The folder or the server cannot be used.
    """

    def __init__(self, folder: Path | None = None, url: str | None = None, most_open: int = OPEN_COLLECTIONS) -> None:
        self._lock = threading.RLock()
        self._collections: dict[str, Collection] = {}
        with _readable_errors():
            self._folder = None if url else folder
            self._client = _client(folder, url)
            self._index_queue()
            own = getattr(getattr(self._client, "_server", None), "hnsw_cache_size", 2 * most_open)
            # Half of the bound: this process has other files, which count towards the same limit.
            self._most_open = max(len(COLLECTIONS), min(most_open, own // 2))
            self._finish_copies()

    def put(self, user_id: str, kind: str, documents: Sequence[Document], vectors: Vectors) -> None:
        """Add or replace documents under their ids."""
        if not documents:
            return
        with _readable_errors(), self._lock:
            self._collection(user_id, kind).upsert(
                ids=[document.id for document in documents],
                embeddings=vectors,
                documents=[document.text for document in documents],
                metadatas=[
                    {"record": document.record_id, "facet": document.facet, "at": document.at} for document in documents
                ],
            )

    def remove_documents(self, user_id: str, kind: str, ids: Sequence[str]) -> None:
        """Remove documents by their ids; unknown ids are ignored."""
        if ids:
            with _readable_errors(), self._lock:
                if (there := self._there(user_id, kind)) is not None:
                    there.delete(ids=list(ids))

    def replace(self, user_id: str, kind: str, records: Sequence[str], documents: Sequence[Document], vectors: Vectors) -> None:
        """Let some records have these documents and no others in a collection."""
        with _readable_errors(), self._lock:
            there = self._there(user_id, kind)
            if there is not None:
                found: Any = there.get(where={"record": {"$in": list(records)}}, include=[])  # type: ignore[dict-item] # it takes one
                if gone := list(set(found["ids"]) - {document.id for document in documents}):
                    there.delete(ids=gone)
        self.put(user_id, kind, documents, vectors)

    def nearest(self, user_id: str, kind: str, vectors: Vectors, *, limit: int) -> list[list[tuple[str, str, float]]]:
        """Return (record id, facet, cosine) of the `limit` documents nearest to each vector, nearest first.

        The query reads only ids, and does not filter, since for a filter Chroma reads every document (1 s for 320,000).

        Args:
            user_id: The user.
            kind: The collection.
            vectors: Unit vectors, one row per query; several rows in one call cost little more than one.
            limit: Most documents per vector.
        """
        with _readable_errors(), self._lock:
            there = self._there(user_id, kind)
            if there is None:
                return [[] for _ in vectors]
            found: Any = there.query(query_embeddings=vectors, n_results=limit, include=["distances"])
        return [
            [(*_record_and_facet(name), 1.0 - distance) for name, distance in zip(ids, distances, strict=True)]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]

    def delete_collection(self, user_id: str, kind: str) -> None:
        """Delete one collection if it exists."""
        with _readable_errors(), self._lock:
            name = _name(user_id, kind)
            self._collections.pop(name, None)
            if name in {collection.name for collection in self._client.list_collections()}:
                self._client.delete_collection(name)

    def record_ids(self, user_id: str, kind: str) -> set[str]:
        """Return the ids of all records with a document in the collection."""
        with _readable_errors(), self._lock:
            there = self._there(user_id, kind)
            found: Any = there.get(include=["metadatas"]) if there is not None else {"metadatas": []}
        return {str(metadata["record"]) for metadata in found["metadatas"]}

    def count(self, user_id: str) -> int:
        """Return how many documents there are of the user's turns."""
        with _readable_errors(), self._lock:
            there = self._there(user_id, "turn")
            return 0 if there is None else int(there.count())

    def delete_user(self, user_id: str) -> None:
        """Delete the user's collections."""
        with _readable_errors(), self._lock:
            there = {collection.name for collection in self._client.list_collections()}
            for kind in COLLECTIONS:
                name = _name(user_id, kind)
                self._collections.pop(name, None)
                if name in there:
                    self._client.delete_collection(name)

    def collections_of(self, user_id: str) -> int:
        """Return the number of the user's collections."""
        with _readable_errors(), self._lock:
            there = {collection.name for collection in self._client.list_collections()}
        return len(there & {_name(user_id, kind) for kind in COLLECTIONS})

    def rewrite(self, user_id: str) -> None:
        """Replace the user's collections by copies, which do not contain deleted documents.

        Does nothing with a server: only the embedded client's files can be rewritten.
        """
        if self._folder is None:
            return
        with _readable_errors(), self._lock:
            for kind in COLLECTIONS:
                self._rewrite(_name(user_id, kind))

    def compact(self) -> None:
        """Rewrite the files of all collections without deleted data."""
        if self._folder is None:
            return
        with _readable_errors(), self._lock:
            chroma_files.compact(self._folder)

    def _rewrite(self, name: str) -> None:
        there = {collection.name for collection in self._client.list_collections()}
        if name not in there:
            return
        old, spare = self._client.get_collection(name, embedding_function=None), f"{name}{_COPY_SUFFIX}"
        if spare in there:
            # An interrupted copy: the original still has all documents.
            self._client.delete_collection(spare)
        copy = self._made(spare)
        for start in range(0, old.count(), _BATCH_DOCUMENTS):
            got: Any = old.get(limit=_BATCH_DOCUMENTS, offset=start, include=["embeddings", "documents", "metadatas"])
            copy.upsert(ids=got["ids"], embeddings=got["embeddings"], documents=got["documents"], metadatas=got["metadatas"])
        self._collections.pop(name, None)
        self._client.delete_collection(name)
        copy.modify(name=name)

    def check_owner(self, journal: str) -> None:
        """Check that a server has a journal's entries. A server that no journal has claimed is claimed by this one.

        Collections are named by people, so two journals would mix theirs.

        Raises:
            StorageError: It has those of another journal.
        """
        with _readable_errors(), self._lock:
            if (self._mark(journal).metadata or {}).get(_OWNED_BY) != journal:
                raise StorageError(
                    "This Chroma has the entries of another journal. Give this one a Chroma, or a database in it, of its own: "
                    "PERSONA_CHROMA_URL=http://host:port/name. If the other journal is gone, `persona reindex` takes it over."
                )

    def claim(self, journal: str) -> None:
        """Let a server's entries be those of a journal, whosever they were."""
        with _readable_errors(), self._lock:
            self._mark(journal).modify(metadata={_OWNED_BY: journal})

    def _mark(self, journal: str) -> Collection:
        """Return the collection that names the owner; it is created for this journal if there is none."""
        from chromadb.errors import ChromaError, NotFoundError

        try:
            return self._client.get_collection(_OWNER, embedding_function=None)
        except NotFoundError:
            try:
                return self._client.create_collection(_OWNER, metadata={_OWNED_BY: journal}, embedding_function=None)
            except ChromaError:
                # Another host has made it at the same time.
                return self._client.get_collection(_OWNER, embedding_function=None)

    def clear(self) -> None:
        """Delete all files of the embedded client and start with an empty store; does nothing with a server."""
        if self._folder is None:
            return
        with _readable_errors(), self._lock:
            self._collections.clear()
            self._client.close()  # type: ignore[attr-defined] # as below
            shutil.rmtree(self._folder, ignore_errors=True)
            self._client = _client(self._folder, None)
            self._index_queue()

    def close(self) -> None:
        """Close the client."""
        with self._lock:
            self._collections.clear()
            close = getattr(self._client, "close", None)
            if close is not None:
                close()
            chroma_server.close_connections(self._client)
            if self._folder is not None:
                chroma_files.blank(self._folder)

    def _collection(self, user_id: str, kind: str) -> Collection:
        """Return a collection for writing; it is created if needed."""
        name = _name(user_id, kind)
        return self._there(user_id, kind) or self._opened(name, self._made)

    def _there(self, user_id: str, kind: str) -> Collection | None:
        """Return a collection for reading; None if it does not exist, since a search must not create one."""
        from chromadb.errors import NotFoundError

        name = _name(user_id, kind)
        # On a server another host may have deleted a collection and made it again.
        if name in self._collections and self._folder is not None:
            return self._collections[name]
        try:
            return self._opened(name, lambda name: self._client.get_collection(name, embedding_function=None))
        except NotFoundError:
            return None

    def _opened(self, name: str, open_: Callable[[str], Collection]) -> Collection:
        if self._folder is not None and len(self._collections) >= self._most_open:
            self._reopen()
        self._collections[name] = open_(name)
        return self._collections[name]

    def _reopen(self) -> None:
        """Reopen the client, which closes all collections; each is loaded again when it is next needed."""
        self._collections.clear()
        self._client.close()  # type: ignore[attr-defined] # every client has it, but not their common type
        # With 800 collections opened one after another, 100 at a time: 1,237 MB without this, 446 MB with it.
        native_memory.give_back()
        self._client = _client(self._folder, None)

    def _index_queue(self) -> None:
        if self._folder is not None:
            chroma_files.index_queue(self._folder)

    def _made(self, name: str) -> Collection:
        graph: CreateHNSWConfiguration = {
            "space": "cosine",
            "ef_construction": _EF_CONSTRUCTION,
            "ef_search": _EF_SEARCH,
        }
        return self._client.get_or_create_collection(name, embedding_function=None, configuration={"hnsw": graph})

    def _finish_copies(self) -> None:
        """Rename copies that were complete when the program ended to the names of their originals."""
        there = {collection.name for collection in self._client.list_collections()}
        for spare in (name for name in there if name.endswith(_COPY_SUFFIX)):
            name = spare.removesuffix(_COPY_SUFFIX)
            if name in there:
                self._client.delete_collection(spare)
            else:
                self._client.get_collection(spare, embedding_function=None).modify(name=name)


def _record_and_facet(document_id: str) -> tuple[str, str]:
    record, _, facet = document_id.rpartition("/")
    return record, facet.partition("-")[0]


def _name(user_id: str, kind: str) -> str:
    return f"{kind}-{user_key(user_id)}"


def _client(folder: Path | None, url: str | None) -> ClientAPI:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if url:
        return chroma_server.connect(url, settings)
    try:
        return chromadb.PersistentClient(path=str(folder), settings=settings)
    except BaseException:
        # Chroma caches a client that failed to open, and would return it again after the folder has been repaired.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)  # noqa: SLF001 - there is no public way
        raise


@contextmanager
def _readable_errors() -> Iterator[None]:
    """Turn any error of Chroma, whose errors have no common base class, into a StorageError with a readable message."""
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        raise StorageError(
            f"The vector store cannot be used ({error}). Make it writable, free some space, check PERSONA_CHROMA_URL, "
            "or run `persona reindex`; nothing is lost, since the journal has all data."
        ) from error
