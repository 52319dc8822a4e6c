"""Pending approvals: sensitive messages, and what was extracted from them, are not recalled before the person approves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from memory.consent.consent_rule import Marker
from memory.consent.sensitive import Topic
from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Record
from memory.facts import supersession_rows
from memory.facts.acceptance import Changes
from memory.forgetting import quarantine
from memory.forgetting import service as forgetting
from memory.personality import timeline
from memory.storage import memory_rows, refusals, work_queue
from memory.storage.engine import Database
from memory.storage.schema import memories, sessions, turns

_TURN = select(
    turns.c.user_id, turns.c.session, turns.c.seq, turns.c.at, turns.c.held, turns.c.approved, turns.c.sensitive
).where(turns.c.user_id == bindparam("user"), turns.c.id == bindparam("turn"))
_APPROVED_FACTS = (
    select(memories.c.id)
    .join(turns, turns.c.id == memories.c.source)
    .where(memories.c.user_id == bindparam("user"), memories.c.kind == "semantic", turns.c.approved)
    .where(memories.c.hidden_at.is_(None), memories.c.held.is_(None))
    .limit(1)
)


class PendingApproval(Record):
    """A message that is pending approval, with the facts extracted from it.

    Attributes:
        turn_id: The id of the message.
        topic: Its sensitive topic (`memory.consent.sensitive.TOPICS`).
        time: When it was said.
        text: What was said.
        facts: The facts extracted from it; empty until the background work has remembered the message.
    """

    turn_id: str
    topic: str
    time: datetime
    text: str
    facts: tuple[str, ...] = ()


class Approvals:
    """The pending approvals of all users. Every public method is one transaction.

    Args:
        database: The database that stores them.
        marker: Finds the sensitive topic of a text, and knows what each person chose. None: no text is judged.
        index: Indexes what a user's approval has changed.
    """

    def __init__(self, database: Database, marker: Marker | None, index: Callable[[str], object]) -> None:
        self._db = database
        self._marker = marker
        self._index = index

    def waiting(self, user_id: str) -> list[PendingApproval]:
        """Return a user's pending approvals, oldest first."""
        query = select(turns).where(turns.c.user_id == user_id, turns.c.held.is_not(None), turns.c.state.in_(SPOKEN))
        facts: dict[str, list[str]] = {}
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(turns.c.at, turns.c.seq)).all()
            said = select(memories).where(memories.c.user_id == user_id, memories.c.source.in_([row.id for row in rows]))
            for one in connection.execute(said.where(memories.c.hidden_at.is_(None), memories.c.kind == "semantic")):
                facts.setdefault(one.source, []).append(one.text)
        return [
            PendingApproval(
                turn_id=row.id,
                topic=row.held,
                time=row.at.astimezone(clock.zone_of(row.zone)),
                text=row.text,
                facts=tuple(facts.get(row.id, ())),
            )
            for row in rows
        ]

    def judge(self, user_id: str, turn_id: str, text: str) -> bool:
        """Judge a message by its meaning now, before the background work does; return whether it is pending approval."""
        if self._marker is None:
            return False
        topic = self._marker.judge(text)
        with self._db.write(user_id) as connection:
            return judged(connection, user_id, turn_id, topic, self._marker)[0] is not None

    def turn_of(self, user_id: str, item_id: str) -> str:
        """Return the id of the message that is pending approval.

        Args:
            user_id: The user.
            item_id: The id of the message, or of a fact or a picture that was extracted from it.

        Raises:
            NotFound: Nothing with that id is pending approval.
        """
        with self._db.read() as connection:
            return str(_pending_turn(connection, user_id, item_id).id)

    def approve(self, user_id: str, item_id: str) -> str:
        """Approve a message: it and what was extracted from it are remembered like everything else.

        A session that was summarised without the message is summarised again.

        Args:
            user_id: The user.
            item_id: As in `turn_of`.

        Returns:
            The id of the message.

        Raises:
            NotFound: Nothing with that id is pending approval.
        """
        with self._db.write(user_id) as connection:
            row = _pending_turn(connection, user_id, item_id)
            change = {"held": None, "approved": True, "revision": turns.c.revision + 1}
            connection.execute(update(turns).where(turns.c.id == row.id).values(change))
            quarantine.index_next(connection, row)
            mine = (memories.c.user_id == user_id) & (memories.c.source == row.id) & memories.c.held.is_not(None)
            for one in connection.execute(select(memories).where(mine)).all():
                extra = dict(one.extra)
                changes = extra.pop("changes", None)
                free = {"held": None, "extra": extra, "revision": memories.c.revision + 1}
                connection.execute(update(memories).where(memories.c.id == one.id).values(free))
                if changes:
                    after = Changes(**{**changes, "supersedes": tuple(changes["supersedes"])})
                    supersession_rows.apply(connection, user_id, one.id, one.at, after)
                if one.kind == "semantic" and _may_have_later_facts(connection, user_id, one):
                    refusals.do_again(connection, user_id, row.id, "change", seq=row.seq)
            timeline.recount(connection, user_id)
            ended = select(sessions.c.ended).where(sessions.c.user_id == user_id, sessions.c.number == row.session)
            work_queue.drop_outputs(connection, user_id, str(row.session))
            if connection.execute(ended).scalar():
                forgetting.summarize_again(connection, user_id, row.session)
        self._index(user_id)
        return str(row.id)


