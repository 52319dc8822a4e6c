"""What comes with its pictures: a message, or a whole transcript; what is refused leaves none of them behind."""

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
    """Writes down what arrives.

    Args:
        journal: Where its words go.
        photos: Where its pictures go.
    """

    def __init__(self, journal: Journal, photos: PhotoStore) -> None:
        self._journal = journal
        self._photos = photos
        self._lock = threading.Lock()

    def receive(self, user_id: str, text: str, pictures: Sequence[Picture], *, time: datetime | None, zone: str | None) -> Turn:
        """Write down a message with its pictures; see `Journal.receive` and `PhotoStore.keep`."""
        if not pictures:
            return self._journal.receive(user_id, text, time=time, zone=zone)
        ids = [picture.photo.id for picture in pictures]
        with self._keeping(user_id, {picture.photo.id: partial(_as_it_is, picture) for picture in pictures}):
            return self._journal.receive(user_id, text, images=ids, time=time, zone=zone)

    def ingest(self, user_id: str, lines: Sequence[Line], pictures: Mapping[str, Callable[[], Picture]]) -> int:
        """Write down a transcript whole, or nothing of it; see `Journal.ingest_all`.

        Args:
            user_id: Whose conversation it is.
            lines: What was said, in any order.
            pictures: What reads each picture that they name, by its id.

        Returns:
            How many lines were added.
        """
        missing = self._journal.missing(user_id, lines)
        # A picture that no new line carries may be one that is forgotten.
        names = dict.fromkeys(name for place in missing for name in lines[place].images)
        with self._keeping(user_id, {name: pictures[name] for name in names}):
            return len(self._journal.ingest_all(user_id, lines))

    @contextmanager
    def _keeping(self, user_id: str, pictures: Mapping[str, Callable[[], Picture]]) -> Iterator[None]:
        """Store pictures, and remove those that were not there before where the block fails."""
        fresh: list[str] = []
        # One after another: what one message leaves behind none of may be another's.
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


def _as_it_is(picture: Picture) -> Picture:
    return picture
