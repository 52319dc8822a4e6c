"""What is still to do for a user, as rows of the journal: in order, once, and safe to do again after a crash.

A step asks the model, keeps the raw output (`save_output`), and only then commits what follows from it;
a step that is done again finds the output and does not ask again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, insert, literal_column, select, update

from memory.core.records import SPOKEN, Turn, TurnState, WorkItem
from memory.storage import tombstones, user_rows
from memory.storage.engine import Database
from memory.storage.schema import memories, outputs, personality, refusals, turns, work

_RECEIVED = TurnState.RECEIVED
RANKS = {"remember": 0, "consolidate": 1}
_FIRST_DELAY_S = 5
_LONGEST_DELAY_S = 600

# Spelled out, as the index is: of a parameter SQLite does not know that it is this state.
_IS_RECEIVED = turns.c.state == literal_column(f"'{_RECEIVED.value}'")
_PLACE = work.c.seq * 2 + work.c.rank
# An earlier message that another process is answering has its work still to come.
_ANSWERED_ELSEWHERE = exists().where(turns.c.user_id == work.c.user_id, turns.c.seq < work.c.seq, _IS_RECEIVED)
_FIRST = select(work.c.id).where(work.c.user_id == bindparam("user")).order_by(_PLACE).limit(1).scalar_subquery()
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
# What is set aside stays when its work is done.
_DROP_TRIES = delete(refusals).where(
    refusals.c.user_id == bindparam("user"), refusals.c.subject == bindparam("its_subject"), refusals.c.at.is_(None)
)
_REMEMBERED = select(personality.c.id).where(
    personality.c.user_id == bindparam("user"), personality.c.turn_id == bindparam("turn")
)


@dataclass(frozen=True)
class Backlog:
    """The part of a user's work queue that a person is told of.

    Attributes:
        messages: Messages that are not remembered yet.
        newest: They are the user's newest messages: none that came later is remembered.
        conversations: Ended conversations that are not summed up yet.
        failed: The first of the work was tried and failed; it waits for its next try.
    """

    messages: int = 0
    newest: bool = True
    conversations: int = 0
    failed: bool = False

    def __bool__(self) -> bool:
        return bool(self.messages or self.conversations)


class WorkQueue:
    """The background work of all users."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def next(self, *, busy: Iterable[str] = (), due_only: bool = True) -> WorkItem | None:
        """Return the first piece of work, of whomever, that may start now, or None.

        A user's first row is the only one that may start: a failing one holds back what follows it.

        Args:
            busy: Users whose work is being done already.
            due_only: Leave out work that waits for its next try.
        """
        first = select(work.c.user_id, func.min(_PLACE).label("place")).group_by(work.c.user_id)
        heads = first.subquery()
        query = (
            select(work)
            .join(heads, (heads.c.user_id == work.c.user_id) & (heads.c.place == _PLACE))
            .where(work.c.user_id.not_in(list(busy)), ~_ANSWERED_ELSEWHERE)
            .order_by(work.c.attempts, work.c.id)
            .limit(1)
        )
        if due_only:
            query = query.where(work.c.not_before.is_(None) | (work.c.not_before <= datetime.now(UTC)))
        with self._db.glance() as connection:
            return _item(connection.execute(query).first())

    def next_of(self, user_id: str, *, due_only: bool = True) -> WorkItem | None:
        """Return a user's first piece of work, if it may start now; see `next`."""
        with self._db.glance() as connection:
            row = connection.execute(_FIRST_OF, {"user": user_id}).first()
        waits = row is not None and due_only and row.not_before is not None and row.not_before > datetime.now(UTC)
        return None if waits else _item(row)

    def count(self, user_id: str | None = None) -> int:
        """Return how many pieces of work wait, of one user or of all."""
        query = select(func.count()).select_from(work)
        if user_id is not None:
            query = query.where(work.c.user_id == user_id)
        with self._db.glance() as connection:
            return int(connection.execute(query).scalar_one())

    def backlog(self, user_id: str) -> Backlog:
        """Return how much of what a user said is not in memory yet."""
        mine = work.c.user_id == user_id
        counts = select(work.c.kind, func.count(), func.max(work.c.attempts)).where(mine).group_by(work.c.kind)
        waiting = select(work.c.subject).where(mine, work.c.kind == "remember")
        oldest = select(func.min(turns.c.at)).where(turns.c.id.in_(waiting)).scalar_subquery()
        later = select(func.count()).where(
            turns.c.user_id == user_id, turns.c.at >= oldest, turns.c.state.in_(SPOKEN), turns.c.id.not_in(waiting)
        )
        with self._db.glance() as connection:
            rows = {kind: (count, attempts) for kind, count, attempts in connection.execute(counts)}
        messages, conversations = (rows.get(kind, (0, 0))[0] for kind in ("remember", "consolidate"))
        newest = True
        if messages:
            with self._db.glance() as connection:
                newest = not connection.execute(later).scalar_one()
        return Backlog(messages, newest, conversations, failed=any(attempts for _, attempts in rows.values()))

    def retry_later(self, item: WorkItem, reason: str) -> None:
        """Put work off after a failure; the pause doubles from 5 seconds to 10 minutes."""
        pause = min(_FIRST_DELAY_S * 2**item.attempts, _LONGEST_DELAY_S)
        with self._db.write() as connection:
            connection.execute(
                update(work)
                .where(work.c.id == item.id)
                .values(
                    attempts=work.c.attempts + 1,
                    not_before=datetime.now(UTC) + timedelta(seconds=pause),
                    error=reason,
                )
            )

    def save_output(self, user_id: str, subject: str, step: str, text: str, *, begun: datetime | None = None) -> None:
        """Keep what the model wrote for a step, before anything is made of it.

        Args:
            user_id: Whose work.
            subject: A turn's id, or a session's number as text.
            step: Which question it answers.
            text: What it wrote.
            begun: When what it was told was read: where something was forgotten since, it may tell of that, and is not kept.
        """
        with self._db.write() as connection:
            if begun is not None and tombstones.anything_since(connection, user_id, begun):
                return
            if not user_rows.is_known(connection, user_id, hold=True):
                return
            there = {"user": user_id, "its_subject": subject, "its_step": step}
            connection.execute(_DROP_OUTPUT, there)
            connection.execute(_KEEP_OUTPUT, {"user_id": user_id, "subject": subject, "step": step, "text": text})

    def outputs(self, user_id: str, subject: str) -> dict[str, str]:
        """Return what the model wrote by step, of a piece of work that was begun before."""
        with self._db.glance() as connection:
            rows = connection.execute(_OUTPUTS, {"user": user_id, "its_subject": subject})
            return {row.step: row.text for row in rows}

    def drop_outputs(self, user_id: str, subject: str) -> None:
        """Throw away what the model wrote for a piece of work that is out of date; see `outputs`."""
        with self._db.write() as connection:
            drop_outputs(connection, user_id, subject)


