"""`Memory`: the entry point to everything that a data folder knows about its users."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, Self

from memory.archive.service import Archives
from memory.browse.memories import Browse
from memory.consent.consent_rule import Marker
from memory.consent.modes import Mode
from memory.consent.sensitive import topic_of
from memory.consent.sensitive_classifier import SensitiveClassifier
from memory.consent.training import Consent
from memory.core import clock
from memory.core.counts import Counts
from memory.core.query import Query, SearchBudget, SearchLimits, SearchResult
from memory.core.records import Box, Line, Recalled, SemanticMemory, Turn
from memory.core.validation import user_name
from memory.embedding.text_embedder import Embedder
from memory.facts.acceptance import ScoredFact
from memory.forgetting.cascade import Cascade, Together
from memory.forgetting.offers import Offers
from memory.forgetting.purge import ForgetReceipt, Purger
from memory.forgetting.service import Forgetting
from memory.forgetting.user_deletion import UserDeletion
from memory.hosts.files import DEFAULT_INDEX_LIMIT, HostFiles
from memory.imports.service import Imports
from memory.index import renamed_users
from memory.index.recovery import Fresh, IndexRecovery
from memory.objects.folder import FolderStore
from memory.objects.store import ObjectStore
from memory.personality.timeline import PersonalityTimeline
from memory.personality.writing_wishes import wishes_in
from memory.photos.image_file import Picture
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight
from memory.search.from_chroma import ChromaSearch
from memory.search.parts import SearchParts
from memory.search.photo_search import PhotoSearch
from memory.search.retriever import Retriever
from memory.search.searches import Searches
from memory.storage.api_keys import ApiKeys
from memory.storage.engine import Database
from memory.storage.folder_lock import FolderLock
from memory.storage.hosts import Hosts
from memory.storage.leases import Leases
from memory.storage.memory_rows import MemoryRecord
from memory.storage.reaching import looks_at
from memory.storage.refusals import Refusals
from memory.storage.tombstones import UNDO_WINDOW
from memory.storage.work_queue import WorkQueue
from memory.stores.approvals import Approvals
from memory.stores.arrivals import Arrivals
from memory.stores.items import Items
from memory.stores.journal import Journal
from memory.stores.memories import Memories
from memory.stores.memory_edits import MemoryEdits
from memory.stores.threads import Threads
from memory.upcoming.date_rows import Dates

_log = logging.getLogger(__name__)
_MAX_REPLY_TIME = timedelta(minutes=10)
"""A message that is older has no reply any more, even if the process that received it is alive."""
_CHROMA_BATCH_ENTRIES = 48
"""Changed entries that one write to Chroma waits for: each write holds Python's global lock for 10 ms or more."""


