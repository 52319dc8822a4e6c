"""Purge: removes hidden things from every store and every file, then verifies in each of them that they are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from memory.core import clock
from memory.core.host_purge import HostPurge
from memory.core.records import Record
from memory.forgetting import removed, verify
from memory.forgetting.cascade import Cascade
from memory.forgetting.service import Forgetting
from memory.forgetting.text_match import phrases
from memory.hosts.purges import Purges
from memory.index.chroma import COLLECTIONS
from memory.index.recovery import IndexRecovery
from memory.photos.store import PhotoStore
from memory.storage.engine import Database
from memory.storage.leases import Leases
from memory.storage.one_at_a_time import OneAtATime


class ForgetReceipt(Record):
    """The result of a purge. It holds ids, and not a word of what was forgotten.

    Attributes:
        subject: The memory, message or picture that was named.
        kind: Its type.
        forgotten_at: When it was hidden.
        purged_at: When it was removed.
        removed: How many memories, summaries and lines made from it, messages, replies and pictures were removed.
        sessions: Sessions that are summarised again without it.
        found: How much of it each store still had afterwards. All zeros is correct. `files` counts the files of the data
            folder that contain one of its texts word for word.
        mentioned: Messages and memories in which the person speaks of it in other words. They stay until they are forgotten
            themselves.
        hosts: Where several hosts share the journal: what each of them did. One that is down removes it when it starts again.
        purge_id: The purge that they acknowledge.
    """

    subject: str
    kind: str
    forgotten_at: datetime
    purged_at: datetime
    removed: dict[str, int]
    sessions: tuple[int, ...] = ()
    found: dict[str, int]
    mentioned: tuple[str, ...] = ()
    hosts: tuple[HostPurge, ...] = ()
    purge_id: str | None = None

    @property
    def is_clean(self) -> bool:
        """Whether no store, and no host that is alive, has anything left of the forgotten thing."""
        return not any(self.found.values()) and not any(host.state == "waiting" for host in self.hosts)


class Purger:
    """Removes hidden things from the journal, the indexes, and the files beneath them.

    Args:
        forgetting: Knows what was hidden.
        database: The journal's database.
        indexes: The indexes of vectors and full text, which follow the journal.
        photos: The pictures.
        folder: The data folder.
        purges: The purges of all hosts, where several share the journal.
        leases: The leases of this process then.
    """

    def __init__(
        self,
        forgetting: Forgetting,
        database: Database,
        indexes: IndexRecovery,
        photos: PhotoStore,
        folder: Path,
        purges: Purges | None = None,
        leases: Leases | None = None,
    ) -> None:
        self._forgetting = forgetting
        self._database = database
        self._indexes = indexes
        self._photos = photos
        self._folder = folder
        self._purges = purges
        self._alone = OneAtATime(leases, "purge")

    def purge(self, due: Sequence[tuple[str, str]]) -> list[ForgetReceipt]:
        """Purge subjects and return a receipt for each.

        An interrupted purge is completed the next time.

        Args:
            due: Pairs of (user, subject).
        """
        if self._purges is None:
            return self._purged(due)
        receipts = []
        for user_id in dict.fromkeys(user_id for user_id, _ in due):
            mine = [one for one in due if one[0] == user_id]
            with self._alone.going_on(user_id):
                # Another host may have purged them meanwhile.
                open_ = set(self._forgetting.due())
                receipts += self._purged([one for one in mine if one in open_])
                done = {subject for one, subject in mine if (one, subject) not in open_}
                receipts += [one for one in self.receipts(user_id) if one.subject in done]
        return receipts

    def _purged(self, due: Sequence[tuple[str, str]]) -> list[ForgetReceipt]:
        gone: list[tuple[str, str, Cascade, list[str]]] = []
        for user_id, subject in due:
            self._indexes.indexer.before_purge(user_id)
            texts = phrases(self._forgetting.texts(user_id, subject))
            affected = self._forgetting.purge(user_id, subject)
            for photo_id in affected.photos:
                # A picture that was sent again meanwhile belongs to another message.
                if not self._photos.has(user_id, photo_id):
                    self._photos.discard(user_id, photo_id)
            self._indexes.indexer.purge(user_id, [*affected.memories, *affected.turns])
            gone.append((user_id, subject, affected, texts))
        self.compact({user_id for user_id, _ in due})
        told = {}
        if self._purges is not None:
            told = {one[:2]: self._purges.announce(one[0], [*one[2].memories, *one[2].turns]) for one in gone}
        receipts = []
        for user_id, subject, affected, texts in gone:
            receipt = self._receipt(user_id, subject, affected, texts)
            if self._purges is not None:
                purge_id = told[user_id, subject]
                did = self._purges.wait(purge_id)
                found = receipt.found | {"copies": self._purges.copies_of(user_id, purge_id)}
                receipt = receipt.model_copy(update={"hosts": tuple(did), "purge_id": purge_id, "found": found})
            self._forgetting.receipt(user_id, subject, receipt.model_dump(mode="json"))
            receipts.append(receipt)
        return receipts

    def receipts(self, user_id: str) -> list[ForgetReceipt]:
        """Return the receipts of a user's purges, oldest first, with what each host did until now."""
        found = [ForgetReceipt.model_validate(one) for one in self._forgetting.receipts(user_id)]
        named = [one.purge_id for one in found if one.purge_id is not None]
        if self._purges is None or not named:
            return found
        states = self._purges.states(named)
        did = [states.get(one.purge_id or "") for one in found]
        return [one.model_copy(update={"hosts": tuple(its)}) if its else one for one, its in zip(found, did, strict=True)]

    def purge_of(self, user_id: str, gone: Callable[[Connection], AbstractSet[str]]) -> None:
        """Purge now what was forgotten of something that is removed, if nothing else could be restored with it.

        Args:
            user_id: The user.
            gone: Returns the ids of the memories, turns and pictures that are removed.
        """
        with self._database.read() as connection:
            subjects = removed.alone(connection, user_id, gone(connection))
        if subjects:
            self.purge([(user_id, subject) for subject in subjects])

    def compact(self, users: Iterable[str] = ()) -> None:
        """Rewrite the files beneath the stores, so that they no longer contain deleted data."""
        for user_id in users:
            self._indexes.chroma.rewrite(user_id)
            if self._indexes.search.files.has(user_id):
                self._indexes.search.compact(user_id)
        self._indexes.chroma.compact()
        self._database.compact()

    def _receipt(self, user_id: str, subject: str, affected: Cascade, texts: Sequence[str]) -> ForgetReceipt:
        hidden, purged = self._forgetting.when(user_id, subject)
        names = {*affected.memories, *affected.turns}
        with self._database.read() as connection:
            rows = verify.left(connection, user_id, affected, texts)
            # A text that the person also said in a message that stays is not left over.
            sought = [text for text in texts if not verify.said_elsewhere(connection, user_id, text)]
        found = {
            "journal": rows,
            "vectors": sum(len(names & self._indexes.chroma.record_ids(user_id, kind)) for kind in COLLECTIONS),
            "words": len(names & self._indexes.search.ids(user_id)) if self._indexes.search.files.has(user_id) else 0,
            "pictures": sum(
                self._photos.on_disk(user_id, name) for name in affected.photos if not self._photos.has(user_id, name)
            ),
            "files": verify.files_with(self._folder, sought),
        }
        return ForgetReceipt(
            subject=subject,
            kind=affected.kind,
            forgotten_at=hidden,
            purged_at=purged or clock.instant(),
            removed=affected.counts(),
            sessions=affected.sessions,
            found=found,
            mentioned=affected.mentioned,
        )
