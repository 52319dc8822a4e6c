"""The work queue: a user's background work as rows of the journal, done in order, once, and safe to repeat after a crash.

A step calls the model, stores the raw output (`save_output`), and only then commits its results. A repeated step finds the
stored output and does not call the model again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, exists, false, func, insert, literal_column, select, update

from memory.core import clock
from memory.core.records import SPOKEN, Turn, TurnState, WorkItem
from memory.storage import tombstones, user_rows
from memory.storage.engine import Database
from memory.storage.schema import imports, memories, outputs, personality, refusals, turns, work

_RECEIVED = TurnState.RECEIVED
RANKS = {"remember": 0, "consolidate": 1}
BEHIND = 400_000_000
"""Added to the place of work for imported history: the work of conversations goes first, also if it comes later."""
_FIRST_DELAY_S = 5
_MAX_DELAY_S = 600

# A literal, as in the partial index: with a parameter, SQLite could not tell that the index applies.
_IS_RECEIVED = turns.c.state == literal_column(f"'{_RECEIVED.value}'")
_PLACE = work.c.seq * 2 + work.c.rank
# While another process answers an earlier message, that message's work is still to come and goes first.
_ANSWERED_ELSEWHERE = exists().where(turns.c.user_id == work.c.user_id, turns.c.seq < work.c.seq, _IS_RECEIVED)
# Work of an import whose reading is paused is passed over, and what comes after it may start.
_PAUSED = exists().where(imports.c.user_id == work.c.user_id, imports.c.id == work.c.import_id, imports.c.paused)
_FIRST = select(work.c.id).where(work.c.user_id == bindparam("user"), ~_PAUSED).order_by(_PLACE).limit(1).scalar_subquery()
_FIRST_OF = select(work).where(work.c.id == _FIRST, ~_ANSWERED_ELSEWHERE)

_IT = (
    (work.c.user_id == bindparam("user"))
    & (work.c.kind == bindparam("its_kind"))
    & (work.c.subject == bindparam("its_subject"))
)
_WAITS, _STRIKE, _ADD = select(work.c.id).where(_IT), delete(work).where(_IT), insert(work)
_WRITTEN = (outputs.c.user_id == bindparam("user")) & (outputs.c.subject == bindparam("its_subject"))
_OUTPUTS, _DROP_OUTPUTS = select(outputs.c.step, outputs.c.text).where(_WRITTEN), delete(outputs).where(_WRITTEN)
_DROP_OUTPUT, _KEEP_OUTPUT = delete(outputs).where(_WRITTEN, outputs.c.step == bindparam("its_step")), insert(outputs)
# Steps that are set aside stay after their work is done.
_DROP_TRIES = delete(refusals).where(
    refusals.c.user_id == bindparam("user"), refusals.c.subject == bindparam("its_subject"), refusals.c.at.is_(None)
)
_REMEMBERED = select(personality.c.id).where(
    personality.c.user_id == bindparam("user"), personality.c.turn_id == bindparam("turn")
)


@dataclass(frozen=True)
class Backlog:
    """A user's work queue as a person sees it.

    Attributes:
        messages: Number of messages that are not remembered yet.
        newest: Whether these are the user's newest messages, so that no later message is remembered.
        sessions: Number of ended sessions that are not summarised yet.
        failed: Whether some work has failed and waits for its next try.
    """

    messages: int = 0
    newest: bool = True
    sessions: int = 0
    failed: bool = False

    def __bool__(self) -> bool:
        return bool(self.messages or self.sessions)


@dataclass(frozen=True)
class Left:
    """Steps of one kind that are in the queue.

    Attributes:
        user_id: Whose work it is.
        import_id: The import that they read; None: what was said here.
        kind: `message`, `conversation` (an ended session), `topics` (a session of an import of which no more is read) or
            `sets` (the profile and the habits of an import).
        paused: Whether they wait until their import is resumed.
        steps: Number of steps.
    """

    user_id: str
    import_id: str | None
    kind: str
    paused: bool
    steps: int


class WorkQueue:
    """The background work of all users.

    Work of an import that is paused waits, as if it were not there, until the import is resumed.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def next(self, *, busy: Iterable[str] = (), due_only: bool = True) -> WorkItem | None:
        """Return the first piece of work of any user that may start now, or None.

        Only a user's first row that is not paused may start: if it fails, the rows after it wait.

        Args:
            busy: Users whose work is in progress already.
            due_only: Leave out work that waits for its next try.
        """
        first = select(work.c.user_id, func.min(_PLACE).label("place")).where(~_PAUSED).group_by(work.c.user_id)
        heads = first.subquery()
        query = (
            select(work)
            .join(heads, (heads.c.user_id == work.c.user_id) & (heads.c.place == _PLACE))
            .where(work.c.user_id.not_in(list(busy)), ~_ANSWERED_ELSEWHERE, ~_PAUSED)
            .order_by(work.c.attempts, work.c.id)
            .limit(1)
        )
        if due_only:
            query = query.where(work.c.not_before.is_(None) | (work.c.not_before <= clock.instant()))
        with self._db.glance() as connection:
            return _item(connection.execute(query).first())

    def next_of(self, user_id: str, *, due_only: bool = True) -> WorkItem | None:
        """Return a user's first piece of work, if it may start now; see `next`."""
        with self._db.glance() as connection:
            row = connection.execute(_FIRST_OF, {"user": user_id}).first()
        waits = row is not None and due_only and row.not_before is not None and row.not_before > clock.instant()
        return None if waits else _item(row)

    def count(self, user_id: str | None = None) -> int:
        """Return the number of rows in the queue that are not paused, of one user or of all."""
        query = select(func.count()).select_from(work).where(~_PAUSED)
        if user_id is not None:
            query = query.where(work.c.user_id == user_id)
        with self._db.glance() as connection:
            return int(connection.execute(query).scalar_one())

    def left(self, user_id: str | None = None) -> list[Left]:
        """Return what is in the queue by import and kind, of one user or of all, with what is paused."""
        read = (imports.c.user_id == work.c.user_id) & (imports.c.id == work.c.import_id)
        kind = case(
            (work.c.kind == "remember", "message"),
            (work.c.subject == work.c.import_id, "sets"),
            (imports.c.depth == "sessions", "topics"),
            else_="conversation",
        ).label("kind")
        paused = func.coalesce(imports.c.paused, false()).label("paused")
        query = select(work.c.user_id, work.c.import_id, kind, paused, func.count())
        query = query.select_from(work.outerjoin(imports, read)).group_by(work.c.user_id, work.c.import_id, kind, paused)
        if user_id is not None:
            query = query.where(work.c.user_id == user_id)
        with self._db.glance() as connection:
            return [Left(user, name, what, bool(waits), count) for user, name, what, waits, count in connection.execute(query)]

    def backlog(self, user_id: str) -> Backlog:
        """Return how many of a user's messages and sessions are not in memory yet."""
        # The profile and the habits of an import have its id as their subject, and are no session.
        is_of_messages = work.c.import_id.is_(None) | (work.c.subject != work.c.import_id)
        mine = (work.c.user_id == user_id) & ~_PAUSED & is_of_messages
        counts = select(work.c.kind, func.count(), func.max(work.c.attempts)).where(mine).group_by(work.c.kind)
        waiting = select(work.c.subject).where(mine, work.c.kind == "remember")
        oldest = select(func.min(turns.c.at)).where(turns.c.id.in_(waiting)).scalar_subquery()
        unread = select(work.c.subject).where(work.c.user_id == user_id, work.c.kind == "remember")
        later = select(func.count()).where(
            turns.c.user_id == user_id, turns.c.at >= oldest, turns.c.state.in_(SPOKEN), turns.c.id.not_in(unread)
        )
        with self._db.glance() as connection:
            rows = {kind: (count, attempts) for kind, count, attempts in connection.execute(counts)}
        messages, sessions = (rows.get(kind, (0, 0))[0] for kind in ("remember", "consolidate"))
        newest = True
        if messages:
            with self._db.glance() as connection:
                newest = not connection.execute(later).scalar_one()
        return Backlog(messages, newest, sessions, failed=any(attempts for _, attempts in rows.values()))

    def retry_later(self, item: WorkItem, reason: str) -> None:
        """Postpone work after a failure; the delay doubles from 5 seconds up to 10 minutes."""
        pause = min(_FIRST_DELAY_S * 2**item.attempts, _MAX_DELAY_S)
        with self._db.write(item.user_id) as connection:
            connection.execute(
                update(work)
                .where(work.c.id == item.id)
                .values(
                    attempts=work.c.attempts + 1,
                    not_before=clock.instant() + timedelta(seconds=pause),
                    error=reason,
                )
            )

    def save_output(self, user_id: str, subject: str, step: str, text: str, *, begun: datetime | None = None) -> None:
        """Store the model's raw output for a step, before its results are committed.

        Args:
            user_id: The user whose work it is.
            subject: A turn's id, or a session's number as text.
            step: The name of the step.
            text: The model's output.
            begun: When the prompt's data was loaded; if anything was forgotten since then, the output may contain it and is not
                stored.
        """
        with self._db.write(user_id) as connection:
            if begun is not None and tombstones.anything_since(connection, user_id, begun):
                return
            if not user_rows.is_known(connection, user_id, hold=True):
                return
            there = {"user": user_id, "its_subject": subject, "its_step": step}
            connection.execute(_DROP_OUTPUT, there)
            connection.execute(_KEEP_OUTPUT, {"user_id": user_id, "subject": subject, "step": step, "text": text})

    def outputs(self, user_id: str, subject: str) -> dict[str, str]:
        """Return the stored model outputs of a piece of work, by step."""
        with self._db.glance() as connection:
            rows = connection.execute(_OUTPUTS, {"user": user_id, "its_subject": subject})
            return {row.step: row.text for row in rows}

    def drop_outputs(self, user_id: str, subject: str) -> None:
        """Delete the stored model outputs of a piece of work that is out of date; see `outputs`."""
        with self._db.write(user_id) as connection:
            drop_outputs(connection, user_id, subject)


