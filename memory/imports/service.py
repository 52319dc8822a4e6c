"""Imports: begun, written to their end whatever happens, listed, and undone as a whole."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, func, insert, select, update

from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import SPOKEN, Turn
from memory.core.validation import check_user, user_name
from memory.imports import facts, full_disk, undoing, writing
from memory.imports.foreseeing import Foreseen, compare, foresee, left_out
from memory.imports.lines import Import, ImportedLine, ReadingDepth, Source
from memory.imports.reading import Reading, no_import
from memory.imports.reasons import BAD_PICTURES, PICTURES_ALONE
from memory.imports.staging import StagedLine, Staging
from memory.index.entries import Depth
from memory.photos.image_file import read_picture
from memory.photos.store import PhotoStore
from memory.storage import session_rows, user_rows
from memory.storage.engine import Database
from memory.storage.one_at_a_time import OneAtATime
from memory.storage.schema import imports, turns
from memory.storage.turn_rows import SAID, to_turn

if TYPE_CHECKING:
    from memory.forgetting.purge import Purger
    from memory.index.indexer import Indexer
    from memory.storage.leases import Leases
    from memory.stores.items import Items

_log = logging.getLogger(__name__)
_BATCH_TURNS = 256
_CHROMA_BATCH_ENTRIES = 48
"""As in `memory.memory`."""
_BATCH_LINES = 500
"""Lines of one transaction, during which no message can be written."""


class Imports:
    """The imports of all users.

    Args:
        database: The journal's database.
        photos: Stores the pictures.
        folder: The folder for lines that are not in the journal yet.
        marker: As in `memory.stores.arrivals`.
        indexer: Indexes what is written.
        purger: Rewrites the files of users without deleted data.
        leases: The leases of this process; None: no other process uses the journal.

    Attributes:
        reading: Pauses the model's reading of an import.
    """

    def __init__(
        self,
        database: Database,
        photos: PhotoStore,
        folder: Path,
        marker: Marker | None,
        indexer: Indexer,
        purger: Purger,
        leases: Leases | None = None,
    ) -> None:
        self._indexer = indexer
        self._purger = purger
        self._db = database
        self.reading = Reading(database)
        self._photos = photos
        self._folder = folder
        self._marker = marker
        self._alone = OneAtATime(leases, "import")
        self._begun: set[str] = set()

    @full_disk.told(full_disk.NOTHING_WRITTEN)
    def begin(self, user_id: str, source: Source, lines: Iterable[ImportedLine], depth: ReadingDepth) -> Import:
        """Read a source to its end, and note the import in the journal. Nothing is written before all lines are read.

        Args:
            user_id: The user whose history it is.
            source: What is imported.
            lines: The lines, in any order.
            depth: How much of it the model reads.

        Raises:
            InvalidInput: The source or the user's name is not valid, or it is here already with other times or with another
                one as the person. Nothing was written.
        """
        user_id = check_user(user_id)
        name = _new_id()
        staging = Staging(self._path(name))
        try:
            staging.fill(lines)
            counts = compare(self._db, user_id, staging)
            skipped = {**source.skipped(), **left_out(counts)}
            row = {
                "user_id": user_id, "id": name, "format": source.format, "name": source.name, "at": clock.instant(),
                "state": "writing", "depth": depth, "conversations": source.conversations(), "messages": source.messages(),
                "added": 0, "skipped": skipped, "first": counts.first, "last": counts.last,
                "progress": asdict(writing.Progress()),
            }  # fmt: skip
            _check_any(counts.lines or source.messages(), "message of a person")
            self._begun.add(name)
            with self._db.write(user_id) as connection:
                connection.execute(insert(imports).values(row))
        except BaseException:
            staging.remove()
            raise
        staging.close()
        return self.get(user_id, name)

    @full_disk.told(full_disk.GOES_ON)
    def write(self, user_id: str, import_id: str, on_progress: Callable[[int], None] | None = None) -> Import:
        """Write an import to its end, in batches; after an interruption it goes on where it was.

        Args:
            user_id: The user.
            import_id: The import.
            on_progress: Called with the number of messages after each batch.

        Returns:
            The import. One that added nothing has no id, and is not noted any more: there is nothing to undo.

        Raises:
            NotFound: There is no such import.
        """
        try:
            with self._alone.going_on(user_id):
                return self._write(user_id, import_id, on_progress)
        except NotFound:
            Staging(self._path(import_id)).remove()
            raise
        finally:
            self._begun.discard(import_id)

    def _write(self, user_id: str, import_id: str, on_progress: Callable[[int], None] | None) -> Import:
        row = self._row(user_id, import_id)
        if row.state != "writing":
            return self.get(user_id, import_id)
        if not self._path(import_id).is_file():
            # A person removed the file: what is written stays.
            return self._finish(row, {})
        with Staging(self._path(import_id)) as staging:
            self._indexer.imported.add_words(row.user_id)
            done = writing.Progress(**row.progress)
            to = writing.Target(row.user_id, row.id, row.depth, self._marker)
            for batch in staging.batches(_BATCH_LINES, skip=done.lines):
                shown, unread = self._pictures(row.user_id, staging, batch)
                alone = sum(line.messages for line, ids in zip(batch, shown, strict=True) if writing.says_nothing(line, ids))
                done = replace(done, bad_pictures=done.bad_pictures + unread, pictures_alone=done.pictures_alone + alone)
                topics = [self._marker.judge(line.text) if self._marker else None for line in batch]
                with self._db.write(row.user_id) as connection:
                    done = writing.write(connection, to, batch, shown, topics, done)
                    noted = connection.execute(_this(row).values(progress=asdict(done), added=done.turns))
                    _check_there(noted.rowcount, import_id)
                self._indexer.imported.add_words(row.user_id)
                if on_progress is not None:
                    on_progress(sum(line.messages for line in batch))
            row = self._row(user_id, import_id)
            counts = {BAD_PICTURES: done.bad_pictures, PICTURES_ALONE: done.pictures_alone}
            finished = self._finish(row, {reason: count for reason, count in counts.items() if count})
            staging.remove()
        return finished

    @full_disk.told(full_disk.AGAIN)
    def add_facts(self, user_id: str, source: Source, noted: Iterable[tuple[str, datetime | None]], items: Items) -> Import:
        """Import a list of what another program remembered.

        Args:
            user_id: The user whose memories they are.
            source: What is imported.
            noted: (words, time) pairs.
            items: Stores facts that have no message.

        Raises:
            InvalidInput: The source or the user's name is not valid, or there is nothing in it. Nothing was written.
        """
        user_id, name, at = check_user(user_id), _new_id(), clock.instant()
        read = list(noted)
        _check_any(len(read), "memory")
        added, not_added = facts.store(items, user_id, source.format, read)
        times = [time for _, time in read if time is not None]
        row = {
            "user_id": user_id, "id": name, "format": source.format, "name": source.name, "at": at, "state": "done",
            "depth": "none", "conversations": 0, "messages": len(read), "added": len(added),
            "skipped": {**source.skipped(), **not_added}, "first": min(times, default=None), "last": max(times, default=None),
            "progress": {"facts": added},
        }  # fmt: skip
        if not added:
            return _not_noted(row)
        with self._db.write(user_id) as connection:
            user_rows.ensure(connection, user_id)
            connection.execute(insert(imports).values(row))
        self._indexer.run(user_id)
        return self.get(user_id, name)

    def foresee(self, user_id: str, lines: Iterable[ImportedLine]) -> Foreseen:
        """Return what an import would do, and write nothing; see `foreseeing`."""
        return foresee(self._db, user_id, lines)

    def waiting(self, user_id: str, import_id: str) -> int:
        """Return how many turns of an import are pending approval."""
        mine = (turns.c.user_id == user_name(user_id)) & (turns.c.import_id == import_id)
        query = select(func.count()).select_from(turns).where(mine, turns.c.held.is_not(None), turns.c.state.in_(SPOKEN))
        with self._db.glance() as connection:
            return int(connection.execute(query).scalar_one())

    def resume(self) -> list[Import]:
        """Write or remove, to their end, the imports that a program's end interrupted; return those that were written."""
        written = []
        for user_id, import_id, state in self.unfinished():
            is_here = state == "undoing" or self._path(import_id).is_file()
            if self._alone.is_left_to_others(user_id, is_here=is_here):
                continue
            if state == "undoing":
                self.undo(user_id, import_id)
            else:
                written.append(self.write(user_id, import_id).model_copy(update={"id": import_id}))
        return written

    @full_disk.told(full_disk.GOES_ON)
    def deepen(self, user_id: str, most: int = _BATCH_TURNS) -> int:
        """Embed more of up to `most` imported turns, or copy as many to Chroma; return how many turns that were.

        Each gets one vector before any gets all; Chroma, which no reply needs, comes last.
        """
        done = 0
        for depth in (Depth.CONTENT, Depth.WHOLE):
            done = done or self._indexer.imported.deepen(user_id, depth, most)
        return done or self._indexer.mirror(user_id, at_least=_CHROMA_BATCH_ENTRIES, most=most)

    def shallow(self, user_id: str) -> tuple[int, int]:
        """Return how many imported turns are found by their words alone, and how many have one vector so far."""
        return self._indexer.imported.shallow(user_id)

    def unfinished(self) -> list[tuple[str, str, str]]:
        """Return (user, import, state) of the imports that are not written, or not removed, to their end.

        Imports that this process has begun are left to their own threads.
        """
        query = select(imports.c.user_id, imports.c.id, imports.c.state).where(imports.c.state != "done")
        with self._db.glance() as connection:
            rows = connection.execute(query).all()
        return [(row.user_id, row.id, row.state) for row in rows if row.id not in self._begun]

    def reads_sessions(self, user_id: str, session: int) -> bool:
        """Return whether a session is of an import whose conversations are summarised, and no more."""
        of_session = (turns.c.user_id == user_name(user_id)) & (turns.c.session == session)
        of_import = (imports.c.user_id == turns.c.user_id) & (imports.c.id == turns.c.import_id)
        query = select(imports.c.depth).join(turns, of_import).where(of_session).limit(1)
        with self._db.glance() as connection:
            return connection.execute(query).scalar() == "sessions"

    def newest_turns(self, user_id: str, import_id: str, limit: int) -> list[Turn]:
        """Return the newest turns of an import that the user said, oldest first."""
        mine = (turns.c.user_id == user_name(user_id)) & (turns.c.import_id == import_id) & turns.c.by_other.is_(False)
        open_ = turns.c.state.in_(SPOKEN) & turns.c.held.is_(None)
        query = select(*SAID).where(mine, open_).order_by(turns.c.at.desc(), turns.c.seq.desc()).limit(limit)
        with self._db.glance() as connection:
            return [to_turn(row) for row in reversed(connection.execute(query).all())]

    def sweep(self) -> None:
        """Remove the files of imports that a killed process had not noted in the journal.

        No other process may use the folder meanwhile.
        """
        known = {f"{import_id}.db" for _, import_id, _ in self.unfinished()}
        for path in self._folder.glob("imp_*.db*"):
            if not path.name.startswith(tuple(known) or ("\0",)):
                path.unlink(missing_ok=True)

    def users(self) -> list[str]:
        """Return the users who have imports."""
        return self.reading.users()

    def user_of(self, import_id: str) -> str:
        """Return whose import it is, or raise NotFound."""
        with self._db.glance() as connection:
            found = connection.execute(select(imports.c.user_id).where(imports.c.id == import_id)).scalar()
        if found is None:
            raise no_import(import_id)
        return str(found)

    def of(self, user_id: str) -> list[Import]:
        """Return a user's imports, newest first."""
        return self.reading.of(user_id)

    def get(self, user_id: str, import_id: str) -> Import:
        """Return one import, or raise NotFound."""
        return self.reading.get(user_id, import_id)

    def undo(self, user_id: str, import_id: str) -> dict[str, int]:
        """Remove an import with everything that was made from it, for good, from every store and every file.

        It is no forgetting: the same file can be imported again. What was forgotten of it before cannot be restored any more,
        and does not come back with the file.

        Returns:
            How many messages, memories and pictures were left and are removed.

        Raises:
            NotFound: There is no such import.
        """
        with self._alone.going_on(user_id):
            row = self._row(user_id, import_id)
            with self._db.write(row.user_id) as connection:
                connection.execute(_this(row).values(state="undoing"))
            with suppress(FileNotFoundError):
                Staging(self._path(import_id)).remove()
            this = (row.user_id, import_id, row.progress.get("facts", ()))
            self._purger.purge_of(row.user_id, lambda connection: undoing.gone(connection, *this).ids)
            with self._db.write(row.user_id) as connection:
                gone = undoing.remove(connection, *this)
            for photo_id in gone.photos:
                self._photos.discard(row.user_id, photo_id)
            self._indexer.remove(row.user_id, [*gone.turns, *gone.memories])
            self._indexer.run(row.user_id)
            self._indexer.mirror(row.user_id)
            self._purger.compact([row.user_id])
        return gone.visible

    def _pictures(self, user_id: str, staging: Staging, lines: list[StagedLine]) -> tuple[list[list[str]], int]:
        """Store the pictures of some lines; returns the ids for each line, and how many cannot be read."""
        shown: list[list[str]] = []
        bad = 0
        pictured = staging.has_pictures
        for line in lines:
            ids = []
            for data in staging.pictures(line.number) if pictured else ():
                try:
                    picture = read_picture(data)
                except InvalidInput:
                    bad += 1
                    continue
                self._photos.keep(user_id, picture)
                ids.append(picture.photo.id)
            shown.append(list(dict.fromkeys(ids)))
        return shown, bad

    def _finish(self, row: Row[Any], more: dict[str, int]) -> Import:
        skipped = {**row.skipped, **more}
        with self._db.write(row.user_id) as connection:
            if row.last is not None:
                session_rows.end_passed(connection, row.user_id, row.last)
            if row.depth == "sessions" and row.added:
                writing.queue_sets(connection, row.user_id, row.id)
            connection.execute(_this(row).values(state="done", skipped=skipped))
            if not row.added:
                # There is nothing to undo.
                connection.execute(delete(imports).where(imports.c.user_id == row.user_id, imports.c.id == row.id))
        return self.get(row.user_id, row.id) if row.added else _not_noted({**row._asdict(), "skipped": skipped})

    def _row(self, user_id: str, import_id: str) -> Row[Any]:
        mine = (imports.c.user_id == user_name(user_id)) & (imports.c.id == import_id)
        with self._db.glance() as connection:
            row = connection.execute(select(imports).where(mine)).first()
        if row is None:
            raise no_import(import_id)
        return row

    def _path(self, import_id: str) -> Path:
        return self._folder / f"{import_id}.db"


def _new_id() -> str:
    return f"imp_{uuid.uuid4().hex[:16]}"


def _check_any(number: int, what: str) -> None:
    if not number:
        raise InvalidInput(f"There is no {what} in it. Nothing was written.")


def _check_there(rows: int, import_id: str) -> None:
    """Raise NotFound if the import is gone: its person was deleted while it was written, and must not come back."""
    if not rows:
        raise NotFound(f"The import {import_id} is gone, with the person whose history it was.")


def _this(row: Row[Any]) -> Any:
    return update(imports).where(imports.c.user_id == row.user_id, imports.c.id == row.id)


def _not_noted(row: Mapping[str, Any]) -> Import:
    """Return an import that added nothing: it has no id, because nothing of it can be undone."""
    noted = {name: row[name] for name in Import.model_fields if name in row}
    return Import(**{**noted, "id": "", "state": "done"})
