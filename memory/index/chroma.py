"""How memories are found by meaning: one Chroma collection per memory type and user."""

from __future__ import annotations

import ctypes
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from memory.core.errors import StorageError
from memory.core.loopback import spare_from_proxies
from memory.core.records import user_key
from memory.embedding.token_vectors import Vectors
from memory.index import chroma_files

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

COLLECTIONS = ("core", "semantic", "past", "episodic", "procedural", "photo", "picture", "turn")
"""Raw turns have their own: among ten times as many turns a topic would not come up. So have facts that are no longer true: a
weight that changed a hundred times would hide today's. Of what was seen, `photo` holds what it is
called, and `picture` what it looks like: vectors of another model."""

OPEN_COLLECTIONS = 256
"""0.7 GB; only what is written to is opened."""
_COPY = ".copy"
_BATCH = 2_000


@dataclass(frozen=True)
class Document:
    """One facet of a record: what is embedded, and what it is filtered by.

    Attributes:
        id: `RECORD/FACET`, or `RECORD/FACET-NUMBER` of several.
        record_id: The record that is found by it.
        facet: `content` or `keywords` of a memory; `turn`, `whole`, `sentence` or `before` of a turn.
        at: Seconds since 1970, UTC.
        text: The document.
    """

    id: str
    record_id: str
    facet: str
    at: float
    text: str


