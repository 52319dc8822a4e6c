"""Memory: the one door to everything that is known about the users of a data folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, Self

from sqlalchemy import delete

from memory.archive.service import Archives
from memory.browse.memories import Browse
from memory.consent.marks import Marker
from memory.consent.modes import Mode
from memory.consent.sensitive import topic_of
from memory.consent.sensitive_classifier import Judge
from memory.consent.training import Consent
from memory.core.errors import InvalidInput, NotFound, PersonaError
from memory.core.query import Found, Limits, Query, Room
from memory.core.records import Box, Line, PhotoMemory, Recalled, SemanticMemory, Turn
from memory.core.validation import check_text, user_name
from memory.embedding.text_embedder import Embedder
from memory.facts.acceptance import Near
from memory.forgetting import verify
from memory.forgetting.cascade import Cascade, Together
from memory.forgetting.offers import Offers
from memory.forgetting.purge import Purger, Receipt
from memory.forgetting.service import Forgetting
from memory.index import renamed_users
from memory.index.recovery import Indexes
from memory.personality.timeline import PersonalityTimeline
from memory.photos.image_file import Picture, open_upright
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight
from memory.search.photo_search import PhotoSearch
from memory.search.retriever import Retriever, SearchParts
from memory.storage.engine import Database
from memory.storage.folder_lock import FolderLock
from memory.storage.leases import Leases
from memory.storage.memory_rows import MemoryRecord
from memory.storage.refusals import Refusals
from memory.storage.schema import metadata, users
from memory.storage.tombstones import UNDO_WINDOW
from memory.storage.work_queue import WorkQueue
from memory.stores.approvals import Approvals
from memory.stores.arrivals import Arrivals
from memory.stores.journal import Journal
from memory.stores.memories import Memories
from memory.stores.threads import Threads
from memory.upcoming.date_rows import Dates

_log = logging.getLogger(__name__)
_ANOTHER_WRITES = timedelta(minutes=10)
"""A message without a reply is younger than this while another process answers it."""
_TOGETHER = 48
"""Turns and facts that are written to Chroma at once: each write holds all of Python for 10 ms and more."""
_FEW = 12
"""Facts that are compared one by one, as they are not indexed yet."""
SEARCHABLE = ("core", "semantic", "episodic", "procedural", "photo")


class Memory:
    """Opens the stores of a data folder and keeps them in step.

    Args:
        folder: The data folder; made when missing.
        embedder: Makes the vectors.
        database_url: SQL elsewhere than in the folder.
        chroma_url: A Chroma server instead of files in the folder. With both on servers, processes may share the folder.
        sight: What finds pictures again by what they show; None: they are found by what was said of them.
        asks: What is done with what is sensitive, for everybody here; None: as each person chose; False: nothing is judged,
            as nobody said it (a benchmark).
        own_words: Cuts out of a message what its person pasted or quoted.
        brings_up: Replies may tell of what is coming up by themselves, unless the person says no.
        fresh_index: Throw the indexes of this folder away first, whatever their state, and mark all rows to be indexed.

    Raises:
        FolderInUse: Another process owns the folder.
        StorageError: A store cannot be opened.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        *,
        database_url: str | None = None,
        chroma_url: str | None = None,
        fresh_index: bool = False,
        sight: Sight | None = None,
        asks: Mode | Literal[False] | None = None,
        own_words: Callable[[str], str] = str,
        brings_up: bool = True,
    ) -> None:
        self.folder = folder
        shared = bool(chroma_url and database_url and not database_url.startswith("sqlite"))
        self._owner = FolderLock(folder, shared=shared)
        try:
            self._database = Database(database_url or f"sqlite:///{folder / 'journal.db'}")
            # Several processes may be at it: each does the work of the users whose lease it holds.
            self.leases = Leases(self._database) if shared else None
            by_words, by_meaning = (
                (None, None) if asks is False else (Marker(topic_of, asks), Marker(Judge(embedder).topic_of, asks))
            )
            self.journal = Journal(self._database, by_words)
            self.memories = Memories(self._database, by_meaning)
            self.approvals = Approvals(self._database)
            self.browse = Browse(self._database)
            self.personality = PersonalityTimeline(self._database)
            self.consent = Consent(self._database, by_meaning)
            self.dates = Dates(self._database, own_words, brings_up=brings_up)
            self.work = WorkQueue(self._database)
            self.refusals = Refusals(self._database)
            renamed_users.follow(
                self._database, folder / "photos", (folder if chroma_url else folder / "chroma") / "index.json"
            )
            self.photos = PhotoStore(folder / "photos", self._database)
            if not shared:
                self.photos.sweep()
            self._arrivals = Arrivals(self.journal, self.photos)
            self.sight = sight or Sight()
            self._indexes = Indexes(
                folder,
                self._database,
                embedder,
                self.photos,
                self.sight,
                chroma_url=chroma_url,
                shared=shared,
                fresh=fresh_index,
            )
            self._projection = self._indexes.projection
            self.forgetting = Forgetting(self._database)
            self._purger = Purger(self.forgetting, self._database, self._indexes, self.photos, folder)
            self._archives = Archives(self._database, self.photos, folder)
            words = self._indexes.search
            self.threads = Threads(self._database, self.journal, lambda user_id: partial(words.in_turns, user_id))
            self.seen = PhotoSearch(self._indexes.pictures, self.photos, self.memories, words, self.sight)
            self.retriever = Retriever(SearchParts(self.journal, self.memories, words, embedder, self.seen))
            self.offers = Offers(self._database, self.forgetting, words.in_turns, self.retriever.near)
        except BaseException:
            for part in (getattr(self, name, None) for name in ("leases", "_indexes", "_database")):
                if part is not None:
                    part.close()
            self._owner.release()
            raise
        interrupted = self.fail_interrupted()
        if interrupted:
            _log.info("%d message(s) had no reply when the program last ended", interrupted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(
        self, user_id: str, text: str, pictures: Sequence[Picture], *, time: datetime | None = None, zone: str | None = None
    ) -> Turn:
        """Write down a message with its pictures; one that is refused leaves none of them behind.

        Raises:
            PersonaError: As `Journal.receive` and `PhotoStore.keep`.
        """
        return self._arrivals.receive(user_id, text, pictures, time=time, zone=zone)

    def ingest(self, user_id: str, lines: Sequence[Line], pictures: Mapping[str, Callable[[], Picture]] | None = None) -> int:
        """Take a transcript in whole, or nothing of it; returns how many lines were added. See `Arrivals.ingest`."""
        return self._arrivals.ingest(user_id, self.consent.without_unkept(user_id, lines), pictures or {})

    def find(self, user_id: str, query: Query, limits: Limits | None = None) -> Found:
        """Search type by type for a turn, with everything that was journaled by now."""
        return self._found(user_id, query, lambda: self.retriever.find(user_id, query, limits))

    def evidence(self, user_id: str, query: Query, room: Room | None = None) -> Found:
        """Search all types at once, as `find` does type by type; a history that fits is returned whole (`Room.whole`)."""
        room = room or Room()
        if room.whole and not query.seen and (whole := self.retriever.whole(user_id, query, room.whole)):
            return whole
        return self._found(user_id, query, lambda: self.retriever.evidence(user_id, query, room))

    def _found(self, user_id: str, query: Query, search: Callable[[], Found]) -> Found:
        if not self.journal.knows(user_id):
            # A search makes no files: off the record, a new user leaves nothing behind.
            return Found(())

        def _searched() -> Found:
            # What the prompt shows need not be found.
            self._projection.run(user_id, pictures=False, shown=query.talk)
            return search()

        return self._indexes.mended(_searched)

    def look_for(self, user_id: str, photo_ids: Sequence[str], name: str) -> tuple[str, Box | None] | None:
        """Say in which of some stored pictures a named thing is, and where in it; None where nothing can tell."""
        pictures = {}
        for photo_id in photo_ids:
            with suppress(PersonaError):
                pictures[photo_id] = open_upright(self.photos.original(user_id, photo_id))
        return self.sight.look_for(pictures, name)

    def alike(self, user_id: str, memory: SemanticMemory) -> tuple[list[Near], list[Near]]:
        """Return the facts that a new one may repeat or replace, and those of a later time that may do so to it."""
        besides = self.memories.not_indexed(user_id)
        if len(besides) >= _FEW:
            # A whole index that is made anew, say: not one fact after another.
            self.index(user_id)
            besides = []
        return self._indexes.mended(lambda: self.retriever.alike(user_id, memory, besides))

    def search(self, user_id: str, text: str, *, kind: str | None = None, limit: int = 10) -> list[Recalled]:
        """Search as a person does: the best of one type or of all, best first.

        Raises:
            InvalidInput: The text is empty, longer than a message, or not valid Unicode.
        """
        if not text.strip():
            raise InvalidInput("Say what to look for: some words.")
        check_text(text)
        if not self.journal.knows(user_id):
            return []

        def _search() -> list[Recalled]:
            self._projection.run(user_id)
            # Where the indexes are made anew, Chroma is too.
            self._projection.mirror(user_id, at_least=_TOGETHER)
            return self.retriever.search(user_id, text, [kind] if kind else SEARCHABLE, limit)

        return self._indexes.mended(_search)

    def index(self, user_id: str) -> int:
        """Bring the indexes up to the journal for one user; returns how many rows were new."""
        return self._index(user_id, at_least=1)

    def index_soon(self, user_id: str) -> int:
        """Have a user's new turns and facts found, and bring Chroma up to it once there are several (docs/decisions/032)."""
        return self._index(user_id, at_least=_TOGETHER)

    def _index(self, user_id: str, *, at_least: int) -> int:
        def _run() -> int:
            rows = self._projection.run(user_id)
            self._projection.mirror(user_id, at_least=at_least)
            self.dates.fill(user_id)
            return rows

        return self._indexes.mended(_run)

    def catch_up(self) -> int:
        """Index what no search waits for: photos that nothing has looked at yet; returns how many rows."""
        return sum(self.index(user_id) for user_id in {*self._projection.behind(), *self.dates.behind()})

    def reindex(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Make the indexes anew from the journal, without asking a model; returns how many rows."""
        return self._projection.rebuild(on_progress)

    def edit(self, user_id: str, memory_id: str, text: str) -> MemoryRecord:
        """Replace a memory's text; found under the new one at once."""
        record = self.memories.edit(user_id, memory_id, text)
        self.index(user_id)
        return record

    def set_profile(self, user_id: str, key: str, value: str, time: datetime) -> MemoryRecord:
        """Write a line of the profile as the person says it."""
        record = self.memories.set_profile(user_id, key, value, time)
        self.index(user_id)
        return record

    def outdate(self, user_id: str, memory_id: str, time: datetime) -> MemoryRecord | None:
        """Say that a memory was true until now; see `Knowledge.outdate`."""
        record = self.memories.outdate(user_id, memory_id, time)
        self.index(user_id)
        return record

    def forget(
        self, user_id: str, subject: str, *, now: bool = False, personality_too: bool = False, together: Together | None = None
    ) -> Cascade | Receipt:
        """Hide a memory, a message or a picture at once, with all that tells of it; it is purged 10 minutes later.

        Args:
            user_id: Whose.
            subject: The id of any of these.
            now: Purge it right away.
            personality_too: Take what the forgotten messages did to the personality out of its history, for good.
            together: What is forgotten, brought back and purged with it.

        Returns:
            How far it reaches; with `now`, the receipt.

        Raises:
            NotFound: The user has nothing of that id.
        """
        self.index(user_id)
        user_id = user_name(user_id)
        if now and (user_id, subject) in self.forgetting.due():
            # Forgotten a moment ago, or not purged to the end: whoever changes their mind need not wait.
            return self._purge([(user_id, subject)])[0]
        in_turns = partial(self._indexes.search.in_turns, user_id)
        reach = self.forgetting.hide(user_id, subject, in_turns, personality_too=personality_too, together=together)
        self.index(user_id)
        return self._purge([(user_id, subject)])[0] if now else reach

    def undo(self, user_id: str, subject: str) -> MemoryRecord | None:
        """Bring back what was forgotten, while it is not purged, or take back what a newer fact did to a memory.

        Returns:
            The memory; None where a message or a picture was brought back.

        Raises:
            NotFound: It has been purged, or never was.
            InvalidInput: Nothing was done to it.
        """
        back = self.forgetting.undo(user_id, subject)
        record = None
        if not back or self.memories.entries(user_id, ids=[subject], held=True):
            record = self.memories.get(user_id, subject) if back else self.memories.undo(user_id, subject)
        self.index(user_id)
        return record

    def approve(self, user_id: str, name: str) -> str:
        """Remember a message that was held, with what was taken from it, like any other; returns the message's id.

        Raises:
            NotFound: Nothing of that id waits.
        """
        turn_id = self.approvals.approve(user_id, name)
        self.index(user_id)
        return turn_id

    def reject(self, user_id: str, name: str, *, now: bool = False) -> Cascade | Receipt:
        """Forget a message that was held, with all that tells of it; see `forget`.

        Raises:
            NotFound: Nothing of that id waits.
        """
        return self.forget(user_id, self.approvals.turn_of(user_id, name), now=now)

    def fail_interrupted(self) -> int:
        """Mark messages whose reply died with the process that wrote it; returns how many."""
        return self.journal.fail_interrupted(None if self.leases is None else datetime.now(UTC) - _ANOTHER_WRITES)

    def purge_due(self) -> int:
        """Purge what was forgotten more than 10 minutes ago; returns how many things."""
        by_now = datetime.now(UTC) - UNDO_WINDOW
        receipts = self._purge(due) if (due := self.forgetting.due(by_now)) else []
        # What a rewrite of a set dropped: nobody asked for a receipt.
        dropped = self.memories.hidden(by_now)
        for user_id, memory_id in dropped:
            self.index(user_id)
            self.memories.purge(user_id, memory_id)
        return len(receipts) + len(dropped)

    def _purge(self, due: Sequence[tuple[str, str]]) -> list[Receipt]:
        return self._indexes.mended(lambda: self._purger.purge(due))

    def export_user(self, user_id: str, file: Path) -> dict[str, int]:
        """Write everything of a user into one archive; see `Archives.write`."""
        return self._archives.write(user_id, file)

    def import_user(self, file: Path) -> tuple[str, dict[str, int]]:
        """Take in an archive whole, or nothing of it; returns the user and the counts. See `Archives.read`."""
        user_id, counts = self._archives.read(file)
        self.index(user_id)
        return user_id, counts

    def delete_user(self, user_id: str) -> dict[str, int]:
        """Delete everything of a user at once, in every store; returns what there was.

        Raises:
            NotFound: There is no such user.
        """
        user_id = user_name(user_id)
        if user_id not in {row["id"] for row in self.journal.users()}:
            raise NotFound(f"There is no user {user_id!r}. `persona user list` shows who there is.")
        receipt = {
            "turns": len(self.journal.turns(user_id)),
            "memories": sum(not isinstance(one, PhotoMemory) for one in self.memories.entries(user_id, held=True)),
            "photos": len(self.photos.list(user_id)),
        }
        self.photos.delete_user(user_id)
        with self._database.write() as connection:
            for table in metadata.sorted_tables:
                column = table.c.id if table is users else table.c.user_id
                connection.execute(delete(table).where(column == user_id))
        self._projection.delete_user(user_id)
        self._purger.compact()
        return receipt

    def left_of(self, user_id: str) -> dict[str, int]:
        """Look into every store for a user who was deleted; all zeros is as it should be."""
        with self._database.read() as connection:
            rows = verify.rows_of(connection, user_id)
        return {
            "journal": rows,
            "vectors": self._indexes.chroma.collections_of(user_id),
            "words": self._indexes.search.files.files_of(user_id),
            "pictures": self.photos.files_of(user_id),
        }

    def close(self) -> None:
        """Close the stores and let another process have the folder."""
        if self.leases is not None:
            self.leases.close()
        self._indexes.close()
        self._database.close()
        self._owner.release()
