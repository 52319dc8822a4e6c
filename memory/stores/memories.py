"""The store of memories of the four types: semantic, episodic, procedural and core, with photo memories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from memory.consent import derived_marks
from memory.consent.consent_rule import Marker
from memory.consent.sensitive import Topic
from memory.core.errors import NotFound
from memory.core.records import (
    BigFive,
    CoreProfile,
    Episode,
    PersonalityPoint,
    PhotoMemory,
    ProfileEntry,
    SemanticMemory,
    TurnState,
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
    """The memories of all users. Every public method that writes is one transaction.

    Args:
        database: The database that stores the memories.
        marker: Finds the sensitive topic of a text and decides whether the text is pending approval. None: no text is judged.
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
        """Commit what one turn taught, remove its work and mark it as remembered. Committing twice changes nothing.

        Args:
            user_id: The user who said the turn.
            turn_id: The turn.
            point: The personality after the turn; None: that step was not among those done again.
            memory: The fact that the turn told about the person; None: there is none.
            changes: What the fact does to older facts.
            photos: What was seen in the turn's pictures.
            again: The steps that are done again, because the turn was remembered without them.
            before: The scores from which the point was computed.

        Returns:
            False if the turn turned out to be sensitive and the person keeps no such thing. Then nothing was committed, and
            the caller must forget the turn.
        """
        # Judge before the transaction starts, because other writers wait for it.
        topic = self._topic_of(turn_id, [memory.content if memory else "", *(photo.caption for photo in photos)])
        with self._db.write(user_id) as connection:
            if not user_rows.is_known(connection, user_id, hold=True):
                return True
            if _any_gone(connection, [turn_id]):
                # The turn was forgotten or replaced while the model processed it.
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
        """Return the sensitive topic of a message or of what was extracted from it."""
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
        subject: str = "",
    ) -> None:
        """Commit the results of a consolidated session and remove its work. Committing twice changes nothing.

        Args:
            user_id: The user whose session it is.
            session: The session's number.
            time: When it ended, in its zone.
            episodes: Its topics. They replace those of an earlier try.
            procedures: The new set of habits and goals; None leaves them as they are. Edited ones stay.
            profile: The rewritten profile; None leaves it as it is. Edited entries stay.
            begun: When the model's input was read. If something was forgotten since, nothing is committed and the work stays.
            older: Whether a later session is already consolidated. Then this one only adds lines and replaces no newer one.
            subject: The work's name in the queue; empty: the session's number.
        """
        subject = subject or str(session)
        kept = [*self.entries(user_id, kind="core"), *self.entries(user_id, kind="procedural")]
        with self._db.glance() as connection:
            told = derived_marks.told_in(connection, user_id, session)
        lines = {**(profile or {}), **(procedures or {})}
        marks = derived_marks.line_marks(lines, kept, told, self._marker.judge) if self._marker else {}
        with self._db.write(user_id) as connection:
            if not user_rows.is_known(connection, user_id, hold=True):
                return
            too_late = begun is not None and tombstones.anything_since(connection, user_id, begun)
            if too_late or _any_gone(connection, [name for episode in episodes for name in episode.turn_ids]):
                # Something was forgotten while the model wrote, so its output may tell of it. The work stays and runs again.
                work_queue.drop_outputs(connection, user_id, subject)
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
            work_queue.done(connection, user_id, "consolidate", subject)

    def profile(self, user_id: str) -> CoreProfile:
        """Return the core profile as it is valid now, without items that newer facts have superseded since."""
        entries = [entry for entry in self.entries(user_id, kind="core") if isinstance(entry, ProfileEntry)]
        written = [entry.time for entry in entries if may_be_untrue(entry)]
        if written:
            with self._db.glance() as connection:
                entries = as_it_holds(entries, supersession_rows.replaced(connection, user_id, min(written)))
        return CoreProfile(entries=tuple(entries))

    def entries(
        self, user_id: str, *, kind: str | None = None, ids: Iterable[str] | None = None, include_pending: bool = False
    ) -> list[MemoryRecord]:
        """Return the user's visible memories, oldest first; with `include_pending`, also those pending approval."""
        # Filter by id alone if ids are given: with another condition, SQLite reads every row of the user to find a few.
        query = _OF_USER if kind is None else _OF_KIND
        given: dict[str, Any] = {"user": user_id} if kind is None else {"user": user_id, "its_kind": kind}
        if ids is not None:
            query, given = _BY_IDS, {"ids": list(ids)}
        with self._db.glance() as connection:
            rows = connection.execute(query, given).all()
            name = user_name(user_id)
            mine = [
                row for row in rows if row.user_id == name and row.hidden_at is None and (include_pending or row.held is None)
            ]
            return corrections.marked(connection, user_id, [to_record(row) for row in mine if kind in (None, row.kind)])

    def topics(self, user_id: str, sessions: Iterable[int], turn_ids: AbstractSet[str]) -> dict[str, tuple[str, ...]]:
        """Return the turn ids of each topic of these sessions that contains one of the given turns, by topic id."""
        given = {"user": user_id, "sessions": [str(number) for number in sessions]}
        with self._db.glance() as connection:
            rows = connection.execute(_TOPICS, given).all()
        found = {row.id: tuple(row.extra["turn_ids"]) for row in rows}
        return {name: turns for name, turns in found.items() if not turn_ids.isdisjoint(turns)}

    def not_indexed(self, user_id: str) -> list[SemanticMemory]:
        """Return the facts that are not indexed yet, so that no search finds them."""
        with self._db.glance() as connection:
            records = [to_record(row) for row in connection.execute(_NOT_INDEXED, {"user": user_id})]
        return [record for record in records if isinstance(record, SemanticMemory)]

    def newer_than(self, user_id: str, time: datetime) -> bool:
        """Return whether the user said a fact after this time."""
        with self._db.glance() as connection:
            return memory_rows.any_fact_since(connection, user_id, time)

    def repeats_of(self, user_id: str, ids: Sequence[str]) -> list[SemanticMemory]:
        """Return the facts that are stored as repetitions of the given facts."""
        with self._db.glance() as connection:
            again = connection.execute(select(memories.c.id).where(memories.c.same_as.in_(ids))).scalars().all()
        found = self.entries(user_id, kind="semantic", ids=again) if again else []
        return [record for record in found if isinstance(record, SemanticMemory)]

    def linked(self, user_id: str, facts: Sequence[SemanticMemory]) -> list[SemanticMemory]:
        """Return the facts that these facts superseded, and the facts that superseded them."""
        newer = [fact.superseded_by for fact in facts if fact.superseded_by]
        either = memories.c.id.in_(newer) | memories.c.superseded_by.in_([fact.id for fact in facts])
        with self._db.glance() as connection:
            # No other condition: SQLite would read every row of the user, or every visible row (86 ms), instead of two indexes.
            rows = connection.execute(select(memories).where(either)).all()
            name = user_name(user_id)
            shown = [row for row in rows if row.user_id == name and row.hidden_at is None and row.held is None]
            records = corrections.marked(connection, user_id, [to_record(row) for row in shown])
        return [record for record in records if isinstance(record, SemanticMemory)]

    def get(self, user_id: str, memory_id: str) -> MemoryRecord:
        """Return one visible memory, even if it is pending approval. Raises NotFound if the user has no such memory."""
        found = self.entries(user_id, ids=[memory_id], include_pending=True)
        if not found:
            raise NotFound(f"There is no memory {memory_id!r} of this user. `persona memory list` shows their ids.")
        return found[0]

    def forgotten(self, user_id: str, ids: Iterable[str]) -> set[str]:
        """Return the ids of those of these facts and pictures that are hidden or were purged."""
        with self._db.read() as connection:
            hidden = {name for owner, name in soft_delete.hidden(connection, None) if owner == user_name(user_id)}
            return {name for name in ids if name in hidden or tombstones.is_forgotten(connection, user_id, name)}


def _any_gone(connection: Connection, turn_ids: Sequence[str]) -> bool:
    return connection.execute(_GONE, {"ids": list(turn_ids)}).first() is not None


def _unmarked(lines: Mapping[str, str], marks: Mapping[str, str | None]) -> dict[str, str]:
    return {key: text for key, text in lines.items() if not marks.get(key)}


def _sum_up_with(connection: Connection, user_id: str, turn_id: str) -> None:
    """Queue the session of a turn that can be processed now, if the session was summarised without that turn."""
    of = select(turns.c.session).where(turns.c.user_id == user_id, turns.c.id == turn_id)
    number = connection.execute(of).scalar()
    ended = select(sessions.c.summed_up).where(sessions.c.user_id == user_id, sessions.c.number == number)
    if number is not None and connection.execute(ended).scalar():
        forgetting.summarize_again(connection, user_id, number)
