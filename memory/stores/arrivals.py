"""Stores a message or a whole transcript together with its pictures. If it is refused, none of its pictures stay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from memory.core.records import Line, Turn
from memory.photos.image_file import Picture
from memory.photos.store import PhotoStore
from memory.stores.journal import Journal


class Arrivals:
    """Stores incoming messages and transcripts.

    Args:
        journal: Stores the words.
        photos: Stores the pictures.
    """

    def __init__(self, journal: Journal, photos: PhotoStore) -> None:
        self._journal = journal
        self._photos = photos
        self._lock = threading.Lock()

    def receive(self, user_id: str, text: str, pictures: Sequence[Picture], *, time: datetime | None, zone: str | None) -> Turn:
        """Store a message with its pictures; see `Journal.receive` and `PhotoStore.keep`."""
        if not pictures:
            return self._journal.receive(user_id, text, time=time, zone=zone)
        ids = [picture.photo.id for picture in pictures]
        with self._keeping(user_id, {picture.photo.id: partial(_identity, picture) for picture in pictures}):
            return self._journal.receive(user_id, text, images=ids, time=time, zone=zone)

    def ingest(self, user_id: str, lines: Sequence[Line], pictures: Mapping[str, Callable[[], Picture]]) -> int:
        """Store a whole transcript, or nothing; see `Journal.ingest_all`.

        Args:
            user_id: The user whose conversation it is.
            lines: The lines, in any order.
            pictures: A function for each picture id in the lines, which opens the picture.

        Returns:
            How many lines were added.
        """
        missing = self._journal.missing(user_id, lines)
        # Only pictures of new lines: any other picture may have been forgotten.
        names = dict.fromkeys(name for place in missing for name in lines[place].images)
        with self._keeping(user_id, {name: pictures[name] for name in names}):
            return len(self._journal.ingest_all(user_id, lines))

    @contextmanager
    def _keeping(self, user_id: str, pictures: Mapping[str, Callable[[], Picture]]) -> Iterator[None]:
        """Store pictures; if the block fails, remove those that are new."""
        fresh: list[str] = []
        # Serialise: a photo that we roll back may belong to another message.
        with self._lock:
            try:
                for name, read in pictures.items():
                    if not self._photos.has(user_id, name):
                        fresh.append(name)
                    self._photos.keep(user_id, read())
                yield
            except BaseException:
                for name in fresh:
                    self._photos.discard(user_id, name)
                raise


def _identity(picture: Picture) -> Picture:
    return picture
