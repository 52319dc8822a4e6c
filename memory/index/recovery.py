"""The indexes of a data folder: opened, kept as the journal says, and made anew where they are lost or damaged."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from memory.core.errors import StorageError
from memory.embedding.text_embedder import Embedder
from memory.index import chroma_files
from memory.index.chroma import ChromaStore
from memory.index.indexer import Indexer, is_of_today
from memory.index.photo_index import PhotoIndex
from memory.index.search_index import SearchIndex
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight
from memory.storage.engine import Database

_log = logging.getLogger(__name__)
_DAMAGED = "The search index is damaged: it is made anew from the journal. Nothing is lost."
T = TypeVar("T")


class Indexes:
    """What looks go to, and Chroma behind it.

    Args:
        folder: The data folder.
        database: The journal's, which they are made of.
        embedder: Makes the vectors.
        photos: Pictures.
        sight: What looks at them.
        chroma_url: A Chroma server instead of files in the folder.
        shared: Several processes use the folder: full text lies apart from that of a journal of the folder's own.
        fresh: Throw away what is there, whatever its state; `projection.rebuild` makes it anew.

    Raises:
        StorageError: One cannot be opened, and is not damaged; or a newer program or another embedder made it.
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
        fresh: bool,
    ) -> None:
        self._vectors = None if chroma_url else folder / "chroma"
        self._words = folder / ("shared-words" if shared else "words")
        self._mending = threading.Lock()
        self._made = 0
        marker = folder / "index.json" if chroma_url else folder / "chroma" / "index.json"
        lost = fresh or not is_of_today(marker)
        # Looked at before it is opened: of an index that was cut off, Chroma finds less, or ends the program.
        lost = lost or (self._vectors is not None and not chroma_files.have_their_shape(self._vectors))
        if lost and self._vectors is not None:
            _throw_away(self._vectors)
        # A server that does not answer is no reason to throw away words.
        self.chroma = ChromaStore(self._vectors, chroma_url)
        try:
            if lost:
                _throw_away(self._words)
            self.search = SearchIndex(self._words, shared=shared)
        except BaseException:
            self.chroma.close()
            raise
        try:
            self.pictures = PhotoIndex(self.chroma, photos, sight)
            self.projection = Indexer(database, self.chroma, self.search, embedder, self.pictures, marker)
            if not fresh:
                self.projection.check()
        except BaseException:
            self.close()
            raise

    def mended(self, do: Callable[[], T]) -> T:
        """Do something with the indexes; where it fails and they turn out to be damaged, make them anew and do it once more.

        Raises:
            StorageError: It failed, and they are whole: a full disk, say; or it failed again.
        """
        made = self._made
        try:
            return do()
        except StorageError:
            with self._mending:
                # Another thread may have met the same damage, and mended it.
                if made == self._made:
                    if self._are_whole():
                        raise
                    self._start_anew()
            return do()

    def close(self) -> None:
        """Let go of all files."""
        self.chroma.close()
        self.search.files.close()

    def _are_whole(self) -> bool:
        if self.search.files.was_removed or (self._vectors is not None and not chroma_files.are_whole(self._vectors)):
            return False
        return all(map(chroma_files.is_database, self._words.glob("*.db"))) and not self.projection.lost_words()

    def _start_anew(self) -> None:
        _log.warning(_DAMAGED)
        with self.projection.starting_anew():
            self.search.files.start_anew()
            self.chroma.start_anew()
        self._made += 1


def _throw_away(folder: Path) -> None:
    """Remove an index folder: what cannot even be opened is made anew from the journal."""
    try:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"The index in {folder} cannot be removed ({error.strerror}). Remove it by hand.") from error
