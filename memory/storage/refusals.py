"""Steps of background work that the model could not do: the number of tries of each, and whether it is set aside.

A step is one model call of a piece of work, for example `semantic` of a turn or `core` of a session. A step that is set aside
blocks nothing: the work goes on without it, and the step stays here with its reason until it is tried again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, and_, bindparam, cast, delete, func, insert, select, update

from memory.core import clock
from memory.core.records import TurnState
from memory.core.retry import Refusal, RefusalCause, Refused
from memory.storage import tombstones, user_rows, work_queue
from memory.storage.engine import Database
from memory.storage.schema import refusals, turns

_MINE = refusals.c.user_id == bindparam("user")
_OF = select(refusals).where(_MINE, refusals.c.subject == bindparam("its_subject"))
_SET_ASIDE = refusals.c.at.is_not(None)
_COUNT = select(func.count()).select_from(refusals).where(_SET_ASIDE)


class Refusals:
    """The refused steps of all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, user_id: str, subject: str) -> Refused:
        """Return the refused steps of a turn (by its id) or of a session (by its number as text)."""
        with self._db.glance() as connection:
            rows = connection.execute(_OF, {"user": user_id, "its_subject": subject}).all()
        set_aside = frozenset(row.step for row in rows if row.at is not None)
        return Refused(set_aside, frozenset(row.step for row in rows if row.again) - set_aside)

    def note(
        self,
        user_id: str,
        kind: str,
        subject: str,
        step: str,
        *,
        cause: RefusalCause,
        status: int | None,
        reason: str,
        most: int,
        begun: datetime | None = None,
    ) -> bool:
        """Count a failed try of a step; after `most` tries the step is set aside.

        Args:
            user_id: The user whose work it is.
            kind: `remember` or `consolidate`.
            subject: As in `of`.
            step: The name of the step.
            cause: Why the try failed.
            status: The server's HTTP status, if there was one.
            reason: The server's own words; they may repeat the prompt.
            most: Most tries.
            begun: When the prompt's data was loaded; if anything was forgotten since then, `reason` is not stored.

        Returns:
            Whether the step is set aside now.
        """
        with self._db.write(user_id) as connection:
            if not user_rows.is_known(connection, user_id, hold=True):
                return True
            if begun is not None and tombstones.anything_since(connection, user_id, begun):
                reason = ""
            row = connection.execute(_OF.where(refusals.c.step == step), {"user": user_id, "its_subject": subject}).first()
            tried = (row.attempts if row else 0) + 1
            at = clock.instant() if tried >= most else None
            values = {"attempts": tried, "cause": cause, "status": status, "reason": reason, "at": at}
            if row is None:
                key = {"user_id": user_id, "kind": kind, "subject": subject, "step": step, "again": False}
                connection.execute(insert(refusals).values(**key, **values))
            else:
                connection.execute(update(refusals).where(_this(user_id, subject), refusals.c.step == step).values(**values))
        return at is not None

    def count(self, user_id: str | None = None) -> int:
        """Return the number of steps that are set aside, of one user or of all."""
        query = _COUNT if user_id is None else _COUNT.where(refusals.c.user_id == user_id)
        with self._db.glance() as connection:
            return int(connection.execute(query).scalar_one())

    def set_aside(self, user_id: str | None = None, *, since: datetime | None = None) -> list[Refusal]:
        """Return the steps that are set aside, of one user or of all, in the order of their messages.

        Args:
            user_id: The user; None: all users.
            since: Only steps that were set aside at or after this instant.
        """
        if not self.count(user_id):
            return []
        first = (
            select(turns.c.user_id, turns.c.session, func.min(turns.c.seq).label("seq"))
            .where(turns.c.state != TurnState.FORGOTTEN)
            .group_by(turns.c.user_id, turns.c.session)
            .subquery()
        )
        of_turn = and_(refusals.c.kind == "remember", turns.c.id == refusals.c.subject)
        of_session = and_(
            refusals.c.kind == "consolidate", turns.c.seq == first.c.seq, _as_text(turns.c.session) == refusals.c.subject
        )
        query = (
            select(refusals, turns.c.at.label("said_at"), turns.c.zone, turns.c.text, turns.c.seq)
            .select_from(refusals)
            .join(turns, turns.c.user_id == refusals.c.user_id)
            .join(first, (first.c.user_id == turns.c.user_id) & (first.c.session == turns.c.session))
            .where(_SET_ASIDE, of_turn | of_session, turns.c.state != TurnState.FORGOTTEN)
            .order_by(refusals.c.user_id, turns.c.seq, refusals.c.kind.desc(), refusals.c.step)
        )
        if user_id is not None:
            query = query.where(refusals.c.user_id == user_id)
        if since is not None:
            query = query.where(refusals.c.at >= since)
        with self._db.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def refused_turns(self, user_id: str, turn_ids: Collection[str]) -> frozenset[str]:
        """Return those of the turns whose own words the model refuses; prompts about their session leave them out."""
        which = refusals.c.subject.in_(list(turn_ids)) & refusals.c.cause.in_(("refused", "too_long"))
        query = select(refusals.c.subject).where(refusals.c.user_id == user_id, _SET_ASIDE, which)
        with self._db.glance() as connection:
            return frozenset(connection.execute(query.where(refusals.c.step.in_(("personality", "semantic")))).scalars())

    def retry(self, user_id: str | None = None) -> int:
        """Put the steps that are set aside, of one user or of all, back into the work queue; returns how many steps."""
        if user_id is not None:
            return self._retry(user_id)
        with self._db.glance() as connection:
            names = connection.execute(select(refusals.c.user_id).where(_SET_ASIDE).distinct()).scalars().all()
        return sum(map(self._retry, names))

    def _retry(self, user_id: str) -> int:
        with self._db.write(user_id) as connection:
            rows = connection.execute(select(refusals).where(_SET_ASIDE, refusals.c.user_id == user_id)).all()
            back = 0
            for user, kind, subject in dict.fromkeys((row.user_id, row.kind, row.subject) for row in rows):
                seq = _place(connection, user, kind, subject)
                this = _this(user, subject) & _SET_ASIDE
                if seq is None:
                    # It is forgotten; if undo restores it, it can be tried then.
                    continue
                if work_queue.waits(connection, user, kind, subject):
                    # Nothing of this work is committed yet, so all of its steps will be done anyway.
                    back += connection.execute(delete(refusals).where(this)).rowcount
                    continue
                back += connection.execute(update(refusals).where(this).values(attempts=0, at=None, again=True)).rowcount
                work_queue.add(connection, user, kind, subject, seq=seq)
        return back


