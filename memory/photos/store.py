"""The photos that come with messages: stored once per content, in full size for the person and small for the model."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict

from sqlalchemy import delete, insert, select, update

from memory.core import clock
from memory.core.errors import NotFound, ObjectDamaged, StorageError
from memory.core.records import Photo, user_key
from memory.core.validation import user_name
from memory.objects.folder import FolderStore
from memory.objects.store import ObjectStore
from memory.photos.image_file import Picture, open_upright, read_picture, small_copy
from memory.storage import removed_objects
from memory.storage.engine import Database
from memory.storage.schema import photos, users

PREFIX = "photos/"
_ID = re.compile(r"[0-9a-f]{64}")
_MAX_UNSTORED_PER_USER = 32
"""Most off-the-record photos per user in memory; older ones are dropped."""
_JPEG_BEGINS, _JPEG_ENDS = b"\xff\xd8", b"\xff\xd9"


class PhotoStore:
    """The photos of all users: two objects per photo and user, named by the SHA-256 hash of the received bytes.

    `photos/USER/ID` is the picture in full size without metadata, for the person; `photos/USER/ID.small` is the copy for the
    model.

    Args:
        objects: Where the bytes are.
        database: The journal's database.
    """

    def __init__(self, objects: ObjectStore, database: Database) -> None:
        self._objects = objects
        self._db = database
        self._held: OrderedDict[tuple[str, str], Picture] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, user_id: str, data: bytes, name: str = "") -> str:
        """Check and store a picture; returns its id.

        Raises:
            InvalidInput: As in `read_picture`.
            StorageError: It cannot be written.
        """
        picture = read_picture(data, name)
        self.keep(user_id, picture)
        return picture.photo.id

    def discard(self, user_id: str, photo_id: str) -> None:
        """Remove a photo whose message was refused; an unknown id is ignored."""
        with self._db.write(user_id) as connection:
            connection.execute(delete(photos).where(photos.c.user_id == user_id, photos.c.id == photo_id))
        self._objects.delete(objects_of(user_id, photo_id))

    def has(self, user_id: str, photo_id: str) -> bool:
        """Return whether the user has this photo."""
        with self._db.read() as connection:
            mine = (photos.c.user_id == user_id) & (photos.c.id == photo_id) & photos.c.hidden_at.is_(None)
            return connection.execute(select(photos.c.id).where(mine)).first() is not None

    def on_disk(self, user_id: str, photo_id: str) -> bool:
        """Return whether an object of the photo exists."""
        return any(map(self._objects.has, objects_of(user_id, photo_id)))

    def keep(self, user_id: str, picture: Picture) -> None:
        """Store a checked picture. Sending a photo again repairs a damaged copy.

        Raises:
            StorageError: It cannot be written.
        """
        while not self._kept(user_id, picture):
            # Another host removed objects without a row meanwhile: perhaps these.
            continue

    def _kept(self, user_id: str, picture: Picture) -> bool:
        photo = picture.photo
        with self._db.glance() as connection:
            before = removed_objects.number(connection)
        self.put_files(user_id, photo.id, picture.full, picture.small)
        with self._db.write(user_id) as connection:
            if removed_objects.number(connection, hold=True) != before:
                return False
            mine = (photos.c.user_id == user_id) & (photos.c.id == photo.id)
            again = update(photos).where(mine).values(hidden_at=None)
            if not connection.execute(again).rowcount:
                values = photo.model_dump(exclude={"time"})
                connection.execute(insert(photos).values(user_id=user_id, received_at=photo.time, **values))
        return True

    def put_files(self, user_id: str, photo_id: str, full: bytes, small: bytes) -> None:
        """Write a photo without its row, which an archive has.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            self._objects.put(_full(user_id, photo_id), full)
            self._objects.put(_small(user_id, photo_id), small)
        except StorageError as error:
            raise type(error)(f"The picture cannot be stored. {error.message} Then send it again.") from error

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
        return held.full if held is not None else self._read(_full(user_id, photo_id), photo_id)

    def for_model(self, user_id: str, photo_id: str) -> bytes:
        """Return an upright JPEG of at most 230,400 pixels for the model, or raise NotFound."""
        held = self._held.get((user_name(user_id), photo_id))
        if held is not None:
            return held.small
        try:
            small = self._read(_small(user_id, photo_id), photo_id)
        except (NotFound, ObjectDamaged):
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

    def sweep(self, folder: FolderStore) -> None:
        """Remove incomplete files and photos of unknown users from a folder: a killed process may have left them.

        Args:
            folder: Where the bytes are, which no other process uses meanwhile.
        """
        with self._db.read() as connection:
            known = {user_key(name) for name in connection.execute(select(users.c.id)).scalars()}
        folder.sweep(PREFIX, known)

    def files_of(self, user_id: str) -> int:
        """Count the user's objects."""
        return len(self._objects.names(_of_user(user_id)))

    def delete_user(self, user_id: str) -> None:
        """Remove the user's photos and their rows."""
        with self._db.write(user_id) as connection:
            connection.execute(delete(photos).where(photos.c.user_id == user_id))
        self.remove_files(user_id)

    def remove_files(self, user_id: str) -> None:
        """Remove the user's photos, but not their rows."""
        self._objects.delete_prefix(_of_user(user_id))

    def _read(self, name: str, photo_id: str) -> bytes:
        if not _ID.fullmatch(photo_id):
            # An id from outside (Studio) could be a path: it must not lead to another user's photos.
            raise NotFound(f"There is no picture {photo_id[:12]!r}.")
        try:
            return self._objects.get(name)
        except NotFound as error:
            raise NotFound(f"The picture {photo_id[:12]}… is not in {self._objects.place} any more.") from error


def _of_user(user_id: str) -> str:
    return f"{PREFIX}{user_key(user_id)}/"


def objects_of(user_id: str, photo_id: str) -> tuple[str, str]:
    """Return the names of a photo's two objects."""
    return _full(user_id, photo_id), _small(user_id, photo_id)


def _full(user_id: str, photo_id: str) -> str:
    return f"{_of_user(user_id)}{photo_id}"


def _small(user_id: str, photo_id: str) -> str:
    return f"{_of_user(user_id)}{photo_id}.small"