def steps_by_import(left: Iterable[Left]) -> dict[str, int]:
    """Return the number of steps that each import has left."""
    steps: Counter[str] = Counter()
    for one in left:
        if one.import_id is not None:
            steps[one.import_id] += one.steps
    return dict(steps)


def _item(row: Row[Any] | None) -> WorkItem | None:
    if row is None:
        return None
    return WorkItem(id=row.id, user_id=row.user_id, kind=row.kind, subject=row.subject, attempts=row.attempts)


def add(connection: Connection, user_id: str, kind: str, subject: str, *, seq: int) -> None:
    """Add a piece of work inside the caller's transaction, unless it is queued already."""
    if not waits(connection, user_id, kind, subject):
        values = {"user_id": user_id, "kind": kind, "subject": subject, "seq": seq, "rank": RANKS[kind], "attempts": 0}
        connection.execute(_ADD, values)


def waits(connection: Connection, user_id: str, kind: str, subject: str) -> bool:
    """Return whether a piece of work is in the queue."""
    return connection.execute(_WAITS, {"user": user_id, "its_kind": kind, "its_subject": subject}).first() is not None


def done(connection: Connection, user_id: str, kind: str, subject: str) -> None:
    """Remove a piece of work, its outputs and its failed tries, inside the caller's transaction."""
    connection.execute(_STRIKE, {"user": user_id, "its_kind": kind, "its_subject": subject})
    drop_outputs(connection, user_id, subject)
    connection.execute(_DROP_TRIES, {"user": user_id, "its_subject": subject})


