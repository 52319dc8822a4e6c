"""From the journal to the indexes: whatever changed is embedded and upserted; doing it twice changes nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, Table, func, literal, select, update

from memory.chroma import ChromaStore, Document
from memory.clock import zone_of
from memory.database import Database
from memory.embedders import Embedder
from memory.errors import StorageError
from memory.knowledge import to_record
from memory.lexical import Entry, LexicalIndex
from memory.named_time import named_period
from memory.picture_index import KIND, PictureIndex
from memory.reading import keep
from memory.records import SPOKEN, PhotoMemory
from memory.schema import memories, turns, users
from memory.signals import sentences, split_speaker, traits_of

_log = logging.getLogger(__name__)
_BATCH = 64
NOW, PAST = "semantic", "past"
"""Collections of facts: what holds, and what a newer one made untrue."""
_FACETS = ("content", "keywords")
_HAPPENS = ("semantic", "episodic")
"""Kinds that may tell of something at a time of its own."""
_LAYOUT = 6
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


@dataclass(frozen=True)
class _FoundBy:
    """An entry, and the documents (their ids) whose reading is kept beside it."""

    entry: Entry
    whole: str
    before: str | None = None


@dataclass
class _Batch:
    """What one batch of rows means for one collection."""

    put: list[Document] = field(default_factory=list)
    found_by: list[_FoundBy] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)


class Projection:
    """Keeps Chroma and the full-text index as the journal says.

    Args:
        database: The journal's database.
        chroma: The vectors.
        lexical: The words.
        embedder: Makes the vectors.
        pictures: Vectors of what was seen.
        marker: A file beside the vectors that says which embedder made them; lost with them.
    """

    def __init__(
        self,
        database: Database,
        chroma: ChromaStore,
        lexical: LexicalIndex,
        embedder: Embedder,
        pictures: PictureIndex,
        marker: Path,
    ) -> None:
        self._db = database
        self._chroma = chroma
        self._lexical = lexical
        self._embedder = embedder
        self._pictures = pictures
        self._marker = marker
        self._held: str | None = None
        self._missed = False
        self._verified: set[str] = set()
        self._lock = threading.Lock()

    def check(self) -> None:
        """Compare the marker with the embedder; where the index is gone, have everything indexed anew.

        Raises:
            StorageError: Another embedder made the vectors.
        """
        there = is_of_today(self._marker)
        if there:
            self._check_embedder()
        if not there or self.lost_words():
            with self._db.read() as connection:
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

    def _check_embedder(self) -> None:
        made_by = json.loads(self._marker.read_text()).get("embedder")
        if made_by != self._embedder.name:
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
        said_by: float | None = None,
    ) -> int:
        """Index what changed of one user since the last run; returns how many rows.

        Args:
            user_id: Whose rows.
            on_progress: Called with the number of rows done after each batch.
            pictures: Off: leave out what was seen, which takes an image tower's time: a reply does not wait for that.
            said_by: Do nothing where all that waits was said after this (seconds since 1970); None: whenever it was said.
        """
        self._verify(user_id)
        if said_by is not None and not self._waits(user_id, said_by, pictures=pictures):
            return 0
        total = 0
        for table in (turns, memories):
            rows = _BATCH
            while rows == _BATCH:
                rows = self._run_batch(table, user_id, pictures=pictures)
                total += rows
                if rows and on_progress is not None:
                    on_progress(rows)
        return total

    def waiting(self, user_id: str) -> int:
        """Return how many of a user's rows are not indexed yet."""
        with self._db.read() as connection:
            return sum(connection.execute(_waiting(table, user_id, func.count())).scalar_one() for table in (turns, memories))

    def _waits(self, user_id: str, said_by: float, *, pictures: bool) -> bool:
        """Say whether something is to be indexed that was said by then, or that has to leave the index."""
        instant = datetime.fromtimestamp(said_by, UTC)
        with self._db.read() as connection:
            for table in (turns, memories):
                # Whatever was indexed before and has changed since must not be found as it was.
                old = (table.c.at <= instant) | (table.c.indexed_revision != 0)
                query = _waiting(table, user_id, literal(1)).where(old)
                if table is memories and not pictures:
                    query = query.where(memories.c.kind != "photo")
                if connection.execute(query.limit(1)).first() is not None:
                    return True
        return False

    def behind(self) -> list[str]:
        """Return the users of whom something was seen that is not indexed yet."""
        seen = (memories.c.kind == "photo") & (memories.c.revision != memories.c.indexed_revision)
        query = select(memories.c.user_id).where(seen).distinct()
        with self._db.read() as connection:
            return list(connection.execute(query).scalars())

    def delete_user(self, user_id: str) -> None:
        """Empty both indexes of a user, after any run that is under way."""
        with self._lock:
            self._verified.discard(user_id)
            self._chroma.delete_user(user_id)
            self._lexical.delete_user(user_id)

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

        return sum(self.run(user_id, _count) for user_id in names)

    @contextmanager
    def starting_anew(self) -> Iterator[None]:
        """Hold every run while the indexes are emptied; afterwards all rows wait to be indexed."""
        with self._lock:
            yield
            self._mark_all()

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
        if user_id in self._verified:
            return
        with self._lock:
            with self._db.read() as connection:
                expected = sum(connection.execute(query).scalar_one() for query in _indexed(user_id))
            if expected > self._lexical.count(user_id):
                _log.warning("A part of somebody's search index was gone: it is made anew from the journal. Nothing is lost.")
                self._lexical.delete_user(user_id)
                self._mark_all(user_id)
            self._verified.add(user_id)

    def lost_words(self) -> bool:
        """Say whether the full text of somebody is gone who has indexed turns."""
        with self._db.read() as connection:
            names = connection.execute(select(users.c.id)).scalars().all()
            missing = [name for name in names if not self._lexical.has(name)]
            indexed = select(turns.c.id).where(turns.c.user_id.in_(missing), turns.c.indexed_revision > 0).limit(1)
            return bool(missing) and connection.execute(indexed).first() is not None

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

    def _run_batch(self, table: Table, user_id: str, *, pictures: bool) -> int:
        # The lock is let go of between batches: who waits for it waits for one.
        with self._lock:
            rows = self._changed(table, user_id, pictures=pictures)
            if rows:
                self._project(table, user_id, rows)
        return len(rows)

    def _changed(self, table: Table, user_id: str, *, pictures: bool) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.user_id == user_id, table.c.revision != table.c.indexed_revision)
        if table is memories and not pictures:
            query = query.where(memories.c.kind != "photo")
        # In this order only one index has them: without it SQLite takes another and reads every row of the user.
        with self._db.read() as connection:
            return connection.execute(query.order_by(table.c.indexed_revision).limit(_BATCH)).all()

    def _before(self, rows: Sequence[Row[Any]]) -> dict[tuple[int, int], Row[Any]]:
        """Return the spoken turns that stand before these of one user, by session and place."""
        query = (
            select(turns.c.session, turns.c.seq, turns.c.text, turns.c.reply)
            .where(
                turns.c.user_id == rows[0].user_id, turns.c.seq.in_([row.seq - 1 for row in rows]), turns.c.state.in_(SPOKEN)
            )
            .where(turns.c.held.is_(None))
        )
        with self._db.read() as connection:
            return {(row.session, row.seq): row for row in connection.execute(query)}  # type: ignore[misc] # the stubs name a Row in two ways

    def _project(self, table: Table, user_id: str, rows: Sequence[Row[Any]]) -> None:
        batches: dict[str, _Batch] = {}
        before = self._before(rows) if table is turns else {}
        for row in rows:
            if table is turns:
                _add_turn(batches.setdefault("turn", _Batch()), row, before.get((row.session, row.seq - 1)))
            else:
                _add_memory(batches.setdefault(_kind_of(row), _Batch()), row)
        self._leave_the_other(user_id, [row for row in rows if table is memories and row.kind == "semantic"])
        for kind, batch in batches.items():
            if kind == "turn":
                self._chroma.remove(user_id, kind, batch.remove)
            else:
                self._chroma.remove_documents(user_id, kind, [f"{name}/{facet}" for name in batch.remove for facet in _FACETS])
            self._lexical.remove(user_id, batch.remove)
            if batch.put:
                readings = self._embedder.read([document.text for document in batch.put])
                by_id = {document.id: reading for document, reading in zip(batch.put, readings, strict=True)}
                self._chroma.put(user_id, kind, batch.put, np.stack([reading.vector for reading in readings]))
                kept = [keep(by_id[entry.whole], by_id.get(entry.before or "")) for entry in batch.found_by]
                entries = [replace(entry.entry, kept=one) for entry, one in zip(batch.found_by, kept, strict=True)]
                self._lexical.put(user_id, entries)
        self._project_pictures(user_id, [row for row in rows if table is memories and row.kind == "photo"])
        with self._db.write() as connection:
            for row in rows:
                connection.execute(update(table).where(table.c.id == row.id).values(indexed_revision=row.revision))

    def _leave_the_other(self, user_id: str, rows: Sequence[Row[Any]]) -> None:
        """Take facts that became untrue, or true again, out of the collection where they were."""
        for kind, other in ((NOW, PAST), (PAST, NOW)):
            moved = [row.id for row in rows if _kind_of(row) == kind and row.revision > 1]
            self._chroma.remove_documents(user_id, other, [f"{name}/{facet}" for name in moved for facet in _FACETS])

    def _project_pictures(self, user_id: str, rows: Sequence[Row[Any]]) -> None:
        if rows:
            self._pictures.remove(user_id, [row.id for row in rows if not _is_shown(row)])
            seen = [to_record(row) for row in rows if _is_shown(row)]
            self._pictures.put(user_id, [one for one in seen if isinstance(one, PhotoMemory)])
            if seen and self._pictures.made_by is None and not self._missed:
                # There are no weights, or they turned out to be broken: these are looked at when something can.
                self._missed = True
                self._mark()