def drops(connection: Connection, user_id: str, turn_id: str, topic: Topic | None, marker: Marker) -> bool:
    """Return whether the user's choice forbids keeping a turn about this topic. An approved turn is always kept."""
    row = connection.execute(_TURN, {"user": user_id, "turn": turn_id}).first()
    return row is not None and not row.approved and marker.drops(connection, user_id, topic)


def judged(
    connection: Connection, user_id: str, turn_id: str, topic: Topic | None, marker: Marker
) -> tuple[str | None, str | None]:
    """Store the judgement of a turn and of what was extracted from it: its mark, and whether it is pending approval.

    Args:
        connection: The caller's connection.
        user_id: The user who said the turn.
        turn_id: The turn.
        topic: Its sensitive topic. None: it is not sensitive, whatever its words alone had suggested.
        marker: Decides whether the user is asked for approval.

    Returns:
        The topic that is pending approval, and the mark; None for each that does not apply.
    """
    row = connection.execute(_TURN, {"user": user_id, "turn": turn_id}).first()
    if row is None:
        return None, None
    if row.approved:
        return None, row.sensitive
    # A pending approval stays pending, even if the user has changed their choice since.
    pending_for = topic if row.held is not None else marker.pending(connection, user_id, topic)
    values: dict[str, Any] = {"held": pending_for, "sensitive": topic}
    if pending_for != row.held:
        values["revision"] = turns.c.revision + 1
    if (pending_for, topic) != (row.held, row.sensitive):
        connection.execute(update(turns).where(turns.c.id == turn_id).values(values))
    if pending_for != row.held:
        quarantine.index_next(connection, row)  # type: ignore[arg-type] # it has the columns that are read
    return pending_for, topic


def put_off(changes: Changes) -> dict[str, Any]:
    """Return the changes to older facts in the form that a fact pending approval stores. Approval applies them."""
    return {"changes": asdict(changes)}


def _may_have_later_facts(connection: Connection, user_id: str, fact: Row[Any]) -> bool:
    """Return whether facts may exist that this one was not compared with: later facts, or facts approved since."""
    others = _APPROVED_FACTS.where(memories.c.source != fact.source)
    return (
        memory_rows.any_fact_since(connection, user_id, fact.at)
        or connection.execute(others, {"user": user_id}).first() is not None
    )


def _pending_turn(connection: Connection, user_id: str, item_id: str) -> Row[Any]:
    source = select(memories.c.source).where(
        memories.c.user_id == user_id, memories.c.id == item_id, memories.c.held.is_not(None)
    )
    turn_id = connection.execute(source).scalar() or item_id
    query = select(turns).where(turns.c.user_id == user_id, turns.c.id == turn_id, turns.c.held.is_not(None))
    row = connection.execute(query.where(turns.c.state.in_(SPOKEN))).first()
    if row is None:
        raise NotFound(f"No pending approval with id {item_id!r}. `persona memory list --held` shows what is pending.")
    return row
