"""The photos that come with messages: stored once per content, in full size for the person and small for the model."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from memory.core import clock
from memory.core.errors import NotFound, StorageError
from memory.core.records import Photo, user_key
from memory.core.validation import user_name
from memory.photos.image_file import Picture, open_upright, read_picture, small_copy
from memory.storage.engine import Database
from memory.storage.schema import photos, users

_ID = re.compile(r"[0-9a-f]{64}")
_MAX_UNSTORED_PER_USER = 32
"""Most off-the-record photos per user in memory; older ones are dropped."""
_JPEG_BEGINS, _JPEG_ENDS = b"\xff\xd8", b"\xff\xd9"


class PhotoStore:
    """The photos of all users: two files per photo and user, named by the SHA-256 hash of the received bytes.

    One file is the picture in full size without metadata, for the person; the other, `ID.small`, is the copy for the model.

    Args:
        folder: The folder for the files.
        database: The journal's database.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._db = database
        self._held: OrderedDict[tuple[str, str], Picture] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, user_id: str, data: bytes, name: str = "") -> str:
        """Check and store a picture; returns its id.

        Raises:
            InvalidInput: As in `read_picture`.
            StorageError: The file cannot be written.
        """
        picture = read_picture(data, name)
        self.keep(user_id, picture)
        return picture.photo.id

    def discard(self, user_id: str, photo_id: str) -> None:
        """Remove a photo whose message was refused; an unknown id is ignored."""
        with self._db.write() as connection:
            connection.execute(delete(photos).where(photos.c.user_id == user_id, photos.c.id == photo_id))
        for path in (self._path(user_id, photo_id), self._small(user_id, photo_id)):
            path.unlink(missing_ok=True)

    def has(self, user_id: str, photo_id: str) -> bool:
        """Return whether the user has this photo."""
        with self._db.read() as connection:
            mine = (photos.c.user_id == user_id) & (photos.c.id == photo_id) & photos.c.hidden_at.is_(None)
            return connection.execute(select(photos.c.id).where(mine)).first() is not None

    def on_disk(self, user_id: str, photo_id: str) -> bool:
        """Return whether a file of the photo exists."""
        return any(path.exists() for path in (self._path(user_id, photo_id), self._small(user_id, photo_id)))

    def keep(self, user_id: str, picture: Picture) -> None:
        """Store a checked picture.

        Raises:
            StorageError: A file cannot be written.
        """
        photo = picture.photo
        try:
            with self._lock:
                files = {self._path(user_id, photo.id): picture.full, self._small(user_id, photo.id): picture.small}
                for path, data in files.items():
                    # Sending a photo again repairs a damaged file.
                    if not path.exists() or path.read_bytes() != data:
                        _write(path, data)
        except OSError as error:
            raise StorageError(
                f"The picture cannot be stored ({error.strerror}). Free some space and send it again."
            ) from error
        with self._db.write() as connection:
            mine = (photos.c.user_id == user_id) & (photos.c.id == photo.id)
            again = update(photos).where(mine).values(hidden_at=None)
            if not connection.execute(again).rowcount:
                values = photo.model_dump(exclude={"time"})
                connection.execute(insert(photos).values(user_id=user_id, received_at=photo.time, **values))

    def put_files(self, user_id: str, photo_id: str, full: bytes, small: bytes) -> None:
        """Write the files of a photo from an archive.

        Raises:
            StorageError: A file cannot be written.
        """
        try:
            _write(self._path(user_id, photo_id), full)
            _write(self._small(user_id, photo_id), small)
        except OSError as error:
            raise StorageError(f"A picture cannot be stored ({error.strerror}). Free some space and try again.") from error

    def hold(self, user_id: str, picture: Picture) -> str:
        """Keep a picture only in memory, for an off-the-record turn; returns its id."""
        with self._lock:
            self._held[user_name(user_id), picture.photo.id] = picture
            mine = [key for key in self._held if key[0] == user_name(user_id)]
            for key in mine[:-_MAX_UNSTORED_PER_USER]:
                del self._held[key]
        return picture.photo.id

    def original(self, user_id: str, photo_id: str) -> bytes:
        """Return the photo in full size, without metadata, or raise NotFound."""
        held = self._held.get((user_name(user_id), photo_id))
        return held.full if held is not None else _read(self._path(user_id, photo_id), photo_id)

    def for_model(self, user_id: str, photo_id: str) -> bytes:
        """Return an upright JPEG of at most 230,400 pixels for the model, or raise NotFound."""
        held = self._held.get((user_name(user_id), photo_id))
        if held is not None:
            return held.small
        try:
            small = _read(self._small(user_id, photo_id), photo_id)
        except NotFound:
            small = b""
        if small.startswith(_JPEG_BEGINS) and small.endswith(_JPEG_ENDS):
            return small
        # The small copy was lost, damaged or never made, since older versions stored none.
        return small_copy(open_upright(self.original(user_id, photo_id)))

    def stored(self, user_id: str, photo_id: str) -> Picture:
        """Return a stored photo as a picture with the same id, or raise NotFound."""
        known = {photo.id: photo for photo in self.list(user_id)}
        if photo_id not in known:
            raise NotFound("There is no such photo.")
        return Picture(known[photo_id], self.original(user_id, photo_id), self.for_model(user_id, photo_id))

    def list(self, user_id: str) -> list[Photo]:
        """Return the user's photos, oldest first."""
        mine = (photos.c.user_id == user_id) & photos.c.hidden_at.is_(None)
        query = select(photos).where(mine).order_by(photos.c.received_at, photos.c.id)
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        zone = clock.zone_of(None)
        return [
            Photo(
                id=row.id, time=row.received_at.astimezone(zone), media_type=row.media_type,
                width=row.width, height=row.height, size=row.size,
            )
            for row in rows
        ]  # fmt: skip

    def sweep(self) -> None:
        """Remove half-written files and photos of unknown users, which a killed process may have left.

        No other process may use the folder meanwhile.
        """
        with self._db.read() as connection:
            known = {user_key(name) for name in connection.execute(select(users.c.id)).scalars()}
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                for part in folder.glob("*.part"):
                    part.unlink(missing_ok=True)

    def files_of(self, user_id: str) -> int:
        """Count the user's files."""
        return len(list((self._folder / user_key(user_id)).glob("*")))

    def delete_user(self, user_id: str) -> None:
        """Remove the user's files and rows."""
        with self._db.write() as connection:
            connection.execute(delete(photos).where(photos.c.user_id == user_id))
        self.remove_files(user_id)

    def remove_files(self, user_id: str) -> None:
        """Remove the user's files."""
        shutil.rmtree(self._folder / user_key(user_id), ignore_errors=True)

    def _path(self, user_id: str, photo_id: str) -> Path:
        return self._folder / user_key(user_id) / photo_id

    def _small(self, user_id: str, photo_id: str) -> Path:
        return self._folder / user_key(user_id) / f"{photo_id}.small"


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            raise
    part.replace(path)


def _read(path: Path, photo_id: str) -> bytes:
    if not _ID.fullmatch(photo_id):
        # An id from outside (Studio) could be a path: it must not lead into another user's folder.
        raise NotFound(f"There is no picture {photo_id[:12]!r}.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"The picture {photo_id[:12]}… is not in the data folder any more.") from error
