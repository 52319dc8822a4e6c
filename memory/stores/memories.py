"""What was made of the conversation: memories of the four types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from memory.consent import derived_marks
from memory.consent.marks import Marker
from memory.consent.sensitive import Topic
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import (
    BigFive,
    CoreProfile,
    Episode,
    PersonalityPoint,
    PhotoMemory,
    ProfileEntry,
    SemanticMemory,
    TurnState,
    make_id,
)
from memory.core.retry import Again
from memory.core.validation import user_name
from memory.facts import supersession_rows
from memory.facts.acceptance import Changes
from memory.facts.profile_validity import as_it_holds, may_be_untrue
from memory.forgetting import service as forgetting
from memory.forgetting import soft_delete
from memory.personality import timeline
from memory.storage import memory_rows, rewrites, tombstones, user_rows, work_queue
from memory.storage.engine import Database
from memory.storage.memory_rows import MemoryRecord, to_record
from memory.storage.schema import memories, sessions, turns
from memory.stores import approvals, corrections, extracted

_LONGEST = 2_000

_SHOWN = memories.c.hidden_at.is_(None) & memories.c.held.is_(None)
_MINE = memories.c.user_id == bindparam("user")
_IN_TIME = select(memories).order_by(memories.c.at, memories.c.id)
_OF_USER, _OF_KIND = _IN_TIME.where(_MINE), _IN_TIME.where(_MINE, memories.c.kind == bindparam("its_kind"))
_BY_IDS = _IN_TIME.where(memories.c.id.in_(bindparam("ids", expanding=True)))
_TOPICS = (
    select(memories.c.id, memories.c.extra)
    .where(_MINE, _SHOWN, memories.c.kind == "episodic", memories.c.source.in_(bindparam("sessions", expanding=True)))
    .order_by(memories.c.at, memories.c.id)
)
_NOT_INDEXED = (
    select(memories)
    .where(_MINE, _SHOWN, memories.c.revision != memories.c.indexed_revision, memories.c.kind == "semantic")
    .order_by(memories.c.indexed_revision)
)
_TEXT = select(turns.c.text).where(turns.c.id == bindparam("turn"))
_REMEMBERED = update(turns).where(turns.c.id == bindparam("turn")).values(pending=False)
_GONE = (
    select(turns.c.id)
    .where(turns.c.id.in_(bindparam("ids", expanding=True)), turns.c.state.in_((TurnState.FORGOTTEN, TurnState.REPLACED)))
    .limit(1)
)


class Memories:
    """Memories of all users. Every public method is one transaction.

    Args:
        database: Where they stand.
        marker: Says what sensitive thing a text tells of, and whether it is pending approval then. None: nothing is judged.
    """

    def __init__(self, database: Database, marker: Marker | None = None) -> None:
        self._db = database
        self._marker = marker

    def commit_remember(
        self,
        user_id: str,
        turn_id: str,
        point: PersonalityPoint | None,
        memory: SemanticMemory | None,
        changes: Changes | None = None,
        photos: Sequence[PhotoMemory] = (),
        *,
        again: Again | None = None,
        before: BigFive | None = None,
    ) -> bool:
        """Commit what one turn taught, strike the work, and mark the turn as remembered; twice changes nothing.

        Args:
            user_id: Whose turn.
            turn_id: The turn.
            point: The personality after it; None: none of this, where some steps are done again.
            memory: What it said about the person.
            changes: What that does to older memories.
            photos: What was seen in its pictures.
            again: Some steps of a turn that was remembered without them.
            before: The scores that the point was made from.

        Returns:
            False where it turned out to be sensitive, and its person keeps nothing of that kind: nothing was committed, and
            the turn is to be forgotten.
        """
        # Before the transaction: others wait for that one.
        topic = self._topic_of(turn_id, [memory.content if memory else "", *(photo.caption for photo in photos)])
        with self._db.write() as connection:
            if not user_rows.is_known(connection, user_id, hold=True):
                return True
            if _any_gone(connection, [turn_id]):
                # While the model was asked about it.
                work_queue.done(connection, user_id, "remember", turn_id)
                return True
            if self._marker and approvals.drops(connection, user_id, turn_id, topic, self._marker):
                return False
            remembered = work_queue.is_remembered(connection, user_id, turn_id)
            if again is not None:
                extracted.correct(connection, user_id, turn_id, point, changes, again)
            elif point is not None and not remembered:
                timeline.add_turn(connection, user_id, point, before)
            if not remembered or (again is not None and (memory is not None or photos)):
                marks = approvals.judged(connection, user_id, turn_id, topic, self._marker) if self._marker else (None, None)
                extracted.put(connection, user_id, turn_id, memory, changes or Changes(), photos, *marks)
            connection.execute(_REMEMBERED, {"turn": turn_id})
            work_queue.done(connection, user_id, "remember", turn_id)
            if again is not None and again.read:
                _sum_up_with(connection, user_id, turn_id)
        return True

    def _topic_of(self, turn_id: str, taken: Sequence[str]) -> Topic | None:
        """Judge a message, and what was taken from it."""
        if self._marker is None:
            return None
        with self._db.glance() as connection:
            text = connection.execute(_TEXT, {"turn": turn_id}).scalar() or ""
        return next((topic for topic in map(self._marker.judge, [text, *taken]) if topic), None)

    def commit_consolidation(
        self,
        user_id: str,
        session: int,
        time: datetime,
        *,
        episodes: Sequence[Episode],
        procedures: Mapping[str, str] | None,
        profile: Mapping[str, str] | None,
        begun: datetime | None = None,
        older: bool = False,
    ) -> None:
        """Commit what a session amounts to, and strike the work; twice changes nothing.

        Args:
            user_id: Whose session.
            session: Its number.
            time: When it ended, in its zone.
            episodes: Its topics; they replace those of an earlier try.
            procedures: The new set of habits and goals; None leaves them as they are. Edited ones stay.
            profile: The rewritten profile; None leaves it as it is. Edited entries stay.
            begun: When what the model was told was read; where something was forgotten since, the work stays to be done anew.
            older: A session of a later time has been consolidated: this one adds to the sets, and takes no newer line's place.
        """
        kept = [*self.entries(user_id, kind="core"), *self.entries(user_id, kind="procedural")]
        with self._db.glance() as connection:
            told = derived_marks.told_in(connection, user_id, session)
        lines = {**(profile or {}), **(procedures or {})}
        marks = derived_marks.line_marks(lines, kept, told, self._marker.judge) if self._marker else {}
        with self._db.write() as connection:
            if not user_rows.is_known(connection, user_id, hold=True):
                return
            late = begun is not None and tombstones.anything_since(connection, user_id, begun)
            if late or _any_gone(connection, [name for episode in episodes for name in episode.turn_ids]):
                # While the model was asked: what it wrote tells of it. The work stays, and is done without it.
                work_queue.drop_outputs(connection, user_id, str(session))
                return
            for episode in episodes:
                if not tombstones.is_forgotten(connection, user_id, episode.id):
                    extra = {"turn_ids": list(episode.turn_ids), "session": session}
                    said, mark = (episode, episode.summary, episode.keywords, extra), derived_marks.topic_mark(episode, told)
                    memory_rows.put(connection, user_id, "episodic", str(session), *said, sensitive=mark)
            if procedures is not None:
                before = memory_rows.replace_set(
                    connection, user_id, "procedural", session, time, procedures, older=older, marks=marks
                )
                rewrites.keep(connection, user_id, session, "procedural", before, _unmarked(procedures, marks))
            if profile is not None:
                before = memory_rows.replace_set(connection, user_id, "core", session, time, profile, older=older, marks=marks)
                rewrites.keep(connection, user_id, session, "core", before, _unmarked(profile, marks))
            ended = (sessions.c.user_id == user_id) & (sessions.c.number == session)
            connection.execute(update(sessions).where(ended).values(summed_up=True))
            work_queue.done(connection, user_id, "consolidate", str(session))

    def profile(self, user_id: str) -> CoreProfile:
        """Return the core profile as it holds now: without what a newer fact made untrue since it was written."""
        entries = [entry for entry in self.entries(user_id, kind="core") if isinstance(entry, ProfileEntry)]
        written = [entry.time for entry in entries if may_be_untrue(entry)]
        if written:
            with self._db.glance() as connection:
                entries = as_it_holds(entries, supersession_rows.replaced(connection, user_id, min(written)))
        return CoreProfile(entries=tuple(entries))

    def entries(
        self, user_id: str, *, kind: str | None = None, ids: Iterable[str] | None = None, held: bool = False
    ) -> list[MemoryRecord]:
        """Return the user's memories, oldest first; without hidden ones; with `held`, those that wait for a word too."""
        # By ids alone where they are known: with more to go by, SQLite reads every row of the user to find a few.
        query = _OF_USER if kind is None else _OF_KIND
        given: dict[str, Any] = {"user": user_id} if kind is None else {"user": user_id, "its_kind": kind}
        if ids is not None:
            query, given = _BY_IDS, {"ids": list(ids)}
        with self._db.glance() as connection:
            rows = connection.execute(query, given).all()
            name = user_name(user_id)
            mine = [row for row in rows if row.user_id == name and row.hidden_at is None and (held or row.held is None)]
            return corrections.marked(connection, user_id, [to_record(row) for row in mine if kind in (None, row.kind)])

    def topics(self, user_id: str, sessions: Iterable[int], turn_ids: AbstractSet[str]) -> dict[str, tuple[str, ...]]:
        """Return the turns of those topics of these sessions that one of the given turns is in, by the topic's id."""
        given = {"user": user_id, "sessions": [str(number) for number in sessions]}
        with self._db.glance() as connection:
            rows = connection.execute(_TOPICS, given).all()
        found = {row.id: tuple(row.extra["turn_ids"]) for row in rows}
        return {name: turns for name, turns in found.items() if not turn_ids.isdisjoint(turns)}

    def not_indexed(self, user_id: str) -> list[SemanticMemory]:
        """Return the facts that no search finds yet."""
        with self._db.glance() as connection:
            records = [to_record(row) for row in connection.execute(_NOT_INDEXED, {"user": user_id})]
        return [record for record in records if isinstance(record, SemanticMemory)]

    def newer_than(self, user_id: str, time: datetime) -> bool:
        """Say whether a fact was said after a time."""
        with self._db.glance() as connection:
            return memory_rows.any_fact_since(connection, user_id, time)

    def said_again(self, user_id: str, ids: Sequence[str]) -> list[SemanticMemory]:
        """Return what only repeats these facts."""
        with self._db.glance() as connection:
            again = connection.execute(select(memories.c.id).where(memories.c.same_as.in_(ids))).scalars().all()
        found = self.entries(user_id, kind="semantic", ids=again) if again else []
        return [record for record in found if isinstance(record, SemanticMemory)]

    def linked(self, user_id: str, facts: Sequence[SemanticMemory]) -> list[SemanticMemory]:
        """Return what these facts replaced, and what replaced them."""
        newer = [fact.superseded_by for fact in facts if fact.superseded_by]
        either = memories.c.id.in_(newer) | memories.c.superseded_by.in_([fact.id for fact in facts])
        with self._db.glance() as connection:
            # By nothing else: SQLite would read every row of the user, or that is not hidden (86 ms), instead of two indexes.
            rows = connection.execute(select(memories).where(either)).all()
            name = user_name(user_id)
            shown = [row for row in rows if row.user_id == name and row.hidden_at is None and row.held is None]
            records = corrections.marked(connection, user_id, [to_record(row) for row in shown])
        return [record for record in records if isinstance(record, SemanticMemory)]

    def get(self, user_id: str, memory_id: str) -> MemoryRecord:
        """Return one memory, or raise NotFound."""
        found = self.entries(user_id, ids=[memory_id], held=True)
        if not found:
            raise NotFound(f"There is no memory {memory_id!r} of this user. `persona memory list` shows their ids.")
        return found[0]

    def edit(self, user_id: str, memory_id: str, text: str) -> MemoryRecord:
        """Replace a memory's text by what the person wrote; a later rewrite keeps it.

        Raises:
            InvalidInput: The text is empty.
            NotFound: The user has no such memory.
        """
        if not text.strip():
            raise InvalidInput("A memory cannot be empty. To remove it, forget it.")
        _check_length(text)
        mine = (memories.c.user_id == user_id) & (memories.c.id == memory_id) & memories.c.hidden_at.is_(None)
        # Before the transaction: others wait for that one.
        mark = self._marker.judge(text) if self._marker else None
        with self._db.write() as connection:
            row = connection.execute(select(memories).where(mine)).first()
            if row is None:
                raise NotFound(f"There is no memory {memory_id!r} of this user. `persona memory list` shows their ids.")
            extra = corrections.noted(connection, row, text)
            values = {"text": text, "edited": True, "extra": extra, "revision": memories.c.revision + 1}
            values["sensitive"] = row.sensitive or mark
            connection.execute(update(memories).where(mine).values(values))
            # It says something of its own now, whatever it repeated before.
            supersession_rows.part(connection, user_id, memory_id)
        return self.get(user_id, memory_id)

    def outdate(self, user_id: str, memory_id: str, time: datetime) -> MemoryRecord | None:
        """Say that a memory was true until now: a fact is kept as what was, a line of profile or habits is dropped.

        Both can be undone, the latter for 10 minutes.

        Returns:
            The fact as it stands now; None where a line was dropped.

        Raises:
            NotFound: The user has no such memory.
            InvalidInput: It tells of something at a time (a topic, a picture): that stays as it was.
        """
        record = self.get(user_id, memory_id)
        if isinstance(record, Episode | PhotoMemory):
            raise InvalidInput("What was talked of, or seen, stays true of its time. Edit what it says, or forget it.")
        with self._db.write() as connection:
            if isinstance(record, SemanticMemory):
                supersession_rows.part(connection, user_id, memory_id)
                supersession_rows.supersede(connection, user_id, memory_id, time, [memory_id])
            else:
                memory_rows.drop(connection, memory_id, datetime.now(UTC))
        return self.get(user_id, memory_id) if isinstance(record, SemanticMemory) else None

    def set_profile(self, user_id: str, key: str, value: str, time: datetime) -> MemoryRecord:
        """Write a line of the profile as the person says it; a later rewrite keeps it.

        Raises:
            InvalidInput: Key or value is empty.
        """
        if not key.strip() or not value.strip():
            raise InvalidInput("A line of the profile needs a key and a value, for example name and Ada.")
        _check_length(key + value)
        mark = derived_marks.line_mark(key, value, self._marker.judge) if self._marker else None
        with self._db.write() as connection:
            user_rows.ensure(connection, user_id)
            line = {"text": value, "edited": True, "source": "person", "sensitive": mark}
            there = (memories.c.user_id == user_id) & (memories.c.id == make_id(user_id, "core", key))
            row = connection.execute(select(memories).where(there, memories.c.hidden_at.is_(None))).first()
            extra = corrections.noted(connection, row, value) if row else {}
            memory_rows.replace_one(connection, user_id, "core", key, {**line, "extra": extra}, time)
        return self.get(user_id, make_id(user_id, "core", key))

    def undo(self, user_id: str, memory_id: str) -> MemoryRecord:
        """Take back what was done to a memory: forgetting it, or else what a newer one did to it, or it did to older ones.

        Raises:
            NotFound: It has been purged, or never was.
            InvalidInput: Nothing was done to it.
        """
        with self._db.write() as connection:
            changed = soft_delete.show(connection, user_id, memory_id) or bool(
                supersession_rows.take_back(connection, user_id, memory_id)
            )
        if not changed and not self.entries(user_id, ids=[memory_id], held=True):
            raise NotFound(
                f"The memory {memory_id!r} is gone for good, or was never this user's. `persona memory list` shows the rest."
            )
        if not changed:
            raise InvalidInput(f"Nothing that was done to {memory_id!r} could be undone: it is remembered, and valid.")
        return self.get(user_id, memory_id)

    def purge(self, user_id: str, memory_id: str) -> None:
        """Remove a hidden memory for good; a tombstone without text keeps it from being extracted again."""
        with self._db.write() as connection:
            soft_delete.purge(connection, user_id, memory_id)

    def hidden(self, before: datetime | None = None) -> list[tuple[str, str]]:
        """Return (user, memory id) of what is forgotten but not purged; with `before`, what was forgotten by then."""
        with self._db.glance() as connection:
            return soft_delete.hidden(connection, before)

    def forgotten(self, user_id: str, ids: Iterable[str]) -> set[str]:
        """Return those of these memories without a key (facts, pictures) that are hidden, or were purged."""
        with self._db.read() as connection:
            hidden = {name for owner, name in soft_delete.hidden(connection, None) if owner == user_name(user_id)}
            return {name for name in ids if name in hidden or tombstones.is_forgotten(connection, user_id, name)}


def _any_gone(connection: Connection, turn_ids: Sequence[str]) -> bool:
    return connection.execute(_GONE, {"ids": list(turn_ids)}).first() is not None


def _unmarked(lines: Mapping[str, str], marks: Mapping[str, str | None]) -> dict[str, str]:
    return {key: text for key, text in lines.items() if not marks.get(key)}


def _check_length(text: str) -> None:
    if len(text) > _LONGEST:
        raise InvalidInput(f"A memory has at most {_LONGEST:,} characters; this has {len(text):,}. Make it shorter.")


def _sum_up_with(connection: Connection, user_id: str, turn_id: str) -> None:
    """Have the session of a turn that can be read now summed up anew, once it has been without it."""
    of = select(turns.c.session).where(turns.c.user_id == user_id, turns.c.id == turn_id)
    number = connection.execute(of).scalar()
    ended = select(sessions.c.summed_up).where(sessions.c.user_id == user_id, sessions.c.number == number)
    if number is not None and connection.execute(ended).scalar():
        forgetting.sum_up_anew(connection, user_id, number)
