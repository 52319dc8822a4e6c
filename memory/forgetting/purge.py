"""Purging: what is hidden leaves every store and every file, and a probe of each says whether it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from memory.core.records import Record
from memory.forgetting import verify
from memory.forgetting.cascade import Cascade
from memory.forgetting.service import Forgetting
from memory.forgetting.text_match import phrases
from memory.index.chroma import COLLECTIONS
from memory.index.recovery import Indexes
from memory.photos.store import PhotoStore
from memory.storage.engine import Database


class Receipt(Record):
    """What a purge came to; it names ids, and not a word of what was forgotten.

    Attributes:
        subject: The memory, message or picture that was named.
        kind: What that was.
        forgotten_at: When it was hidden.
        purged_at: When it was removed.
        removed: How many memories, summaries and lines made from it, messages, replies and pictures.
        sessions: Sessions that are summed up anew, without it.
        found: What a probe of each store found of it afterwards; all zeros is as it should be. `files` counts files of the
            data folder in which a text of it stands word for word.
        mentioned: Messages and memories that speak of it in other words of the person's own; they stay until they are
            forgotten themselves.
    """

    subject: str
    kind: str
    forgotten_at: datetime
    purged_at: datetime
    removed: dict[str, int]
    sessions: tuple[int, ...] = ()
    found: dict[str, int]
    mentioned: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Say whether nothing of it was found any more."""
        return not any(self.found.values())


class Purger:
    """Removes what is hidden from the journal, the indexes, and the files beneath them.

    Args:
        forgetting: What is to go.
        database: The journal's.
        indexes: Vectors and full text, kept as the journal says.
        photos: Pictures.
        folder: The data folder.
    """

    def __init__(
        self,
        forgetting: Forgetting,
        database: Database,
        indexes: Indexes,
        photos: PhotoStore,
        folder: Path,
    ) -> None:
        self._forgetting = forgetting
        self._database = database
        self._indexes = indexes
        self._photos = photos
        self._folder = folder

    def purge(self, due: Sequence[tuple[str, str]]) -> list[Receipt]:
        """Purge these (user, subject), and write a receipt for each; interrupted, it is done to its end the next time."""
        gone: list[tuple[str, str, Cascade, list[str]]] = []
        for user_id, subject in due:
            self._indexes.projection.run(user_id)
            texts = phrases(self._forgetting.texts(user_id, subject))
            reach = self._forgetting.purge(user_id, subject)
            for photo_id in reach.photos:
                # One that was sent again meanwhile is a picture of another message.
                if not self._photos.has(user_id, photo_id):
                    self._photos.discard(user_id, photo_id)
            # Turns that lost a reply or their neighbour are indexed anew before anything is looked for.
            self._indexes.projection.run(user_id)
            self._indexes.projection.mirror(user_id)
            gone.append((user_id, subject, reach, texts))
        self.compact({user_id for user_id, _ in due})
        receipts = []
        for user_id, subject, reach, texts in gone:
            receipt = self._receipt(user_id, subject, reach, texts)
            self._forgetting.receipt(user_id, subject, receipt.model_dump(mode="json"))
            receipts.append(receipt)
        return receipts

    def compact(self, users: Iterable[str] = ()) -> None:
        """Write the files beneath the stores anew, so that what was deleted is not in them any more."""
        for user_id in users:
            self._indexes.chroma.rewrite(user_id)
            self._indexes.search.compact(user_id)
        self._indexes.chroma.compact()
        self._database.compact()

    def _receipt(self, user_id: str, subject: str, reach: Cascade, texts: Sequence[str]) -> Receipt:
        hidden, purged = self._forgetting.when(user_id, subject)
        names = {*reach.memories, *reach.turns}
        with self._database.read() as connection:
            rows = verify.left(connection, user_id, reach, texts)
            # What the person said again, word for word, in a message that stays, is mentioned and not left behind.
            sought = [text for text in texts if not verify.said_elsewhere(connection, user_id, text)]
        found = {
            "journal": rows,
            "vectors": sum(len(names & self._indexes.chroma.record_ids(user_id, kind)) for kind in COLLECTIONS),
            "words": len(names & self._indexes.search.ids(user_id)),
            "pictures": sum(
                self._photos.on_disk(user_id, name) for name in reach.photos if not self._photos.has(user_id, name)
            ),
            "files": verify.files_with(self._folder, sought),
        }
        return Receipt(
            subject=subject,
            kind=reach.kind,
            forgotten_at=hidden,
            purged_at=purged or datetime.now(UTC),
            removed=reach.counts(),
            sessions=reach.sessions,
            found=found,
            mentioned=reach.mentioned,
        )