class Memory:
    """Opens the stores of a data folder and keeps them consistent with each other.

    Args:
        folder: The data folder; created when missing.
        embedder: Embeds the texts.
        database_url: URL of a database outside the folder; None: a file in the folder.
        chroma_url: A Chroma server instead of files in the folder. If both URLs name servers, processes may share the folder.
        objects: Where the photos are instead of the folder, for several hosts; copies of their index files are there too.
        index_limit: Most bytes of index files of one of several hosts; the least recently used are deleted first.
        sight: Finds photos by what they show; None: photos are found only by what was said about them.
        asks: How sensitive messages are treated: in this mode; None: as each user chose; False: not at all (benchmarks).
        own_words: Removes pasted and quoted text from a message.
        brings_up: Whether replies may mention upcoming events unasked; a person can decline.
        fresh_index: First delete the indexes of this folder, always or only those of another embedder; see `IndexRecovery`.

    Attributes:
        counts: What this memory counts for the person who runs it.
        looks: By its name, what says in a sentence why a part of the storage cannot be used now; empty if it can.

    Raises:
        FolderInUse: Another process owns the folder.
        StorageError: A store cannot be opened.

    Example:
        >>> with Memory(folder, embedder) as memory:
        ...     turn = memory.receive("ada", "I play the cello.")
        ...     turn = memory.journal.finish(turn.id, "Since when?")
        ...     [found] = memory.search("ada", "cello")
        >>> found.kind, found.turn_ids == (turn.id,)
        ('turn', True)
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        *,
        database_url: str | None = None,
        chroma_url: str | None = None,
        objects: ObjectStore | None = None,
        index_limit: int = DEFAULT_INDEX_LIMIT,
        fresh_index: Fresh = False,
        sight: Sight | None = None,
        asks: Mode | Literal[False] | None = None,
        own_words: Callable[[str], str] = str,
        brings_up: bool = True,
    ) -> None:
        self.folder = folder
        self.counts = Counts()
        shared = bool(chroma_url and database_url and not database_url.startswith("sqlite"))
        self._owner = FolderLock(folder, shared=shared)
        try:
            self._database = Database(
                database_url or f"sqlite:///{folder / 'journal.db'}",
                shows_wish=wishes_in,
                migrates="if empty" if shared else "always",
            )
            self.looks = looks_at(self._database.obstacle, chroma_url, objects.check if objects else None)
            self.hosts = Hosts(self._database, folder) if shared else None
            self.leases = Leases(self._database, self.hosts) if self.hosts else None
            by_words = None if asks is False else Marker(topic_of, asks)
            by_meaning = None if asks is False else Marker(SensitiveClassifier(embedder).topic_of, asks)
            self._open_stores(by_words, by_meaning)
            self.dates = Dates(self._database, own_words, brings_up=brings_up)
            marker = (folder if chroma_url else folder / "chroma") / "index.json"
            renamed_users.follow(self._database, folder / "photos", marker)
            self.photos = PhotoStore(objects or FolderStore(folder), self._database)
            self._arrivals = Arrivals(self._database, self.photos, by_words)
            self.sight = sight = sight or Sight()
            self._indexes = IndexRecovery(
                folder, self._database, embedder, self.photos, sight, chroma_url=chroma_url, shared=shared, fresh=fresh_index
            )
            self._indexer = self._indexes.indexer
            ours = (self._indexes, objects, embedder.name, self.counts, index_limit)
            self._host_files = HostFiles(self._database, self.hosts, *ours) if self.hosts else None
            if self._host_files is not None:
                self.looks["purges"] = self._host_files.obstacle
            self._open_services(embedder, by_words)
        except BaseException:
            for part in (getattr(self, name, None) for name in ("_host_files", "_indexes", "leases", "hosts", "_database")):
                if part is not None:
                    part.close()
            self._owner.release()
            raise
        interrupted = self.fail_interrupted()
        if interrupted:
            _log.info("%d message(s) had no reply when the program last ended", interrupted)

    def _open_stores(self, by_words: Marker | None, by_meaning: Marker | None) -> None:
        self.journal = Journal(self._database, by_words)
        self.memories = Memories(self._database, by_meaning)
        self._edits = MemoryEdits(self._database, self.memories, by_meaning)
        self.approvals = Approvals(self._database, by_meaning, self.index)
        self.items = Items(self._database, by_meaning, self.index)
        self.browse = Browse(self._database)
        self.personality = PersonalityTimeline(self._database)
        self.api_keys = ApiKeys(self._database)
        self.consent = Consent(self._database, by_meaning)
        self.work = WorkQueue(self._database)
        self.refusals = Refusals(self._database)

    def _open_services(self, embedder: Embedder, by_words: Marker | None) -> None:
        purges = self._host_files.purges if self._host_files else None
        self._forgetting = Forgetting(self._database)
        self._purger = Purger(self._forgetting, self._database, self._indexes, self.photos, self.folder, purges, self.leases)
        self.deletion = UserDeletion(self._database, self._indexes, self.photos, self._purger, purges)
        imported = (self.folder / "imports", by_words, self._indexer, self._purger, self.leases)
        self.imports = Imports(self._database, self.photos, *imported)
        if self.hosts is None:
            self.photos.sweep(FolderStore(self.folder))
            self.imports.sweep()
        self._archives = Archives(self._database, self.photos, self.folder)
        words = self._indexes.search
        self.photo_search = PhotoSearch(self._indexes.pictures, self.photos, self.memories, words, self.sight)
        parts = SearchParts(self.journal, self.memories, words, embedder, self.photo_search)
        self.retriever = Retriever(parts)
        in_chroma = ChromaSearch(self._database, self._indexes.chroma, parts, self._indexer.not_copied)
        self._searches = Searches(parts, self._indexes, self.retriever, in_chroma, self.counts)
        self.threads = Threads(self._database, by_words, self._searches.in_turns, self._searches.bring_up)
        self.offers = Offers(self._database, self._forgetting, self._searches.in_turns, self._searches)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(
        self,
        user_id: str,
        text: str,
        pictures: Sequence[Picture] = (),
        *,
        photo_ids: Sequence[str] = (),
        time: datetime | None = None,
        zone: str | None = None,
        origin: str | None = None,
        arrived: datetime | None = None,
    ) -> Turn:
        """Store a message with its pictures and return its turn; see `Arrivals.receive`, and `Threads.say` for `arrived`."""
        if origin is not None:
            return self._arrivals.receive_at(self.threads, origin, user_id, text, pictures, time=time, arrived=arrived)
        return self._arrivals.receive(user_id, text, pictures, photo_ids=photo_ids, time=time, zone=zone)

    def ingest_turn(self, user_id: str, time: datetime, text: str, reply: str, photo_ids: Sequence[str] = ()) -> Turn | None:
        """Import one turn with its reply. The session is not ended, so more turns can follow; see `Arrivals.ingest_turn`."""
        return self._arrivals.ingest_turn(user_id, time, text, reply, photo_ids)

    def ingest(self, user_id: str, lines: Sequence[Line], pictures: Mapping[str, Callable[[], Picture]] | None = None) -> int:
        """Import a transcript; if a line is invalid, import nothing. Return the number of new lines; see `Arrivals.ingest`."""
        return self._arrivals.ingest(user_id, self.consent.without_unkept(user_id, lines), pictures or {})

    def search_by_kind(self, user_id: str, query: Query, limits: SearchLimits | None = None) -> SearchResult:
        """Search for a turn, one type of memory after the other; see `Searches.by_kind`."""
        return self._searches.by_kind(user_id, query, limits)

    def search_jointly(self, user_id: str, query: Query, budget: SearchBudget | None = None) -> SearchResult:
        """Search all types at once, within one budget; see `Searches.jointly`."""
        return self._searches.jointly(user_id, query, budget)

    def locate_in_photos(self, user_id: str, photo_ids: Sequence[str], name: str) -> tuple[str, Box | None] | None:
        """Return which stored picture shows a named thing, and its box; None if no model can decide (`Sight.locate`)."""
        return self.photo_search.locate(user_id, photo_ids, name)

    def similar_facts(self, user_id: str, memory: SemanticMemory) -> tuple[list[ScoredFact], list[ScoredFact]]:
        """Return the facts that the new fact may repeat or supersede; and the later facts that may do so to the new fact."""
        return self._searches.similar_facts(user_id, memory)

    def search(self, user_id: str, text: str, *, kind: str | None = None, limit: int = 10) -> list[Recalled]:
        """Return the `limit` best memories for a person's search text, of one type or of all; see `Searches.by_words`."""
        return self._searches.by_words(user_id, text, kind=kind, limit=limit)

    def index(self, user_id: str) -> int:
        """Index one user's new and changed rows, and return how many there were."""
        return self._index(user_id, at_least=1)

    def index_soon(self, user_id: str) -> int:
        """Like `index`, but write to Chroma only once several entries have changed (docs/decisions/032)."""
        return self._index(user_id, at_least=_CHROMA_BATCH_ENTRIES)

    def _index(self, user_id: str, *, at_least: int) -> int:
        def _run() -> int:
            rows = self._indexer.run(user_id)
            self._indexer.mirror(user_id, at_least=at_least)
            self.dates.fill(user_id)
            if self._host_files is not None:
                self._host_files.save_soon(user_id)
            return rows

        return self._indexes.recovering(_run)

    def follow(self, user_id: str) -> None:
        """Where several hosts share the journal: bring this host's index file of a user up to it, in the background."""
        if self._host_files is not None:
            self._indexes.follower.ask(user_id)

    def catch_up(self) -> int:
        """Index, for all users, what no search waits for, such as new photos; return the number of rows."""
        if self._host_files is not None:
            return self._host_files.catch_up(self.dates)
        return sum(self.index(user_id) for user_id in {*self._indexer.behind(), *self.dates.behind()})

    def reindex(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Rebuild the indexes from the journal, without calling the chat model, and return the number of rows."""
        return self._indexer.rebuild(on_progress)

    def edit(self, user_id: str, memory_id: str, text: str) -> MemoryRecord:
        """Replace a memory's text; a search finds the new text at once."""
        record = self._edits.edit(user_id, memory_id, text)
        self.index(user_id)
        return record

    def set_profile(self, user_id: str, key: str, value: str, time: datetime) -> MemoryRecord:
        """Set one line of the profile to what the person wrote."""
        record = self._edits.set_profile(user_id, key, value, time)
        self.index(user_id)
        return record

    def outdate(self, user_id: str, memory_id: str, time: datetime) -> MemoryRecord | None:
        """Mark a memory as no longer true from `time` on; see `MemoryEdits.outdate`."""
        record = self._edits.outdate(user_id, memory_id, time)
        self.index(user_id)
        return record

    def forget(
        self, user_id: str, subject: str, *, now: bool = False, personality_too: bool = False, together: Together | None = None
    ) -> Cascade | ForgetReceipt:
        """Forget a memory, a message or a photo with its cascade, and return the cascade; with `now`, the receipt.

        Args:
            user_id: The user.
            subject: The id of the memory, message or photo.
            now: Purge it immediately.
            personality_too: Also remove the effect of the forgotten messages from the personality timeline, for good.
            together: Further things that are forgotten, restored and purged together with the subject.

        Raises:
            NotFound: The user has nothing with that id.
        """
        self.index(user_id)
        user_id = user_name(user_id)
        if now and (user_id, subject) in self._forgetting.due():
            # It was forgotten a moment ago, or an earlier purge was interrupted: purge it without waiting 10 minutes.
            return self._purge([(user_id, subject)])[0]
        in_turns = partial(self._searches.in_turns, user_id)
        affected = self._forgetting.soft_delete(user_id, subject, in_turns, personality_too=personality_too, together=together)
        self.index(user_id)
        return self._purge([(user_id, subject)])[0] if now else affected

    def undo(self, user_id: str, subject: str) -> MemoryRecord | None:
        """Restore something forgotten that is not purged yet, or undo the replacement of a fact by a newer one.

        Returns:
            The memory; None if a message or a photo was restored.

        Raises:
            NotFound: It was purged, or never existed.
            NothingToUndo: It is neither forgotten nor replaced, and replaced nothing.
        """
        back = self._forgetting.undo(user_id, subject)
        record = None
        if not back or self.memories.entries(user_id, ids=[subject], include_pending=True):
            record = self.memories.get(user_id, subject) if back else self._edits.undo(user_id, subject)
        self.index(user_id)
        return record

    def reject(self, user_id: str, name: str, *, now: bool = False) -> Cascade | ForgetReceipt:
        """Forget a message that is pending approval, with its cascade, or raise NotFound; see `forget`."""
        return self.forget(user_id, self.approvals.turn_of(user_id, name), now=now)

    def fail_interrupted(self, user_id: str | None = None) -> int:
        """Mark messages as failed if their process ended before the reply was complete; return how many.

        Where several processes share the journal: those of dead processes, of one user or of all (`Journal.fail_abandoned`).
        """
        if self.hosts is None:
            return self.journal.fail_interrupted()
        return self.journal.fail_abandoned(clock.instant() - _MAX_REPLY_TIME, user_id)

    def receipts(self, user_id: str) -> list[ForgetReceipt]:
        """Return the receipts of a user's purges, oldest first, with what each host did until now."""
        return self._purger.receipts(user_id)

    def purge_due(self) -> int:
        """Purge everything forgotten more than 10 minutes ago, and return how many things that were."""
        by_now = clock.instant() - UNDO_WINDOW
        receipts = self._purge(due) if (due := self._forgetting.due(by_now)) else []
        # A rewrite of profile or habits dropped these lines: no receipt is needed.
        dropped = self._edits.hidden(by_now)
        for user_id, memory_id in dropped:
            if self.hosts is None:
                self.index(user_id)
            self._edits.purge(user_id, memory_id)
        return len(receipts) + len(dropped)

    def _purge(self, due: Sequence[tuple[str, str]]) -> list[ForgetReceipt]:
        return self._indexes.recovering(lambda: self._purger.purge(due))

    def export_user(self, user_id: str, file: Path) -> dict[str, int]:
        """Export a user into one archive file, and return the counts; see `Archives.write`."""
        return self._archives.write(user_id, file)

    def import_user(self, file: Path) -> tuple[str, dict[str, int]]:
        """Import an archive; if it is invalid, import nothing. Return the user id and the counts; see `Archives.read`."""
        user_id, counts = self._archives.read(file)
        self.index(user_id)
        return user_id, counts

    def delete_user(self, user_id: str) -> dict[str, int]:
        """Delete a user from every store at once, and return the counts of what was deleted; see `UserDeletion`."""
        return self.deletion.delete(user_id)

    def left_of(self, user_id: str) -> dict[str, int]:
        """Count what each store still has of a deleted user; every count should be 0."""
        return self.deletion.left_of(user_id)

    def close(self) -> None:
        """Close the stores and release the folder for other processes."""
        if self._host_files is not None:
            self._host_files.close()
        self._indexes.close()
        if self.leases is not None:
            self.leases.close()
        if self.hosts is not None:
            self.hosts.close()
        self._database.close()
        self._owner.release()
