"""Export and import: everything of one user as one file, and back with the same ids, memories and personality."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from memory.archive.row_checks import check
from memory.archive.staging import LEFT_OUT, NAMES, SELDOM, staged
from memory.archive.zip_file import ArchiveReader, ArchiveWriter, cannot_write
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import TurnState
from memory.core.validation import user_name
from memory.photos.image_file import read_picture
from memory.photos.store import PhotoStore
from memory.storage import user_rows
from memory.storage.engine import Database, newest_schema
from memory.storage.schema import memories, metadata, photos, tombstones, turns, users
from memory.storage.tombstones import digest, is_forgotten

_RESET = {"revision": 1, "indexed_revision": 0}


class Archives:
    """Exports and imports the users of a data folder.

    Args:
        database: The journal's.
        pictures: The picture files.
        folder: The data folder.
    """

    def __init__(self, database: Database, pictures: PhotoStore, folder: Path) -> None:
        self._db = database
        self._pictures = pictures
        self._folder = folder
        for left in folder.glob("import-*"):
            # An import that was interrupted.
            _remove(left)

    def write(self, user_id: str, file: Path) -> dict[str, int]:
        """Write everything of a user into a new file, which the person alone may read; returns the counts.

        What is forgotten is not in it, undone or not.

        Raises:
            NotFound: There is no such user.
            InvalidInput: The file is there already.
            StorageError: It cannot be written.
        """
        if file.exists():
            raise InvalidInput(f"{file} is there already. Choose another name, or remove it.")
        try:
            with tempfile.NamedTemporaryFile(dir=file.absolute().parent, prefix=f".{file.name[:40]}-", delete=False) as part:
                try:
                    with ArchiveWriter(part) as out:
                        counts, missing = self._written(user_id, out)
                    part.flush()
                    os.fsync(part.fileno())
                    # Never over a file that came meanwhile.
                    os.link(part.name, file)
                finally:
                    Path(part.name).unlink(missing_ok=True)
        except FileExistsError as error:
            raise InvalidInput(f"{file} is there already. Choose another name, or remove it.") from error
        except OSError as error:
            raise cannot_write(file, error) from error
        return {"turns": counts["turns"], "memories": counts["memories"], "photos": counts["photos"] - len(missing)}

    def _written(self, user_id: str, out: ArchiveWriter) -> tuple[dict[str, int], list[str]]:
        """Write the entries; returns the rows of each table, and the pictures whose files are lost."""
        missing = []
        with self._db.read() as connection:
            if not user_rows.is_known(connection, user_id):
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
            counts = {}
            for name in NAMES:
                rows = _rows(connection, metadata.tables[name], user_id)
                if name in SELDOM:
                    # Most archives have none: an entry that older programs do not know would keep them from reading it.
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
        made = datetime.now(UTC).isoformat()
        out.finish(schema_version=newest_schema(), user=user_id, made_at=made, missing=tuple(missing))
        return counts, missing

    def read(self, file: Path) -> tuple[str, dict[str, int]]:
        """Take in an archive whole, or nothing of it; returns the user and the counts.

        Raises:
            InvalidInput: It is damaged, hostile, of a newer program, or its user is here already.
            StorageError: It cannot be written.
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
                    raise archive.refused("it holds a picture of no message.")
                if set(seen) - archive.pictures() - set(archive.manifest.missing):
                    raise archive.refused("a picture is not in it.")
                given = self._checked_pictures(archive, seen)
                self._take_in(user_id, rows, given)
        finally:
            archive.close()
        return user_id, {"turns": len(rows["turns"]), "memories": len(rows["memories"]), "photos": len(archive.pictures())}

    def _checked_pictures(self, archive: ArchiveReader, seen: list[str]) -> Callable[[], Iterator[tuple[str, bytes, bytes]]]:
        """Open every picture once before anything is written; returns what reads them again, one at a time."""

        def read() -> Iterator[tuple[str, bytes, bytes]]:
            for photo_id in seen:
                data = archive.picture(photo_id)
                if data is not None:
                    try:
                        kept = read_picture(data)
                        yield photo_id, kept.full, kept.small
                    except InvalidInput as error:
                        raise archive.refused(f"the picture {photo_id[:12]}… cannot be read: {error.message}") from error

        for _ in read():
            pass
        return read

    def _take_in(
        self,
        user_id: str,
        rows: dict[str, list[dict[str, Any]]],
        given: Callable[[], Iterator[tuple[str, bytes, bytes]]],
    ) -> None:
        with self._db.write() as connection:
            if user_rows.is_known(connection, user_id, hold=True):
                raise InvalidInput(
                    f"There is a user {user_id!r} here already. An archive is not mixed into what is there: "
                    f"`persona user delete {user_id}` first, or import it into another data folder (PERSONA_DATA_DIR)."
                )
            try:
                for photo_id, full, small in given():
                    self._pictures.put_files(user_id, photo_id, full, small)
                for name in NAMES:
                    if rows[name]:
                        connection.execute(insert(metadata.tables[name]), rows[name])
            except BaseException:
                self._pictures.remove_files(user_id)
                raise


def _rows(connection: Connection, table: Table, user_id: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a user as JSON values, in the order in which they came to be; nothing that is forgotten."""
    mine = select(table).where((table.c.id if table is users else table.c.user_id) == user_id)
    if "hidden_at" in table.c:
        mine = mine.where(table.c.hidden_at.is_(None))
    if table.name == "forgettings":
        mine = mine.where(table.c.receipt.is_not(None))
    if table.name == "refusals":
        # What is set aside; the tries of work that waits begin again.
        gone = select(turns.c.id).where(turns.c.user_id == user_id, turns.c.state == TurnState.FORGOTTEN)
        mine = mine.where(table.c.at.is_not(None) | table.c.again, table.c.subject.not_in(gone))
    for row in connection.execute(mine.order_by(*table.primary_key.columns)).mappings():
        yield {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
            if name not in LEFT_OUT.get(table.name, ())
        }
    if table is tombstones:
        # What is hidden and not purged yet is not in the archive, and must not be extracted again either.
        hidden = select(memories).where(memories.c.user_id == user_id, memories.c.hidden_at.is_not(None))
        for one in connection.execute(hidden):
            text = one.text if one.key is not None else ""
            # One that was forgotten for good before, and said again, has its own already.
            if not one.extra.get("replaced") and not is_forgotten(connection, user_id, one.id, text):
                yield {"user_id": user_id, "digest": digest(one.id, text)}


def _staged_rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    left_out = LEFT_OUT.get(table.name, set())
    query = select(*(column for column in table.c if column.name not in left_out))
    # As they were written: a curve has no other order.
    rows = [dict(row) for row in connection.execute(query.order_by(*table.primary_key.columns)).mappings()]
    if "revision" in table.c:
        rows = [{**row, **_RESET} for row in rows]
    return rows


def _remove(folder: Path) -> None:
    import shutil

    with suppress(OSError):
        shutil.rmtree(folder)
