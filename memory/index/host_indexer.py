"""The indexer of a host that shares its journal with others: its index files are a cache, which may be lost at any time."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select, update

from memory.core.errors import StorageError
from memory.embedding.text_embedder import Embedder
from memory.index import marker as marker_file
from memory.index.chroma import ChromaStore
from memory.index.documents import Indexed
from memory.index.imported import ImportedTurns
from memory.index.indexer import Indexer
from memory.index.marker import Made
from memory.index.numbered_rows import NumberedRows
from memory.index.photo_index import PhotoIndex
from memory.index.revision_rows import Batch
from memory.index.search_index import SearchIndex
from memory.index.shared_mirror import SharedMirror
from memory.storage import shared_settings
from memory.storage.engine import Database
from memory.storage.host_schema import change_counts, changes
from memory.storage.schema import users

_log = logging.getLogger(__name__)
_EMBEDDER = "text_embedder"
_NEAR_ROWS = 64
"""A search waits until this many rows are indexed; with more, it is answered from Chroma."""


class HostIndexer(Indexer):
    """Keeps the index files of this host up to date with a shared journal; see `Indexer`.

    Args:
        database: The journal's database.
        chroma: The Chroma server that all hosts share.
        index: The index files of this host.
        embedder: Embeds the texts.
        pictures: The vectors of photos.
        marker: A file beside the index files that names the embedder that made them.

    Attributes:
        load: Loads the index file of a person who is new to this host from elsewhere; returns whether it did.
    """

    def __init__(
        self,
        database: Database,
        chroma: ChromaStore,
        index: SearchIndex,
        embedder: Embedder,
        pictures: PhotoIndex,
        marker: Path,
    ) -> None:
        super().__init__(database, chroma, index, embedder, pictures, marker)
        self.load: Callable[[str], bool] | None = None
        self._numbered = NumberedRows(database, index)
        self._changed = self._numbered
        self.imported = _Followed(database, index, embedder, self._lock_of, lambda _: None)
        self.imported.follow = self.run
        self._shared_mirror = SharedMirror(database, chroma, index, pictures)

    def check(self) -> None:
        """Check that all hosts have the same text embedder, and discard index files of another one.

        Raises:
            StorageError: The other hosts have another embedder.
        """
        there = shared_settings.settled(self._db, _EMBEDDER, self._embedder.name)
        if there != self._embedder.name:
            raise StorageError(
                f"The hosts that share this journal use the text embedder {there}, and {self._embedder.name} is set here. Set "
                "PERSONA_TEXT_EMBEDDER back, or stop all hosts and run `persona reindex` with the new one."
            )
        if not marker_file.is_current(self._marker) or marker_file.read(self._marker).embedder != there:
            self._index.files.clear()
        marker_file.write(self._marker, Made(self._embedder.name))

    def bring_near(self, user_id: str, shown: AbstractSet[str] | None) -> bool:
        """Index what a search has to wait for; see `Indexer.bring_near`."""
        if not self._numbered.wait(user_id, shown or frozenset(), pictures=False):
            return True
        missing = self._numbered.behind(user_id)
        if missing > _NEAR_ROWS and self._shared_mirror.waiting(user_id) < missing:
            return False
        self.run(user_id)
        return True

    def not_copied(self, user_id: str) -> list[str]:
        """Return the ids of a user's newest rows that Chroma lacks."""
        return self._shared_mirror.newest_left(user_id)

    def mirror(self, user_id: str, *, at_least: int = 1, most: int | None = None) -> int:
        """Copy one user's changed rows to Chroma if there are at least `at_least`; returns the number of rows.

        Nothing is copied while imported turns are not embedded yet, or while another process copies.
        """
        if self._shared_mirror.waiting(user_id) < at_least or any(self.imported.shallow(user_id)):
            return 0
        total, more = 0, True
        while more and (most is None or total < most):
            self.run(user_id)
            try:
                sent = self._shared_mirror.run(user_id)
            except StorageError:
                # What is said, corrected or forgotten must not wait for Chroma: the numbers say what it lacks.
                _log.warning("Chroma could not be brought up to the journal; it is tried again")
                break
            total, more = total + sent, sent > 0
        return total

    def behind(self) -> list[str]:
        """Return the users of whom Chroma lacks changes."""
        return self._shared_mirror.users()

    def before_purge(self, user_id: str) -> None:
        """Index what a purge needs to know, if the person's file is here: the journal knows the rest."""
        if self._index.files.has(user_id):
            self.run(user_id)

    def purge(self, user_id: str, ids: Sequence[str]) -> None:
        """Follow a purge: Chroma gives up the rows, and what may quote them, at once."""
        self.before_purge(user_id)
        self.drop_from_chroma(user_id, ids)

    def drop_from_chroma(self, user_id: str, ids: Sequence[str] = ()) -> None:
        """Remove rows from Chroma now, and all changed rows too: their documents may quote what is purged.

        What is left of the changed rows is copied again by the next `mirror`.
        """
        self._shared_mirror.drop(user_id, ids)

    def step(self, user_id: str) -> bool:
        """Load the person's index file, or index one batch of rows; returns whether there may be more."""
        return self._load(user_id) or super().step(user_id)

    def run(
        self,
        user_id: str,
        on_progress: Callable[[int], None] | None = None,
        *,
        pictures: bool = True,
        shown: AbstractSet[str] | None = None,
    ) -> int:
        """Index one user's rows that changed since the last run; see `Indexer.run`."""
        self._load(user_id)
        return super().run(user_id, on_progress, pictures=pictures, shown=shown)

    def _load(self, user_id: str) -> bool:
        """Load the person's index file from the object store, if there is none here; returns whether it did."""
        try:
            return self.load is not None and not self._index.files.has(user_id) and self.load(user_id)
        except StorageError as error:
            # The journal has everything.
            _log.warning("an index file could not be loaded (%s); it is made from the journal", error.code)
            return False

    def remove(self, user_id: str, ids: Sequence[str]) -> None:  # noqa: ARG002 - as in `Indexer`
        """Remove entries whose rows are deleted: their deletion has a number."""
        self.run(user_id)
        self.mirror(user_id)

    def rebuild(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Let all hosts discard their index files, and rebuild those of this host and Chroma; returns the number of rows."""
        with self._db.write() as connection:
            connection.execute(update(change_counts).values(era=uuid.uuid4().hex, mirrored=0))
            shared_settings.change(connection, _EMBEDDER, self._embedder.name)
            names = list(connection.execute(select(users.c.id)).scalars())
            size = connection.execute(select(func.count()).where(~changes.c.gone)).scalar_one()
        for user_id in names:
            self._chroma.delete_user(user_id)
        self._index.files.clear()
        done = 0

        def _count(rows: int) -> None:
            nonlocal done
            done += rows
            if on_progress is not None:
                on_progress(min(done, size), size)

        for user_id in names:
            self.run(user_id, _count)
            self.mirror(user_id)
        marker_file.write(self._marker, Made(self._embedder.name))
        return done

    def lost_words(self) -> list[str]:
        """Return nobody: a missing index file is made at the next search."""
        return []

    def _verify(self, user_id: str) -> None:
        """Do nothing: an index file says itself how far it is."""

    def _mark_all(self, user_id: str | None = None) -> None:
        """Do nothing: an index file that is deleted is made from the first change."""

    def _project(self, user_id: str, batch: Batch, made: Sequence[Sequence[Indexed]]) -> bool:
        rows = [*batch.said, *batch.known]
        gone = [*batch.gone, *(row.id for row, entries in zip(rows, made, strict=True) if not entries)]
        imported = [getattr(row, "import_id", None) is not None for row in rows]
        entries = self._embedded([one for some, later in zip(made, imported, strict=True) if not later for one in some])
        entries += self.imported.by_words([one for some, later in zip(made, imported, strict=True) if later for one in some])
        # False: another process of this host wrote meanwhile, perhaps less than this batch has.
        return self._index.apply(user_id, gone, entries, batch.move)

    def _project_pictures(self, user_id: str, rows: Sequence[Row[Any]]) -> None:
        """Do nothing: photos are embedded when they are copied to Chroma."""


class _Followed(ImportedTurns):
    """Imported turns of a shared journal: a host comes to their words as to all other changes."""

    follow: Callable[[str, Callable[[int], None] | None], int]

    def add_words(self, user_id: str, on_progress: Callable[[int], None] | None = None) -> int:
        """Index the words of a user's imported turns; returns the number of rows."""
        return self.follow(user_id, on_progress)