def do_again(connection: Connection, user_id: str, turn_id: str, step: str, *, seq: int) -> None:
    """Queue one step of a remembered turn again, unless the step is set aside or the whole turn is queued."""
    there = connection.execute(_OF.where(refusals.c.step == step), {"user": user_id, "its_subject": turn_id}).first()
    if there is not None or work_queue.waits(connection, user_id, "remember", turn_id):
        return
    row = {"user_id": user_id, "kind": "remember", "subject": turn_id, "step": step, "attempts": 0, "again": True}
    connection.execute(insert(refusals).values(**row, cause="refused", status=None, reason="", at=None))
    work_queue.add(connection, user_id, "remember", turn_id, seq=seq)


def drop(connection: Connection, user_id: str, subjects: Sequence[str]) -> None:
    """Delete the refusals of these pieces of work, which are repeated from the start, or gone."""
    connection.execute(delete(refusals).where(refusals.c.user_id == user_id, refusals.c.subject.in_(list(subjects))))


def drop_words(connection: Connection, user_id: str) -> None:
    """Delete the servers' words: they may repeat a prompt, and with it something forgotten."""
    connection.execute(update(refusals).where(refusals.c.user_id == user_id).values(reason=""))


def _this(user_id: str, subject: str) -> ColumnElement[bool]:
    return (refusals.c.user_id == user_id) & (refusals.c.subject == subject)


def _place(connection: Connection, user_id: str, kind: str, subject: str) -> int | None:
    """Return the number of the turn that a piece of work follows; None if no such turn is left."""
    which = turns.c.id == subject if kind == "remember" else _as_text(turns.c.session) == subject
    mine = (turns.c.user_id == user_id) & (turns.c.state != TurnState.FORGOTTEN)
    return connection.execute(select(func.max(turns.c.seq)).where(mine, which)).scalar()


def _as_text(column: Any) -> Any:
    return cast(column, String)


def _record(row: Row[Any]) -> Refusal:
    time = row.said_at.astimezone(clock.zone_of(row.zone))
    return Refusal(
        user_id=row.user_id, kind=row.kind, subject=row.subject, step=row.step.split(maxsplit=1)[0], cause=row.cause,
        status=row.status, reason=row.reason, at=row.at, time=time, text=row.text,
    )  # fmt: skip
