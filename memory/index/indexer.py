"""From the journal to the indexes: whatever changed is embedded and upserted; doing it twice changes nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Exists, Row, Select, Table, Update, bindparam, exists, func, select, update

from memory.core.errors import StorageError
from memory.core.records import SPOKEN, PhotoMemory
from memory.core.validation import user_name
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import keep
from memory.index.chroma import ChromaStore
from memory.index.chroma_mirror import ChromaMirror
from memory.index.documents import Indexed, is_shown, of_memory, of_turn, places
from memory.index.photo_index import KIND, PhotoIndex
from memory.index.search_index import SearchIndex
from memory.storage.engine import Database
from memory.storage.memory_rows import to_record
from memory.storage.schema import memories, turns, users

_log = logging.getLogger(__name__)
_BATCH = 64
_LAYOUT = 10
"""Of the indexes; one of another layout is thrown away and made anew."""


def is_of_today(marker: Path) -> bool:
    """Say whether the indexes beside this marker are there, and laid out as this program does it.

    Raises:
        StorageError: A newer program made them.
    """
    try:
        layout = json.loads(marker.read_text())["layout"]
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return False
    except OSError as error:
        raise StorageError(
            f"{marker} cannot be read ({error.strerror}). Let this user read and write the data folder."
        ) from error
    if isinstance(layout, int) and layout > _LAYOUT:
        raise StorageError(
            f"The memory index was made by a newer version of this program (layout {layout}). Update the program; or let "
            "`persona reindex` make it anew for this one, from the journal. Nothing was changed."
        )
    return bool(layout == _LAYOUT)


class Indexer:
    """Keeps the index of each user, and Chroma behind it, as the journal says.

    Args:
        database: The journal's database.
        chroma: Vectors with their documents.
        index: What looks go to.
        embedder: Makes the vectors.
        pictures: Vectors of what was seen.
        marker: A file beside the vectors that says which embedder made them; lost with them.
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
        self._embedder = embedder
        self._pictures = pictures
        self._marker = marker
        self._held: str | None = None
        self._missed = False
        self._verified: set[str] = set()
        self._guard = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}

    def check(self) -> None:
        """Compare the marker with the embedder; where the index is gone, have everything indexed anew.

        Raises:
            StorageError: Another embedder made the vectors.
        """
        there = is_of_today(self._marker)
        if there and not self._is_of_this_embedder():
            # Nothing was indexed yet, so there is no vector of the other embedder.
            with self._db.read() as connection:
                names = list(connection.execute(select(users.c.id)).scalars())
            for user_id in names:
                self.delete_user(user_id)
            self._mark_all()
        lost = self.lost_words()
        if not there or lost:
            for user_id in lost:
                # What of it is in Chroma was noted there.
                self._chroma.delete_user(user_id)
            with self._db.glance() as connection:
                said = connection.execute(select(turns.c.id).where(turns.c.state.in_(SPOKEN)).limit(1)).first()
            if said is not None:
                _log.warning(
                    "The search index was gone, damaged, or of an older version: it is made anew from the journal. "
                    "Nothing is lost."
                )
            self._mark_all()
            return
        made = json.loads(self._marker.read_text())
        self._held, self._missed = made.get("pictures"), made.get("missed", False)
        looks = self._pictures.made_by
        if looks is not None and (self._missed or self._held != looks):
            self._look_again(anew=self._held not in {None, looks})

    def _is_of_this_embedder(self) -> bool:
        made_by = json.loads(self._marker.read_text()).get("embedder")
        if made_by == self._embedder.name:
            return True
        with self._db.glance() as connection:
            if not any(connection.execute(query).first() for query in _ANY_INDEXED):
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
        """Index what changed of one user since the last run, for looks to find; returns how many rows.

        Args:
            user_id: Whose rows.
            on_progress: Called with the number of rows done after each batch.
            pictures: Off: leave out what was seen, which takes an image tower's time: a reply does not wait for that.
            shown: Do nothing where all that waits are these turns and what was made of them; None: whatever waits.
        """
        self._verify(user_id)
        if shown is not None and not self._waits(user_id, shown, pictures=pictures):
            return 0
        total, more = 0, True
        while more:
            rows, more = self._run_batch(user_id, pictures=pictures)
            total += rows
            if rows and on_progress is not None:
                on_progress(rows)
        return total

    def mirror(self, user_id: str, *, at_least: int = 1) -> int:
        """Bring Chroma up to what was indexed of one user, once so many entries have changed; returns how many."""
        if self._mirror.waiting(user_id) < at_least:
            return 0
        total, more = 0, True
        while more:
            # One thread at a time: what is sent later must not be older, and a deleted user's must not come back.
            with self._lock_of(user_id):
                sent = self._mirror.run(user_id)
            total, more = total + sent, sent > 0
        return total

    def _waits(self, user_id: str, shown: AbstractSet[str], *, pictures: bool) -> bool:
        given = {"user": user_id, "shown": sorted(shown)}
        with self._db.glance() as connection:
            return connection.execute(_WAITS if pictures else _WAITS_BUT_PICTURES, given).first() is not None

    def behind(self) -> list[str]:
        """Return the users of whom something was seen that is not indexed yet."""
        seen = (memories.c.kind == "photo") & (memories.c.revision != memories.c.indexed_revision)
        query = select(memories.c.user_id).where(seen).distinct()
        with self._db.glance() as connection:
            return list(connection.execute(query).scalars())

    def delete_user(self, user_id: str) -> None:
        """Empty both indexes of a user, after any run that is under way."""
        with self._lock_of(user_id):
            self._verified.discard(user_name(user_id))
            self._chroma.delete_user(user_id)
            self._index.files.delete_user(user_id)

    def rebuild(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Delete both indexes and make them again from the journal; returns how many rows.

        Args:
            on_progress: Called with (rows done, rows in all).
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
    def starting_anew(self) -> Iterator[None]:
        """Hold every run while the indexes are emptied; afterwards all rows wait to be indexed."""
        with self._guard, ExitStack() as held:
            for lock in self._locks.values():
                held.enter_context(lock)
            yield
            self._mark_all()

    def _lock_of(self, user_id: str) -> threading.RLock:
        with self._guard:
            return self._locks.setdefault(user_name(user_id), threading.RLock())

    def _mark_all(self, user_id: str | None = None) -> None:
        said = update(turns).where(turns.c.state.in_(SPOKEN)).values(indexed_revision=0)
        known = update(memories).values(indexed_revision=0)
        if user_id is not None:
            said, known = said.where(turns.c.user_id == user_id), known.where(memories.c.user_id == user_id)
        with self._db.write() as connection:
            connection.execute(said)
            connection.execute(known)
        self._mark()

    def _verify(self, user_id: str) -> None:
        """Compare, once for each user, how much full text there is with how much there must be.

        After a power cut the last of it may be missing, and no file tells: it is not written as safely as the journal.
        """
        user_id = user_name(user_id)
        if user_id in self._verified:
            return
        with self._lock_of(user_id):
            with self._db.read() as connection:
                expected = sum(connection.execute(query).scalar_one() for query in _indexed(user_id))
            if expected > self._index.count(user_id):
                _log.warning("A part of somebody's search index was gone: it is made anew from the journal. Nothing is lost.")
                self._index.files.delete_user(user_id)
                self._chroma.delete_user(user_id)
                self._mark_all(user_id)
            self._verified.add(user_id)

    def lost_words(self) -> list[str]:
        """Return who has indexed turns, and no index."""
        with self._db.read() as connection:
            names = connection.execute(select(users.c.id)).scalars().all()
            missing = [name for name in names if not self._index.files.has(name)]
            indexed = select(turns.c.user_id).where(turns.c.user_id.in_(missing), turns.c.indexed_revision > 0).distinct()
            return list(connection.execute(indexed).scalars()) if missing else []

    def _look_again(self, *, anew: bool) -> None:
        """Have what was seen embedded that was not yet, or all of it anew: by another model. There are few pictures."""
        with self._db.write() as connection:
            connection.execute(update(memories).where(memories.c.kind == "photo").values(indexed_revision=0))
            names = list(connection.execute(select(users.c.id)).scalars())
        for user_id in names if anew else ():
            self._chroma.delete_collection(user_id, KIND)
        self._missed = False
        self._mark()

    def _mark(self) -> None:
        # Without anything that looks, the vectors that are there stay: it may be back at the next start.
        self._held = self._pictures.made_by or self._held
        self._marker.parent.mkdir(parents=True, exist_ok=True)
        made = {"embedder": self._embedder.name, "pictures": self._held, "missed": self._missed, "layout": _LAYOUT}
        self._marker.write_text(json.dumps(made))

    def _run_batch(self, user_id: str, *, pictures: bool) -> tuple[int, bool]:
        """Index some rows; returns how many, and whether there may be more."""
        # The lock is let go of between batches: who waits for it waits for one.
        with self._lock_of(user_id):
            with self._db.read() as connection:
                said = connection.execute(_CHANGED_TURNS, {"user": user_id}).all()
                known = connection.execute(_CHANGED if pictures else _CHANGED_TEXT, {"user": user_id}).all()
                placed = places(connection, said)
            if said or known:
                made = [of_turn(row, placed[row.id]) for row in said]
                made += [[one] if (one := of_memory(row)) else [] for row in known]
                self._project(user_id, [*said, *known], made)
                self._project_pictures(user_id, [row for row in known if row.kind == "photo"])
                self._note(said, known)
        return len(said) + len(known), max(len(said), len(known)) == _BATCH

    def _project(self, user_id: str, rows: Sequence[Row[Any]], made: Sequence[Sequence[Indexed]]) -> None:
        self._index.remove(user_id, [row.id for row, entries in zip(rows, made, strict=True) if not entries])
        self._put(user_id, [one for entries in made for one in entries])

    def _note(self, said: Sequence[Row[Any]], known: Sequence[Row[Any]]) -> None:
        with self._db.write() as connection:
            for statement, rows in ((_INDEXED_TURN, said), (_INDEXED, known)):
                if rows:
                    connection.execute(statement, [{"row_id": row.id, "at_revision": row.revision} for row in rows])

    def _put(self, user_id: str, made: Sequence[Indexed]) -> None:
        if made:
            readings = iter(self._embedder.read([text for one in made for _, text in one.texts]))
            kept = [keep([(facet, next(readings)) for facet, _ in one.texts]) for one in made]
            self._index.put(user_id, [replace(one.entry, kept=its) for one, its in zip(made, kept, strict=True)])

    def _project_pictures(self, user_id: str, rows: Sequence[Row[Any]]) -> None:
        if rows:
            self._pictures.remove(user_id, [row.id for row in rows if not is_shown(row)])
            seen = [to_record(row) for row in rows if is_shown(row)]
            self._pictures.put(user_id, [one for one in seen if isinstance(one, PhotoMemory)])
            if seen and self._pictures.made_by is None and not self._missed:
                # There are no weights, or they turned out to be broken: these are looked at when something can.
                self._missed = True
                self._mark()


def _behind(table: Table) -> Select[Any]:
    query = select(table).where(table.c.user_id == bindparam("user"), table.c.revision != table.c.indexed_revision)
    # In this order only one index has them: without it SQLite takes another and reads every row of the user.
    return query.order_by(table.c.indexed_revision).limit(_BATCH)


def _noted(table: Table) -> Update:
    return update(table).where(table.c.id == bindparam("row_id")).values(indexed_revision=bindparam("at_revision"))


def _waiting(table: Table, turn: ColumnElement[str]) -> Exists:
    """Say whether something is to be indexed that is of none of some turns, or that has to leave the index."""
    # Whatever was indexed before and has changed since must not be found as it was.
    wanted = turn.not_in(bindparam("shown", expanding=True)) | (table.c.indexed_revision != 0)
    return exists().where(table.c.user_id == users.c.id, table.c.revision != table.c.indexed_revision, wanted)


_CHANGED_TURNS, _CHANGED = _behind(turns), _behind(memories)
_CHANGED_TEXT = _CHANGED.where(memories.c.kind != "photo")
_INDEXED_TURN, _INDEXED = _noted(turns), _noted(memories)
_ANY_INDEXED = [select(table.c.id).where(table.c.indexed_revision != 0).limit(1) for table in (turns, memories)]
_SAID, _KNOWN = _waiting(turns, turns.c.id), _waiting(memories, memories.c.source)
_WAITS = select(users.c.id).where(users.c.id == bindparam("user"), _SAID | _KNOWN)
_WAITS_BUT_PICTURES = select(users.c.id).where(
    users.c.id == bindparam("user"), _SAID | _KNOWN.where(memories.c.kind != "photo")
)


def _indexed(user_id: str) -> list[Select[Any]]:
    """Count the turns and memories of which there is full text, as the journal has it."""
    said = select(func.count()).where(
        turns.c.user_id == user_id,
        turns.c.state.in_(SPOKEN),
        turns.c.held.is_(None),
        turns.c.revision == turns.c.indexed_revision,
    )
    known = select(func.count()).where(
        memories.c.user_id == user_id, memories.c.hidden_at.is_(None), memories.c.held.is_(None), memories.c.same_as.is_(None),
        memories.c.revision == memories.c.indexed_revision,
    )  # fmt: skip
    return [said, known]