def _item(row: Row[Any] | None) -> WorkItem | None:
    if row is None:
        return None
    return WorkItem(id=row.id, user_id=row.user_id, kind=row.kind, subject=row.subject, attempts=row.attempts)


def add(connection: Connection, user_id: str, kind: str, subject: str, *, seq: int) -> None:
    """Add a piece of work inside the caller's transaction, unless it is there already."""
    if not waits(connection, user_id, kind, subject):
        values = {"user_id": user_id, "kind": kind, "subject": subject, "seq": seq, "rank": RANKS[kind], "attempts": 0}
        connection.execute(_ADD, values)


def waits(connection: Connection, user_id: str, kind: str, subject: str) -> bool:
    """Say whether a piece of work is still to do."""
    return connection.execute(_WAITS, {"user": user_id, "its_kind": kind, "its_subject": subject}).first() is not None


def done(connection: Connection, user_id: str, kind: str, subject: str) -> None:
    """Strike a piece of work, its outputs, and its tries that failed, inside the caller's transaction."""
    connection.execute(_STRIKE, {"user": user_id, "its_kind": kind, "its_subject": subject})
    drop_outputs(connection, user_id, subject)
    connection.execute(_DROP_TRIES, {"user": user_id, "its_subject": subject})


def drop_outputs(connection: Connection, user_id: str, subject: str) -> None:
    """Throw away what the model wrote for a piece of work: it is asked anew."""
    connection.execute(_DROP_OUTPUTS, {"user": user_id, "its_subject": subject})


def drop_summaries(connection: Connection, user_id: str) -> None:
    """Throw away what the model wrote of sessions: it is asked anew."""
    of_turns = outputs.c.subject.startswith("tur_", autoescape=True)
    connection.execute(delete(outputs).where(outputs.c.user_id == user_id, ~of_turns))


def is_remembered(connection: Connection, user_id: str, turn_id: str) -> bool:
    """Say whether the remember stage has been committed for this turn."""
    return connection.execute(_REMEMBERED, {"user": user_id, "turn": turn_id}).first() is not None


def repoint(connection: Connection, old: Turn, new: Turn, *, remembered: bool) -> None:
    """Make `new` stand where `old` stood: what was remembered from it, or the work that was to do."""
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
