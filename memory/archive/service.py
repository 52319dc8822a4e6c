"""Export of one user into one file, and import with the same ids, memories and personality."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from memory.archive.row_checks import check
from memory.archive.staging import LEFT_OUT, NAMES, SELDOM, staged
from memory.archive.zip_file import ArchiveReader, ArchiveWriter, cannot_write
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import TurnState
from memory.core.validation import user_name
from memory.photos.image_file import read_picture
from memory.photos.store import PhotoStore
from memory.storage import removed_objects, user_rows
from memory.storage.engine import Database, newest_schema
from memory.storage.schema import memories, metadata, photos, tombstones, turns, users
from memory.storage.tombstones import digest, is_forgotten

_RESET = {"revision": 1, "indexed_revision": 0}
_NOBODY_ANSWERS = {"process_id": None}


class Archives:
    """Exports and imports the users of a data folder.

    Args:
        database: The journal's database.
        pictures: The photo store.
        folder: The data folder.
    """

    def __init__(self, database: Database, pictures: PhotoStore, folder: Path) -> None:
        self._db = database
        self._pictures = pictures
        self._folder = folder
        for left in folder.glob("import-*"):
            # The folder of an interrupted import.
            _remove(left)

    def write(self, user_id: str, file: Path) -> dict[str, int]:
        """Export a user into a new file, which only the file's owner may read; returns the counts.

        The file does not contain forgotten things, even if undo could still restore them.

        Raises:
            NotFound: There is no such user.
            InvalidInput: The file exists already.
            StorageError: The file cannot be written.
        """
        if file.exists():
            raise InvalidInput(f"{file} exists already. Choose another name, or remove it.")
        try:
            with tempfile.NamedTemporaryFile(dir=file.absolute().parent, prefix=f".{file.name[:40]}-", delete=False) as part:
                try:
                    with ArchiveWriter(part) as out:
                        counts, missing = self._written(user_id, out)
                    part.flush()
                    os.fsync(part.fileno())
                    # A link fails if the file was created meanwhile, instead of overwriting it.
                    os.link(part.name, file)
                finally:
                    Path(part.name).unlink(missing_ok=True)
        except FileExistsError as error:
            raise InvalidInput(f"{file} exists already. Choose another name, or remove it.") from error
        except OSError as error:
            raise cannot_write(file, error) from error
        return {"turns": counts["turns"], "memories": counts["memories"], "photos": counts["photos"] - len(missing)}

    def _written(self, user_id: str, out: ArchiveWriter) -> tuple[dict[str, int], list[str]]:
        """Write the entries; returns the number of rows per table, and the ids of photos whose files are lost."""
        missing = []
        with self._db.read() as connection:
            if not user_rows.is_known(connection, user_id):
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows all users.")
            counts = {}
            for name in NAMES:
                rows = _rows(connection, metadata.tables[name], user_id)
                if name in SELDOM:
                    # Left out if empty, as in most archives: older programs refuse an archive with an entry they do not know.
                    first = next(rows, None)
                    if first is None:
                        continue
                    rows = chain([first], rows)
                counts[name] = out.lines(name, rows)
            mine = (photos.c.user_id == user_id) & photos.c.hidden_at.is_(None)
            for photo_id in connection.execute(select(photos.c.id).where(mine)).scalars():
                try:
                    out.picture(photo_id, self._pictures.original(user_id, photo_id))
                except NotFound:
                    missing.append(photo_id)
        made = clock.instant().isoformat()
        out.finish(schema_version=newest_schema(), user=user_id, made_at=made, missing=tuple(missing))
        return counts, missing

    def read(self, file: Path) -> tuple[str, dict[str, int]]:
        """Import an archive, all of it or nothing; returns the user id and the counts.

        Raises:
            InvalidInput: The archive is damaged, hostile or from a newer program, or its user exists already.
            StorageError: The data cannot be written.
        """
        archive = ArchiveReader(file)
        try:
            user_id = user_name(archive.manifest.user)
            with staged(archive, self._folder) as held:
                rows = {name: _staged_rows(held, metadata.tables[name]) for name in NAMES}
                try:
                    seen = check(user_id, rows)
                except InvalidInput as error:
                    raise archive.refused(error.message) from error
                if not archive.pictures() <= set(seen):
                    raise archive.refused("it contains a photo that belongs to no message.")
                if set(seen) - archive.pictures() - set(archive.manifest.missing):
                    raise archive.refused("a photo is missing.")
                given = self._checked_pictures(archive, seen)
                self._take_in(user_id, rows, given)
        finally:
            archive.close()
        return user_id, {"turns": len(rows["turns"]), "memories": len(rows["memories"]), "photos": len(archive.pictures())}

    def _checked_pictures(self, archive: ArchiveReader, seen: list[str]) -> Callable[[], Iterator[tuple[str, bytes, bytes]]]:
        """Check every photo before anything is written; returns a function that yields them again, one at a time."""

        def read() -> Iterator[tuple[str, bytes, bytes]]:
            for photo_id in seen:
                data = archive.picture(photo_id)
                if data is not None:
                    try:
                        kept = read_picture(data)
                        yield photo_id, kept.full, kept.small
                    except InvalidInput as error:
                        raise archive.refused(f"the photo {photo_id[:12]}… cannot be read: {error.message}") from error

        for _ in read():
            pass
        return read

    def _take_in(
        self,
        user_id: str,
        rows: dict[str, list[dict[str, Any]]],
        given: Callable[[], Iterator[tuple[str, bytes, bytes]]],
    ) -> None:
        with self._db.write(user_id) as connection:
            if user_rows.is_known(connection, user_id, hold=True):
                raise InvalidInput(
                    f"There is a user {user_id!r} already, and an archive is not merged into existing data. Run "
                    f"`persona user delete {user_id}` first, or import it into another data folder (PERSONA_DATA_DIR)."
                )
            try:
                before = removed_objects.number(connection)
                self._put(user_id, given)
                for name in NAMES:
                    if rows[name]:
                        connection.execute(insert(metadata.tables[name]), rows[name])
                if removed_objects.number(connection, hold=True) != before:
                    # Another host removed objects without a row meanwhile: perhaps these.
                    self._put(user_id, given)
            except BaseException:
                self._pictures.remove_files(user_id)
                raise

    def _put(self, user_id: str, given: Callable[[], Iterator[tuple[str, bytes, bytes]]]) -> None:
        for photo_id, full, small in given():
            self._pictures.put_files(user_id, photo_id, full, small)


def _rows(connection: Connection, table: Table, user_id: str) -> Iterator[dict[str, Any]]:
    """Yield a user's rows as JSON values, in the order in which they were created, without forgotten ones."""
    mine = select(table).where((table.c.id if table is users else table.c.user_id) == user_id)
    if "hidden_at" in table.c:
        mine = mine.where(table.c.hidden_at.is_(None))
    if table.name == "forgettings":
        mine = mine.where(table.c.receipt.is_not(None))
    if table.name == "refusals":
        # Only steps that are set aside or repeated; for queued work, the count of tries starts again.
        gone = select(turns.c.id).where(turns.c.user_id == user_id, turns.c.state == TurnState.FORGOTTEN)
        mine = mine.where(table.c.at.is_not(None) | table.c.again, table.c.subject.not_in(gone))
    for row in connection.execute(mine.order_by(*table.primary_key.columns)).mappings():
        yield {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
            if name not in LEFT_OUT.get(table.name, ())
        }
    if table is tombstones:
        # Memories that are forgotten but not purged are not in the archive, and must not be extracted again either.
        hidden = select(memories).where(memories.c.user_id == user_id, memories.c.hidden_at.is_not(None))
        for one in connection.execute(hidden):
            text = one.text if one.key is not None else ""
            # A memory that was purged before and said again has a tombstone already.
            if not one.extra.get("replaced") and not is_forgotten(connection, user_id, one.id, text):
                yield {"user_id": user_id, "digest": digest(one.id, text)}


def _staged_rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    left_out = LEFT_OUT.get(table.name, set())
    query = select(*(column for column in table.c if column.name not in left_out))
    # In the order in which they were written, which decides where times are equal.
    rows = [dict(row) for row in connection.execute(query.order_by(*table.primary_key.columns)).mappings()]
    if "revision" in table.c:
        rows = [{**row, **_RESET} for row in rows]
    if "process_id" in table.c:
        rows = [{**row, **_NOBODY_ANSWERS} for row in rows]
    return rows


def _remove(folder: Path) -> None:
    import shutil

    with suppress(OSError):
        shutil.rmtree(folder)
