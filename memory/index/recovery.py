"""Index recovery: opens the indexes of a data folder, and rebuilds them from the journal if they are lost or damaged."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from memory.core.background_queue import BackgroundQueue
from memory.core.errors import StorageError
from memory.embedding.text_embedder import Embedder
from memory.index import chroma_files
from memory.index import marker as marker_file
from memory.index.chroma import ChromaStore
from memory.index.host_indexer import HostIndexer
from memory.index.indexer import Indexer
from memory.index.photo_index import PhotoIndex
from memory.index.search_index import SearchIndex
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight
from memory.storage.engine import Database
from memory.storage.shared_settings import journal_id

_log = logging.getLogger(__name__)
_DAMAGED_MESSAGE = "The search index is damaged: it is rebuilt from the journal. Nothing is lost."
Fresh = bool | Literal["other embedder"]
T = TypeVar("T")


class IndexRecovery:
    """The search index of a data folder, its copy in Chroma, and the indexer that keeps both up to date.

    Args:
        folder: The data folder.
        database: The journal's database, which the indexes are built from.
        embedder: Embeds the texts.
        photos: The photo store.
        sight: Embeds pictures.
        chroma_url: A Chroma server instead of files in the folder.
        shared: Several processes use the folder; full text is then in another subfolder than that of a journal in the folder.
        fresh: True: delete the existing indexes, whatever their state; `indexer.rebuild` builds new ones. `other embedder`: if
            they are files in the folder and another embedder made them, rebuild them instead of refusing them.

    Raises:
        StorageError: An undamaged index cannot be opened; or a newer program or another embedder made it.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        embedder: Embedder,
        photos: PhotoStore,
        sight: Sight,
        *,
        chroma_url: str | None,
        shared: bool,
        fresh: Fresh,
    ) -> None:
        self._vectors = None if chroma_url else folder / "chroma"
        self._words = folder / ("shared-words" if shared else "words")
        self.knows_what_it_lacks = not shared
        """Whether the journal says which rows are not indexed. The files of a host are a cache, and may lack any."""
        self._mending = threading.Lock()
        self._made = 0
        marker = folder / "index.json" if chroma_url else folder / "chroma" / "index.json"
        lost = fresh is True or not marker_file.is_current(marker)
        if not lost and fresh == "other embedder" and self._vectors is not None:
            lost = marker_file.read(marker).embedder != embedder.name
        # Checked before it is opened: with a truncated index, Chroma finds too few documents or crashes.
        lost = lost or (self._vectors is not None and not chroma_files.have_their_shape(self._vectors))
        if lost and self._vectors is not None:
            _delete(self._vectors)
        # Chroma comes first: if its server does not answer, the full text must not be deleted.
        self.chroma = ChromaStore(self._vectors, chroma_url)
        try:
            if chroma_url:
                take = self.chroma.claim if fresh is True else self.chroma.check_owner
                take(journal_id(database))
            if lost:
                _delete(self._words)
            self.search = SearchIndex(self._words, shared=shared)
        except BaseException:
            self.chroma.close()
            raise
        try:
            self.pictures = PhotoIndex(self.chroma, photos, sight)
            kind = HostIndexer if shared else Indexer
            self.indexer = kind(database, self.chroma, self.search, embedder, self.pictures, marker)
            self.follower = BackgroundQueue("index", self.indexer.step)
            if fresh is not True:
                self.indexer.check()
        except BaseException:
            self.close()
            raise

    def recovering(self, do: Callable[[], T]) -> T:
        """Run a function that uses the indexes; if it fails and an index is damaged, rebuild the indexes and run it once more.

        Raises:
            StorageError: The function failed although the indexes are undamaged (for example, the disk is full), or it failed
                again.
        """
        made = self._made
        try:
            return do()
        except StorageError:
            with self._mending:
                # Another thread may have found and repaired the same damage.
                if made == self._made:
                    if self._are_whole():
                        raise
                    self._rebuild()
            return do()

    def close(self) -> None:
        """Close all files."""
        if (follower := getattr(self, "follower", None)) is not None:
            follower.close()
        self.chroma.close()
        self.search.files.close()

    def _are_whole(self) -> bool:
        if self.search.files.was_removed or (self._vectors is not None and not chroma_files.are_whole(self._vectors)):
            return False
        return all(map(chroma_files.is_database, self._words.glob("*.db"))) and not self.indexer.lost_words()

    def _rebuild(self) -> None:
        _log.warning(_DAMAGED_MESSAGE)
        # An undamaged Chroma answers searches while the index files are made again.
        damaged = self._vectors is not None and not chroma_files.are_whole(self._vectors)
        with self.indexer.emptying():
            self.search.files.clear()
            if damaged:
                self.chroma.clear()
        self._made += 1


def _delete(folder: Path) -> None:
    """Delete an index folder, which is rebuilt from the journal."""
    try:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"The index in {folder} cannot be removed ({error.strerror}). Remove it by hand.") from error
