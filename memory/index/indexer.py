"""The indexer: embeds the changed rows of the journal and writes them to the indexes; repeating this changes nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select, update

from memory.core.errors import StorageError
from memory.core.records import SPOKEN, PhotoMemory
from memory.core.validation import user_name
from memory.embedding.text_embedder import Embedder
from memory.index import marker as marker_file
from memory.index.chroma import PICTURE, ChromaStore
from memory.index.chroma_mirror import ChromaMirror
from memory.index.documents import Indexed, is_shown, of_memory, of_turn
from memory.index.embedded import embedded
from memory.index.entries import Entry
from memory.index.imported import ImportedTurns
from memory.index.marker import Made
from memory.index.photo_index import PhotoIndex
from memory.index.revision_rows import Batch, ChangedRows, RevisionRows
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.memory_rows import to_record
from memory.storage.schema import memories, turns, users

_log = logging.getLogger(__name__)
_NEWEST = 64
"""Most changed entries that may wait to be copied to Chroma."""
_LOST = (
    "The search index was missing, damaged, from an older version, or of another text embedder: it is rebuilt from the "
    "journal. Nothing is lost."
)


class Indexer:
    """Keeps the search index of each user, and its copy in Chroma, up to date with the journal.

    It must not be called within a transaction that writes. A run in another thread writes, too: it would wait for the end of
    the transaction, and this thread for the end of the run.

    Args:
        database: The journal's database.
        chroma: The copy of the vectors and their documents.
        index: The search index.
        embedder: Embeds the texts.
        pictures: The vectors of photos.
        marker: A file beside the vectors that names the embedder that made them; it is lost together with them.
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
        self._db = database
        self._chroma = chroma
        self._index = index
        self._mirror = ChromaMirror(database, chroma, index)
        self._rows = RevisionRows(database)
        self._changed: ChangedRows = self._rows
        self._embedder = embedder
        self._pictures = pictures
        self._marker = marker
        self._held: str | None = None
        self._missed = False
        self._verified: set[str] = set()
        self._made_again: set[str] = set()
        self._guard = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}
        self.imported = ImportedTurns(database, index, embedder, self._lock_of, partial(self._rows.note, known=()))

    def check(self) -> None:
        """Compare the marker with the embedder; if an index is lost, mark its rows to be indexed again.

        Raises:
            StorageError: Another embedder made the vectors.
        """
        there = marker_file.is_current(self._marker)
        if there and not self._is_of_this_embedder():
            # Another embedder is named, but nothing is indexed yet, so there are no vectors of it.
            with self._db.read() as connection:
                names = list(connection.execute(select(users.c.id)).scalars())
            for user_id in names:
                self.delete_user(user_id)
            self._mark_all()
        lost = self.lost_words()
        if lost and there:
            _log.warning(_LOST)
            for user_id in lost:
                self._start_again(user_id)
        elif not there:
            with self._db.glance() as connection:
                said = connection.execute(select(turns.c.id).where(turns.c.state.in_(SPOKEN)).limit(1)).first()
            if said is not None:
                _log.warning(_LOST)
            self._mark_all()
            return
        made = marker_file.read(self._marker)
        self._held, self._missed = made.pictures, made.missed
        looks = self._pictures.made_by
        if looks is not None and (self._missed or self._held != looks):
            self._embed_pictures_again(replace_all=self._held not in {None, looks})

    def _is_of_this_embedder(self) -> bool:
        made_by = marker_file.read(self._marker).embedder
        if made_by == self._embedder.name:
            return True
        if not self._rows.any_indexed():
            return False
        raise StorageError(
            f"The memory index was made with the embedder {made_by}, and {self._embedder.name} is set. "
            "Run `persona reindex`, or set PERSONA_TEXT_EMBEDDER back."
        )

    def run(
        self,
        user_id: str,
        on_progress: Callable[[int], None] | None = None,
        *,
        pictures: bool = True,
        shown: AbstractSet[str] | None = None,
    ) -> int:
        """Index one user's rows that changed since the last run; returns how many.

        Args:
            user_id: The user.
            on_progress: Called after each batch with the number of rows in it.
            pictures: False: leave out photo memories, whose image embeddings are slow; a reply does not wait for them.
            shown: Turns that the prompt shows: do nothing if only they, and memories extracted from them, wait to be indexed;
                None: index whatever waits.
        """
        self._verify(user_id)
        if shown is not None and not self._changed.wait(user_id, shown, pictures=pictures):
            return 0
        total, more = 0, True
        while more:
            rows, more = self._run_batch(user_id, pictures=pictures)
            total += rows
            if rows and on_progress is not None:
                on_progress(rows)
        self._copy_again(user_id)
        return total

    def bring_near(self, user_id: str, shown: AbstractSet[str] | None) -> bool:
        """Index what a search has to wait for; returns whether the index file can answer it.

        It cannot if more rows are missing than a person should wait for, and Chroma has more of the person.

        Args:
            user_id: The user.
            shown: As in `run`; with None, photo memories are indexed too.
        """
        self._verify(user_id)
        if shown is not None and not self._changed.wait(user_id, shown, pictures=False):
            return True
        if self._is_made_again(user_id):
            return False
        if self._run_batch(user_id, pictures=shown is None)[1]:
            if self._chroma.count(user_id) > self._index.count(user_id):
                return False
            self.run(user_id, pictures=shown is None)
        return True

    def _is_made_again(self, user_id: str) -> bool:
        made_again = user_name(user_id) in self._made_again
        return made_again and self._chroma.count(user_id) > self._index.count(user_id)

    def step(self, user_id: str) -> bool:
        """Index one batch of a user's rows, with photo memories; returns whether there may be more."""
        more = self._run_batch(user_id, pictures=True)[1]
        if not more:
            self._copy_again(user_id)
        return more

    def not_copied(self, user_id: str) -> list[str]:
        """Return the ids of a user's newest rows, which Chroma may lack."""
        query = select(turns.c.id).where(turns.c.user_id == user_id).order_by(turns.c.at.desc(), turns.c.seq.desc())
        with self._db.glance() as connection:
            return list(connection.execute(query.limit(_NEWEST)).scalars())

    def mirror(self, user_id: str, *, at_least: int = 1, most: int | None = None) -> int:
        """Copy one user's changed entries to Chroma if there are at least `at_least`; returns the number of entries.

        Args:
            user_id: The user.
            at_least: Copy nothing if fewer have changed.
            most: Stop after this many; None: copy all.
        """
        if self._mirror.waiting(user_id) < at_least:
            return 0
        total, more = 0, True
        while more and (most is None or total < most):
            # One thread at a time: older data must not overwrite newer data, and a deleted user must not come back.
            with self._lock_of(user_id):
                sent = self._mirror.run(user_id)
            total, more = total + sent, sent > 0
        return total

    def behind(self) -> list[str]:
        """Return the users with photo memories that are not indexed yet."""
        seen = (memories.c.kind == "photo") & (memories.c.revision != memories.c.indexed_revision)
        query = select(memories.c.user_id).where(seen).distinct()
        with self._db.glance() as connection:
            return list(connection.execute(query).scalars())

    def before_purge(self, user_id: str) -> None:
        """Index what a purge needs to know of a user."""
        self.run(user_id)

    def purge(self, user_id: str, ids: Sequence[str]) -> None:  # noqa: ARG002 - other hosts' indexers need them
        """Follow a purge: turns that lost their reply or their neighbour are indexed again, and copied to Chroma."""
        self.run(user_id)
        self.mirror(user_id)

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove entries whose rows are deleted, from both indexes."""
        with self._lock_of(user_id):
            self._index.remove(user_id, ids)
        self.mirror(user_id)

    def delete_user(self, user_id: str) -> None:
        """Delete a user from both indexes, after any run in progress."""
        with self._lock_of(user_id):
            self._verified.discard(user_name(user_id))
            self._chroma.delete_user(user_id)
            self._index.files.delete_user(user_id)

    def rebuild(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Delete both indexes and rebuild them from the journal; returns the number of rows.

        Args:
            on_progress: Called with (rows done, total rows).
        """
        with self._db.read() as connection:
            names = list(connection.execute(select(users.c.id)).scalars())
            size = sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (turns, memories))
        self._marker.unlink(missing_ok=True)
        for user_id in names:
            self.delete_user(user_id)
        self._mark_all()
        done = 0

        def _count(rows: int) -> None:
            nonlocal done
            done += rows
            if on_progress is not None:
                on_progress(done, size)

        for user_id in names:
            self.run(user_id, _count)
            self.mirror(user_id)
        return done

    @contextmanager
    def emptying(self) -> Iterator[None]:
        """Block all runs while the caller empties the indexes; afterwards all rows are marked to be indexed."""
        with self._guard, ExitStack() as held:
            for lock in self._locks.values():
                held.enter_context(lock)
            yield
            self._mark_all()

    def _lock_of(self, user_id: str) -> threading.RLock:
        if self._db.is_writing:
            raise RuntimeError("A transaction must not wait for the indexer, which may wait for the transaction's end.")
        with self._guard:
            return self._locks.setdefault(user_name(user_id), threading.RLock())

    def _mark_all(self, user_id: str | None = None) -> None:
        self._rows.start_again(user_id)
        self._mark()

    def _verify(self, user_id: str) -> None:
        """Compare, once per user, the number of entries in the index with the number expected from the journal.

        After a power cut the newest entries may be missing without visible damage, since the index is not written as safely as
        the journal.
        """
        user_id = user_name(user_id)
        if user_id in self._verified:
            return
        with self._lock_of(user_id):
            if self._rows.expected(user_id) > self._index.count(user_id):
                _log.warning("Part of a user's search index was missing: it is rebuilt from the journal. Nothing is lost.")
                self._start_again(user_id)
            self._verified.add(user_id)

    def _start_again(self, user_id: str) -> None:
        """Discard a user's index file. Chroma keeps its copy, and answers searches meanwhile."""
        self._index.files.delete_user(user_id)
        self._made_again.add(user_name(user_id))
        self._mark_all(user_id)

    def _copy_again(self, user_id: str) -> None:
        """After a file was made again, remove from Chroma what the journal does not have any more."""
        if user_name(user_id) in self._made_again:
            self._mirror.remove_unknown(user_id)
            self._made_again.discard(user_name(user_id))

    def lost_words(self) -> list[str]:
        """Return the users who have indexed turns but no index file."""
        with self._db.read() as connection:
            names = connection.execute(select(users.c.id)).scalars().all()
            missing = [name for name in names if not self._index.files.has(name)]
            indexed = select(turns.c.user_id).where(turns.c.user_id.in_(missing), turns.c.indexed_revision > 0).distinct()
            return list(connection.execute(indexed).scalars()) if missing else []

    def _embed_pictures_again(self, *, replace_all: bool) -> None:
        """Mark all photo memories to be indexed again (there are few); `replace_all` first deletes another model's vectors."""
        with self._db.write() as connection:
            connection.execute(update(memories).where(memories.c.kind == "photo").values(indexed_revision=0))
            names = list(connection.execute(select(users.c.id)).scalars())
        for user_id in names if replace_all else ():
            self._chroma.delete_collection(user_id, PICTURE)
        self._missed = False
        self._mark()

    def _mark(self) -> None:
        # Without a picture embedder the existing vectors stay, since it may be back at the next start.
        self._held = self._pictures.made_by or self._held
        marker_file.write(self._marker, Made(self._embedder.name, self._held, self._missed))

    def _run_batch(self, user_id: str, *, pictures: bool) -> tuple[int, bool]:
        """Index one batch of rows; returns the number of rows, and whether there may be more."""
        # The lock is released between batches, so that others wait for one batch at most.
        done = True
        with self._lock_of(user_id):
            batch = self._changed.next(user_id, pictures=pictures)
            if batch.said or batch.known or batch.gone:
                made = [of_turn(row, batch.placed[row.id]) for row in batch.said]
                made += [[one] if (one := of_memory(row)) else [] for row in batch.known]
                done = self._project(user_id, batch, made)
                self._project_pictures(user_id, [row for row in batch.known if row.kind == "photo"])
                self._changed.note(batch.said, batch.known)
        return len(batch.said) + len(batch.known) + len(batch.gone), batch.more or not done

    def _project(self, user_id: str, batch: Batch, made: Sequence[Sequence[Indexed]]) -> bool:
        """Write a batch to the index; returns whether it is there, and has not to be read again."""
        rows = [*batch.said, *batch.known]
        gone = [*batch.gone, *(row.id for row, entries in zip(rows, made, strict=True) if not entries)]
        return self._index.apply(user_id, gone, self._embedded([one for entries in made for one in entries]), batch.move)

    def _embedded(self, made: Sequence[Indexed]) -> list[Entry]:
        kept = embedded(self._embedder, made) if made else []
        return [replace(one.entry, kept=its) for one, its in zip(made, kept, strict=True)]

    def _project_pictures(self, user_id: str, rows: Sequence[Row[Any]]) -> None:
        if rows:
            self._pictures.remove(user_id, [row.id for row in rows if not is_shown(row)])
            seen = [to_record(row) for row in rows if is_shown(row)]
            self._pictures.put(user_id, [one for one in seen if isinstance(one, PhotoMemory)])
            if seen and self._pictures.made_by is None and not self._missed:
                # The weights are missing or broken: these photos are embedded once a picture embedder works.
                self._missed = True
                self._mark()
