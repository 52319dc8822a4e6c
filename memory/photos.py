"""Pictures that messages carry: checked, stored once per content, and copied small for the model."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import threading
import warnings
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import delete, insert, select

from memory import clock
from memory.database import Database
from memory.errors import InvalidInput, NotFound, StorageError
from memory.records import Photo, user_key
from memory.schema import photos

MAX_BYTES = 20 * 1024 * 1024
MODEL_PIXELS = 230_400
"""The published upper bound of a picture's pixels for the model."""
_MODEL_SIDE = 4_096
"""A strip of one pixel's width keeps to the bound too, and to what a JPEG can hold."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# MPO: a JPEG with more pictures behind it, as phones write them for depth and brightness; opened as a JPEG.
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_ID = re.compile(r"[0-9a-f]{64}")
_HELD = 32


class PhotoStore:
    """Photos of all users: one file a content and user, named by the sha256 of the received bytes.

    Args:
        folder: Where the files lie.
        database: The journal's database.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._db = database
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, user_id: str, data: bytes) -> str:
        """Check and store a picture; returns its id.

        Raises:
            InvalidInput: Not a picture, damaged, or over 20 MB.
            StorageError: The file cannot be written.
        """
        photo = inspect(data)
        self.keep(user_id, photo, data)
        return photo.id

    def discard(self, user_id: str, photo_id: str) -> None:
        """Remove a picture that no message came to carry; an unknown one is passed over."""
        with self._db.write() as connection:
            connection.execute(delete(photos).where(photos.c.user_id == user_id, photos.c.id == photo_id))
        self._path(user_id, photo_id).unlink(missing_ok=True)

    def has(self, user_id: str, photo_id: str) -> bool:
        """Say whether the user has this picture."""
        with self._db.read() as connection:
            mine = (photos.c.user_id == user_id) & (photos.c.id == photo_id)
            return connection.execute(select(photos.c.id).where(mine)).first() is not None

    def keep(self, user_id: str, photo: Photo, data: bytes) -> None:
        """Store a picture that `inspect` has described.

        Raises:
            StorageError: The file cannot be written.
        """
        path = self._path(user_id, photo.id)
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                part = path.with_suffix(".part")
                with part.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            except OSError as error:
                raise StorageError(
                    f"The picture cannot be stored ({error.strerror}). Free some space and send it again."
                ) from error
        with self._db.write() as connection:
            mine = (photos.c.user_id == user_id) & (photos.c.id == photo.id)
            if connection.execute(select(photos.c.id).where(mine)).first() is None:
                values = photo.model_dump(exclude={"time"})
                connection.execute(insert(photos).values(user_id=user_id, received_at=photo.time, **values))

    def hold(self, user_id: str, data: bytes) -> str:
        """Keep a picture in memory alone, for a turn off the record; returns its id."""
        photo = inspect(data)
        with self._lock:
            self._held[user_id, photo.id] = data
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return photo.id

    def original(self, user_id: str, photo_id: str) -> bytes:
        """Return the bytes as they were received, or raise NotFound."""
        held = self._held.get((user_id, photo_id))
        if held is not None:
            return held
        if not _ID.fullmatch(photo_id):
            # An id from outside (Studio) is no path: it must not lead into another user's folder.
            raise NotFound(f"There is no picture {photo_id[:12]!r}.")
        try:
            return self._path(user_id, photo_id).read_bytes()
        except OSError as error:
            raise NotFound(f"The picture {photo_id[:12]}… is not in the data folder any more.") from error

    def for_model(self, user_id: str, photo_id: str) -> bytes:
        """Return a JPEG of at most 230,400 pixels, turned upright, for the model."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd palettes and EXIF data
            with Image.open(io.BytesIO(self.original(user_id, photo_id))) as image:
                upright = _upright(image).convert("RGB")
        area, longest = upright.width * upright.height, max(upright.size)
        scale = min(1.0, (MODEL_PIXELS / area) ** 0.5, _MODEL_SIDE / longest)
        small = upright.resize((max(1, int(upright.width * scale)), max(1, int(upright.height * scale))))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=90)
        return out.getvalue()

    def list(self, user_id: str) -> list[Photo]:
        """Return the user's photos, oldest first."""
        query = select(photos).where(photos.c.user_id == user_id).order_by(photos.c.received_at, photos.c.id)
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

    def delete_user(self, user_id: str) -> None:
        """Remove the user's files and rows."""
        with self._db.write() as connection:
            connection.execute(delete(photos).where(photos.c.user_id == user_id))
        shutil.rmtree(self._folder / user_key(user_id), ignore_errors=True)

    def _path(self, user_id: str, photo_id: str) -> Path:
        return self._folder / user_key(user_id) / photo_id


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - Pillow raises many kinds for broken EXIF data; the picture itself is whole
        return image


def inspect(data: bytes) -> Photo:
    """Check a picture and describe it; raises InvalidInput where it is none, damaged or too large."""
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"The picture has {len(data):,} bytes; at most {MAX_BYTES:,} (20 MB) fit. Make it smaller.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                image.load()
                kind, (width, height) = image.format or "", image.size
    except UnidentifiedImageError as error:
        raise InvalidInput("This file is not a picture that can be read. Send a PNG, JPEG, WebP or GIF.") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInput(f"This picture is damaged or far too large ({error}). Send another copy of it.") from error
    return Photo(
        id=hashlib.sha256(data).hexdigest(),
        time=datetime.now(UTC),
        media_type=_TYPES[kind],
        width=width,
        height=height,
        size=len(data),
    )