def drop_outputs(connection: Connection, user_id: str, subject: str) -> None:
    """Delete the stored model outputs of a piece of work, so that the model is called again."""
    connection.execute(_DROP_OUTPUTS, {"user": user_id, "its_subject": subject})


def drop_summaries(connection: Connection, user_id: str) -> None:
    """Delete the stored model outputs of all sessions of a user, so that the model is called again."""
    of_turns = outputs.c.subject.startswith("tur_", autoescape=True)
    connection.execute(delete(outputs).where(outputs.c.user_id == user_id, ~of_turns))


def is_remembered(connection: Connection, user_id: str, turn_id: str) -> bool:
    """Return whether the remember stage has been committed for this turn."""
    return connection.execute(_REMEMBERED, {"user": user_id, "turn": turn_id}).first() is not None


def repoint(connection: Connection, old: Turn, new: Turn, *, remembered: bool) -> None:
    """Move everything remembered from the turn `old` to the turn `new`, and remove the work that `old` was queued for."""
    if remembered:
        connection.execute(
            update(personality)
            .where(personality.c.user_id == old.user_id, personality.c.turn_id == old.id)
            .values(turn_id=new.id)
        )
        connection.execute(
            update(memories)
            .where(memories.c.user_id == old.user_id, memories.c.kind.in_(("semantic", "photo")), memories.c.source == old.id)
            .values(source=new.id)
        )
        mine = (refusals.c.user_id == old.user_id) & (refusals.c.subject == old.id)
        connection.execute(update(refusals).where(mine).values(subject=new.id))
    done(connection, old.user_id, "remember", old.id)
