"""Loads the example person with the real journal and rules; the model's outputs come from `month.json`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from app.example import drawings, month
from app.example.month import Month, Said, Talk
from memory.archive.service import Archives
from memory.consent.consent_rule import Marker
from memory.consent.sensitive import topic_of
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.records import Episode, PersonalityPoint, PhotoMemory, Recalled, SemanticMemory, Step, Trace, Turn, make_id
from memory.facts.acceptance import Changes
from memory.memory import Memory
from memory.objects.folder import FolderStore
from memory.personality.pem import evolve
from memory.personality.timeline import PersonalityTimeline
from memory.photos.store import PhotoStore
from memory.storage.engine import Database
from memory.stores.arrivals import Arrivals
from memory.stores.journal import Journal
from memory.stores.memories import Memories

USER = "example"
_DAYS = 30
_WRITING_SHARE = 0.6
"""Share of the time for writing; the rest is for indexing."""
Progress = Callable[[float, str], object]


def load(memory: Memory, on_progress: Progress = lambda _share, _doing: None, *, now: datetime | None = None) -> dict[str, int]:
    """Load the example person completely or not at all; return counts of the content.

    The person is written to a temporary archive and then imported, so that no background work starts on a part.

    Args:
        memory: The memory.
        on_progress: Called with the done share, from 0 to 1, and the current activity.
        now: The month ends in the week before this time; None: now.

    Raises:
        InvalidInput: The example person already exists.
        StorageError: The data cannot be written.
    """
    if memory.journal.knows(USER):
        raise InvalidInput("The example person already exists. Choose that user, or delete it first to load it again.")
    example = month.read()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "example.zip"
        _write(example, Path(folder), archive, _first_monday(now or clock.now()), on_progress)
        on_progress(_WRITING_SHARE, "Making it searchable")
        _, counts = memory.import_user(archive)
    on_progress(1.0, "Ready")
    return counts


def _first_monday(now: datetime) -> datetime:
    """Return a Monday about a month ago, so that weekdays match those in the conversations."""
    day = now - timedelta(days=_DAYS)
    return day - timedelta(days=day.weekday())


def _write(example: Month, folder: Path, archive: Path, first: datetime, on_progress: Progress) -> None:
    database = Database(f"sqlite:///{folder / 'journal.db'}")
    try:
        photos = PhotoStore(FolderStore(folder), database)
        writer = _Writer(database, photos, example)
        for number, talk in enumerate(example.sessions):
            on_progress(_WRITING_SHARE * number / len(example.sessions), f"Day {talk.day + 1} of {_DAYS}")
            writer.write(talk, first + timedelta(days=talk.day))
        Archives(database, photos, folder).write(USER, archive)
    finally:
        database.close()


class _Writer:
    """Writes the conversations in order."""

    def __init__(self, database: Database, photos: PhotoStore, example: Month) -> None:
        # Only the word rules decide what is sensitive, so the result is the same with every embedder.
        marker = Marker(topic_of, "each")
        self._arrivals = Arrivals(database, photos, marker)
        self._journal = Journal(database, marker)
        self._memories = Memories(database, marker)
        self._timeline = PersonalityTimeline(database)
        self._photos = photos
        self._shapes = example.pictures
        self._known: dict[str, Recalled] = {}

    def write(self, talk: Talk, day: datetime) -> None:
        """Write the messages of one day, the memories from each, and the summary of the conversation."""
        turns = []
        for said in talk.turns:
            time = day.replace(hour=said.at.hour, minute=said.at.minute, second=0, microsecond=0)
            turn = self._say(said, time)
            self._remember(said, turn)
            turns.append(turn)
        self._journal.end_session(USER)
        self._sum_up(talk, turns)

    def _say(self, said: Said, time: datetime) -> Turn:
        images = [self._photos.receive(USER, drawings.draw(self._shapes[said.picture.name]))] if said.picture else []
        turn = self._arrivals.receive(USER, said.said, photo_ids=images, time=time)
        found = tuple(self._known[name] for name in said.used)
        newest = self._timeline.newest(USER) or PersonalityPoint(turn_id=None, time=time)
        return self._journal.finish(
            turn.id, said.reply, trace=Trace(steps=_steps(said, found), memories=found, personality=newest.scores)
        )

    def _remember(self, said: Said, turn: Turn) -> None:
        last = self._timeline.newest(USER)
        m = last.m + 1 if last else 0
        before = last.scores if last else PersonalityPoint(turn_id=None, time=turn.time).scores
        point = PersonalityPoint(
            turn_id=turn.id, time=turn.time, inferred=said.inferred, scores=evolve(before, said.inferred, m), m=m
        )
        fact, changes = self._fact(said, turn)
        self._memories.commit_remember(USER, turn.id, point, fact, changes, self._photo_memories(said, turn))

    def _fact(self, said: Said, turn: Turn) -> tuple[SemanticMemory | None, Changes]:
        stated = said.fact
        if stated is None:
            return None, Changes()
        fact = SemanticMemory(
            id=make_id(USER, "semantic", turn.id), turn_id=turn.id, time=turn.time,
            content=stated.content, keywords=stated.keywords, photo_ids=turn.images,
        )  # fmt: skip
        changes = Changes(
            same_as=self._known[stated.same_as].id if stated.same_as else None,
            supersedes=tuple(self._known[name].id for name in stated.replaces),
        )
        self._known[stated.id] = Recalled(
            id=fact.id, kind="semantic", text=fact.content, time=fact.time, score=1.0, turn_ids=(turn.id,)
        )
        return fact, changes

    def _photo_memories(self, said: Said, turn: Turn) -> list[PhotoMemory]:
        shown = said.picture
        if shown is None:
            return []
        photo = PhotoMemory(
            id=make_id(USER, "photo", turn.id), turn_id=turn.id, photo_id=turn.images[0], time=turn.time,
            caption=shown.caption, category=shown.category, box=shown.box,
        )  # fmt: skip
        self._known[f"photo:{shown.name}"] = Recalled(
            id=photo.id, kind="photo", text=photo.told, time=photo.time, score=1.0, turn_ids=(turn.id,), photo_id=photo.photo_id
        )
        return [photo]

    def _sum_up(self, talk: Talk, turns: Sequence[Turn]) -> None:
        number = turns[0].session
        episodes = [
            Episode(
                id=make_id(USER, "episodic", number, ordinal), session=number, time=turns[topic.turns[0]].time,
                summary=topic.summary, keywords=topic.keywords, turn_ids=tuple(turns[place].id for place in topic.turns),
            )
            for ordinal, topic in enumerate(talk.topics)
        ]  # fmt: skip
        self._memories.commit_consolidation(
            USER, number, turns[-1].time, episodes=episodes, procedures=talk.habits, profile=talk.profile
        )


def _steps(said: Said, found: Sequence[Recalled]) -> tuple[Step, ...]:
    answer = Step(think="" if said.looked_for else said.think, action="answer")
    if not said.looked_for:
        return (answer,)
    retrieval = Step(think=said.think, action="retrieve", query=said.looked_for, memory_ids=tuple(one.id for one in found))
    return (retrieval, answer)
