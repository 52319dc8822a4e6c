"""Stores a message or a whole transcript together with its pictures. If it is refused, none of its pictures stay."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial

from memory.consent.consent_rule import Marker
from memory.core.errors import StorageError
from memory.core.records import Line, Turn, TurnState
from memory.core.validation import check_text, check_user, user_name
from memory.photos.image_file import Picture
from memory.photos.store import PhotoStore
from memory.storage import session_rows, turn_rows, user_rows
from memory.storage.engine import Database
from memory.stores import transcript, turn_intake
from memory.stores.threads import Threads


class Arrivals:
    """Stores incoming messages and transcripts.

    Args:
        database: The database that stores the words.
        photos: Stores the pictures.
        marker: Finds the sensitive topic of a text and decides whether the text is pending approval. None: no text is judged.
    """

    def __init__(self, database: Database, photos: PhotoStore, marker: Marker | None = None) -> None:
        self._db = database
        self._photos = photos
        self._marker = marker
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def receive(
        self,
        user_id: str,
        text: str,
        pictures: Sequence[Picture] = (),
        *,
        photo_ids: Sequence[str] = (),
        time: datetime | None = None,
        zone: str | None = None,
    ) -> Turn:
        """Store a message as it arrives, before anything else is done with it.

        A message that opens a new session ends the previous one and queues it for consolidation.

        Args:
            user_id: The user who says it.
            text: The words, at most 20,000 characters.
            pictures: Pictures to store with it.
            photo_ids: Ids of pictures that are stored already.
            time: When it is said; None: now. If the clock was set back, "now" is the time of the newest turn.
            zone: The time zone for "now"; None: this machine's zone.

        Returns:
            The stored turn, in state `received`.

        Raises:
            InvalidInput: The text or the user name is not valid.
            TimeOrderError: `time` is before the user's last turn; see `turn_order.stamp`.
            PersonaError: A picture cannot be stored; see `PhotoStore.keep`.
        """
        user_id, process_id = check_user(user_id), self._db.process_id
        new = {picture.photo.id: partial(_identity, picture) for picture in pictures}
        with self._keeping(user_id, new), self._db.write(user_id) as connection:
            said = (user_id, text, (*photo_ids, *(picture.photo.id for picture in pictures)))
            return turn_intake.take(connection, self._marker, *said, time=time, zone=zone, process_id=process_id)

    def receive_at(
        self,
        threads: Threads,
        origin: str,
        user_id: str,
        text: str,
        pictures: Sequence[Picture],
        *,
        time: datetime | None,
        arrived: datetime | None,
    ) -> Turn:
        """Store a message at its place in a conversation of another program; see `receive` and `Threads.say`."""
        new = {picture.photo.id: partial(_identity, picture) for picture in pictures}
        with self._keeping(user_id, new):
            images = [picture.photo.id for picture in pictures]
            return threads.say(user_id, text, images, time=time, origin=origin, goes_back=True, arrived=arrived)

    def ingest_turn(self, user_id: str, time: datetime, text: str, reply: str, photo_ids: Sequence[str] = ()) -> Turn | None:
        """Store one turn of a transcript with its reply, and queue it to be remembered. Its session stays open.

        Returns:
            The turn; None if the user already has one with this time and text, or has forgotten it.

        Raises:
            InvalidInput: As in `receive`.
        """
        user_id = check_user(user_id)
        check_text(text, len(photo_ids))
        with self._db.write(user_id) as connection:
            if not transcript.new(connection, user_id, [Line(time=time, text=text, reply=reply, images=tuple(photo_ids))]):
                return None
            user_rows.ensure(connection, user_id)
            session = session_rows.place(connection, user_id, time, live=False)
            turn = turn_intake.insert(connection, self._marker, user_id, text, photo_ids, time, session, real_time=False)
            turn_rows.finish(connection, turn, reply, TurnState.ANSWERED, None)
        return turn

    def ingest(self, user_id: str, lines: Sequence[Line], pictures: Mapping[str, Callable[[], Picture]]) -> int:
        """Store a whole transcript, or nothing, and queue it to be remembered.

        Its turns are ordered by their times and get separate, ended sessions, so they may be older than all other turns. Of
        several lines with the same time and text, the n-th corresponds to the n-th such turn in the journal. Lines that the
        user already has, or has forgotten, are not added.

        Args:
            user_id: The user whose conversation it is.
            lines: The lines, in any order.
            pictures: A function for each picture id in the lines, which opens the picture; ids without one are stored already.

        Returns:
            How many lines were added.

        Raises:
            InvalidInput: As in `receive`. Nothing was stored.
        """
        user_id = check_user(user_id)
        for line in lines:
            check_text(line.text, len(line.images))
        with self._db.read() as connection:
            missing = transcript.new(connection, user_id, lines)
        # Only pictures of new lines: any other picture may have been forgotten.
        names = dict.fromkeys(name for place in missing for name in lines[place].images if name in pictures)
        with self._keeping(user_id, {name: pictures[name] for name in names}), self._db.write(user_id) as connection:
            return len(transcript.take(connection, user_id, lines, self._marker))

    @contextmanager
    def _keeping(self, user_id: str, pictures: Mapping[str, Callable[[], Picture]]) -> Iterator[None]:
        """Store pictures; if the block fails, remove those that are new."""
        if not pictures:
            yield
            return
        fresh: list[str] = []
        # One after another for each user: a photo that we roll back may belong to another message.
        with self._locks[user_name(user_id)]:
            try:
                for name, read in pictures.items():
                    if not self._photos.has(user_id, name):
                        fresh.append(name)
                    self._photos.keep(user_id, read())
                yield
            except BaseException:
                for name in fresh:
                    # The first refusal is what the person reads, also if the store of the photos is down.
                    with suppress(StorageError):
                        self._photos.discard(user_id, name)
                raise


def _identity(picture: Picture) -> Picture:
    return picture