def _waiting(table: Table, user_id: str, what: ColumnElement[Any]) -> Select[Any]:
    return select(what).select_from(table).where(table.c.user_id == user_id, table.c.revision != table.c.indexed_revision)


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


def _is_shown(row: Row[Any]) -> bool:
    return row.hidden_at is None and row.held is None


def _add_turn(batch: _Batch, row: Row[Any], before: Row[Any] | None) -> None:
    """Index a turn by itself, by its sentences, and with the turn before it, without the names of who speaks."""
    if row.state not in SPOKEN or row.held is not None:
        batch.remove.append(row.id)
        return
    if row.indexed_revision:
        # Without the turn before it, which may have been forgotten, it has fewer documents than it had.
        batch.remove.append(row.id)
    at = row.at.timestamp()
    speaker, body = split_speaker(row.text)
    earlier = [part for part in (split_speaker(before.text)[1], before.reply) if part] if before is not None else []
    around = "\n".join([*earlier, body])
    facets = [("turn", body or "(picture)")]
    if speaker:
        facets.append(("whole", row.text))
    if earlier:
        facets.append(("before", around))
    parts = sentences(body)
    if len(parts) > 1:
        facets += [("sentence", part) for part in parts]
    documents = [Document(f"{row.id}/{facet}-{number}", row.id, facet, at, text) for number, (facet, text) in enumerate(facets)]
    batch.put += documents
    ids = {document.facet: document.id for document in documents}
    traits = traits_of(row.text, session=row.session, seq=row.seq, before=earlier[-1] if earlier else None)
    entry = Entry(row.id, "turn", at, f"{row.text}\n{row.reply}", f"{around}\n{row.reply}", traits)
    batch.found_by.append(_FoundBy(entry, ids["turn"], ids.get("before")))


def _kind_of(row: Row[Any]) -> str:
    """Name the collection of a memory: what is no longer true has one of its own."""
    return PAST if row.kind == NOW and row.superseded_by is not None else str(row.kind)


def _add_memory(batch: _Batch, row: Row[Any]) -> None:
    if not _is_shown(row) or row.same_as is not None:
        batch.remove.append(row.id)
        return
    at = row.at.timestamp()
    text = f"{row.key}: {row.text}" if row.key is not None else row.text
    words = ", ".join(row.keywords)
    batch.put.append(Document(f"{row.id}/content", row.id, "content", at, text))
    if words:
        batch.put.append(Document(f"{row.id}/keywords", row.id, "keywords", at, words))
    happened = named_period(text, row.at.astimezone(zone_of(row.zone)), "current_period") if row.kind in _HAPPENS else None
    entry = Entry(row.id, _kind_of(row), at, f"{text}\n{words}", happened=happened)
    batch.found_by.append(_FoundBy(entry, f"{row.id}/content"))