class ChromaStore:
    """Vectors of all users.

    Args:
        folder: Where the embedded client keeps its files.
        url: A Chroma server instead, `http://host:port`.
        most_open: Collections that the embedded client keeps open (2.6 MB each). By itself it lets go of some at a bound made
            of the limit of open files, and then finds less in them than they hold, or nothing: it is opened anew long before.

    Raises:
        StorageError: The folder or the server cannot be used.
    """

    def __init__(self, folder: Path | None = None, url: str | None = None, most_open: int = OPEN_COLLECTIONS) -> None:
        self._lock = threading.RLock()
        self._collections: dict[str, Collection] = {}
        with _said():
            self._folder = None if url else folder
            self._client = _client(folder, url)
            self._index_queue()
            own = getattr(getattr(self._client, "_server", None), "hnsw_cache_size", 2 * most_open)
            # Half of it: the other files of this process need some of the limit, too.
            self._most_open = max(len(COLLECTIONS), min(most_open, own // 2))
            self._finish_copies()

    def put(self, user_id: str, kind: str, documents: Sequence[Document], vectors: Vectors) -> None:
        """Add or replace documents under their ids."""
        if not documents:
            return
        with _said(), self._lock:
            self._collection(user_id, kind).upsert(
                ids=[document.id for document in documents],
                embeddings=vectors,
                documents=[document.text for document in documents],
                metadatas=[
                    {"record": document.record_id, "facet": document.facet, "at": document.at} for document in documents
                ],
            )

    def remove_documents(self, user_id: str, kind: str, ids: Sequence[str]) -> None:
        """Remove documents by their own ids; unknown ones are passed over."""
        if ids:
            with _said(), self._lock:
                if (there := self._there(user_id, kind)) is not None:
                    there.delete(ids=list(ids))

    def nearest(self, user_id: str, kind: str, vectors: Vectors, *, limit: int) -> list[list[tuple[str, str, float]]]:
        """Return (record id, facet, cosine similarity) of the documents nearest to each vector, of any facet, nearest first.

        It reads nothing but ids and filters nothing inside Chroma, which looks at every document for that (1 s at 320,000).

        Args:
            user_id: Whose records.
            kind: Which collection.
            vectors: Unit rows; several in one look cost little more than one.
            limit: At most so many for each.
        """
        with _said(), self._lock:
            there = self._there(user_id, kind)
            if there is None:
                return [[] for _ in vectors]
            found: Any = there.query(query_embeddings=vectors, n_results=limit, include=["distances"])
        return [
            [(*_record_and_facet(name), 1.0 - distance) for name, distance in zip(ids, distances, strict=True)]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]

    def delete_collection(self, user_id: str, kind: str) -> None:
        """Delete one collection, if it is there."""
        with _said(), self._lock:
            name = _name(user_id, kind)
            self._collections.pop(name, None)
            if name in {collection.name for collection in self._client.list_collections()}:
                self._client.delete_collection(name)

    def record_ids(self, user_id: str, kind: str) -> set[str]:
        """Return the ids of all records that have a document."""
        with _said(), self._lock:
            there = self._there(user_id, kind)
            found: Any = there.get(include=["metadatas"]) if there is not None else {"metadatas": []}
        return {str(metadata["record"]) for metadata in found["metadatas"]}

    def delete_user(self, user_id: str) -> None:
        """Delete the user's collections."""
        with _said(), self._lock:
            there = {collection.name for collection in self._client.list_collections()}
            for kind in COLLECTIONS:
                name = _name(user_id, kind)
                self._collections.pop(name, None)
                if name in there:
                    self._client.delete_collection(name)

    def collections_of(self, user_id: str) -> int:
        """Count the user's collections."""
        with _said(), self._lock:
            there = {collection.name for collection in self._client.list_collections()}
        return len(there & {_name(user_id, kind) for kind in COLLECTIONS})

    def rewrite(self, user_id: str) -> None:
        """Copy the user's collections and delete the old ones: what was deleted from them is not in the copies.

        The embedded client alone leaves files to be rewritten.
        """
        if self._folder is None:
            return
        with _said(), self._lock:
            for kind in COLLECTIONS:
                self._rewrite(_name(user_id, kind))

    def compact(self) -> None:
        """Write the files beneath all collections anew."""
        if self._folder is None:
            return
        with _said(), self._lock:
            chroma_files.compact(self._folder)

    def _rewrite(self, name: str) -> None:
        there = {collection.name for collection in self._client.list_collections()}
        if name not in there:
            return
        old, spare = self._client.get_collection(name, embedding_function=None), f"{name}{_COPY}"
        if spare in there:
            # A copy that was interrupted: the old one still has everything.
            self._client.delete_collection(spare)
        copy = self._made(spare)
        for start in range(0, old.count(), _BATCH):
            got: Any = old.get(limit=_BATCH, offset=start, include=["embeddings", "documents", "metadatas"])
            copy.upsert(ids=got["ids"], embeddings=got["embeddings"], documents=got["documents"], metadatas=got["metadatas"])
        self._collections.pop(name, None)
        self._client.delete_collection(name)
        copy.modify(name=name)

    def start_anew(self) -> None:
        """Remove all files of the embedded client; a server's are its own."""
        if self._folder is None:
            return
        with _said(), self._lock:
            self._collections.clear()
            self._client.close()  # type: ignore[attr-defined] # as below
            shutil.rmtree(self._folder, ignore_errors=True)
            self._client = _client(self._folder, None)
            self._index_queue()

    def close(self) -> None:
        """Let go of the client."""
        with self._lock:
            self._collections.clear()
            close = getattr(self._client, "close", None)
            if close is not None:
                close()
            _hang_up(self._client)
            if self._folder is not None:
                chroma_files.blank(self._folder)

    def _collection(self, user_id: str, kind: str) -> Collection:
        """Return a collection to be written to."""
        name = _name(user_id, kind)
        return self._there(user_id, kind) or self._opened(name, self._made)

    def _there(self, user_id: str, kind: str) -> Collection | None:
        """Return a collection to be read from; None where there is none: looking makes nothing."""
        from chromadb.errors import NotFoundError

        name = _name(user_id, kind)
        if name in self._collections:
            return self._collections[name]
        try:
            return self._opened(name, lambda name: self._client.get_collection(name, embedding_function=None))
        except NotFoundError:
            return None

    def _opened(self, name: str, open_: Callable[[str], Collection]) -> Collection:
        if self._folder is not None and len(self._collections) >= self._most_open:
            self._open_anew()
        self._collections[name] = open_(name)
        return self._collections[name]

    def _open_anew(self) -> None:
        """Let go of all collections; each is read again, whole, when it is next asked for."""
        self._collections.clear()
        self._client.close()  # type: ignore[attr-defined] # of every client, and not of their common type
        _give_back_memory()
        self._client = _client(self._folder, None)

    def _index_queue(self) -> None:
        if self._folder is not None:
            chroma_files.index_queue(self._folder)

    def _made(self, name: str) -> Collection:
        return self._client.get_or_create_collection(name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}})

    def _finish_copies(self) -> None:
        """Give copies that were whole when the program ended the name of what they are a copy of."""
        there = {collection.name for collection in self._client.list_collections()}
        for spare in (name for name in there if name.endswith(_COPY)):
            name = spare.removesuffix(_COPY)
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
        parts = urlsplit(url)
        spare_from_proxies(url)
        return chromadb.HttpClient(
            host=parts.hostname or "127.0.0.1", port=parts.port or 8000, ssl=parts.scheme == "https", settings=settings
        )
    try:
        return chromadb.PersistentClient(path=str(folder), settings=settings)
    except BaseException:
        # Chroma keeps what it failed to open, and would give it out again after the folder has been put right.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)  # noqa: SLF001 - there is no public way
        raise


def _give_back_memory() -> None:
    """Have the C library return freed memory: what a thousand people's collections took stays with the process otherwise.

    Seen: 100 collections open at a time, 800 opened one after another: 1,237 MB without it, 446 MB with it.
    """
    with suppress(OSError, AttributeError):
        # Of glibc alone.
        ctypes.CDLL(None).malloc_trim(0)


def _hang_up(client: ClientAPI) -> None:
    """Close the connections to a server, which the client leaves open; there is no public way to them."""
    for part in (client, getattr(client, "_admin_client", None)):
        session = getattr(getattr(part, "_server", None), "_session", None)
        if session is not None:
            session.close()


@contextmanager
def _said() -> Iterator[None]:
    """Turn whatever Chroma raises (its errors have no common base) into one sentence."""
    try:
        yield
    except Exception as error:
        raise StorageError(
            f"The vector store cannot be used ({error}). Let it be written, free some space, check PERSONA_CHROMA_URL, "
            "or run `persona reindex`; the journal has everything."
        ) from error
