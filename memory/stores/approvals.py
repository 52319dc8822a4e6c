"""What waits for the person's word: sensitive messages, with what was taken from them, are not recalled before a yes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from memory.consent.marks import Marker
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

_IT = select(
    turns.c.user_id, turns.c.session, turns.c.seq, turns.c.at, turns.c.held, turns.c.approved, turns.c.sensitive
).where(turns.c.user_id == bindparam("user"), turns.c.id == bindparam("turn"))
_APPROVED = (
    select(memories.c.id)
    .join(turns, turns.c.id == memories.c.source)
    .where(memories.c.user_id == bindparam("user"), memories.c.kind == "semantic", turns.c.approved)
    .where(memories.c.hidden_at.is_(None), memories.c.held.is_(None))
    .limit(1)
)


class PendingApproval(Record):
    """A message that waits, and what was taken from it.

    Attributes:
        turn_id: The message.
        topic: What it is about (`memory.consent.training.sensitive.TOPICS`).
        time: When it was said.
        text: The message.
        facts: What was taken from it; empty before it is remembered.
    """

    turn_id: str
    topic: str
    time: datetime
    text: str
    facts: tuple[str, ...] = ()


class Approvals:
    """What waits, of all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def waiting(self, user_id: str) -> list[PendingApproval]:
        """Return what waits for a user's word, oldest first."""
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

    def turn_of(self, user_id: str, name: str) -> str:
        """Return the message that waits: by its id, or by that of a fact or a picture that was taken from it.

        Raises:
            NotFound: Nothing of that id waits.
        """
        with self._db.read() as connection:
            return str(_waiting(connection, user_id, name).id)

    def approve(self, user_id: str, name: str) -> str:
        """Let a message and what was taken from it be remembered like any other; returns the message's id.

        A session that was summed up without it is summed up anew.

        Raises:
            NotFound: Nothing of that id waits.
        """
        with self._db.write() as connection:
            row = _waiting(connection, user_id, name)
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
                if one.kind == "semantic" and _comes_late(connection, user_id, one):
                    refusals.do_again(connection, user_id, row.id, "change", seq=row.seq)
            timeline.recount(connection, user_id)
            ended = select(sessions.c.ended).where(sessions.c.user_id == user_id, sessions.c.number == row.session)
            work_queue.drop_outputs(connection, user_id, str(row.session))
            if connection.execute(ended).scalar():
                forgetting.sum_up_anew(connection, user_id, row.session)
        return str(row.id)


def drops(connection: Connection, user_id: str, turn_id: str, topic: Topic | None, marker: Marker) -> bool:
    """Say whether a turn that tells of this is not to be kept; one that was approved is."""
    row = connection.execute(_IT, {"user": user_id, "turn": turn_id}).first()
    return row is not None and not row.approved and marker.drops(connection, user_id, topic)


def judged(
    connection: Connection, user_id: str, turn_id: str, topic: Topic | None, marker: Marker
) -> tuple[str | None, str | None]:
    """Mark a turn, and hold it or let it go, now that it and what was taken from it were judged.

    Args:
        connection: The caller's.
        user_id: Whose.
        turn_id: The turn.
        topic: What it is about; None: nothing sensitive, whatever its words alone had seemed to say.
        marker: What says whether it is asked about.

    Returns:
        What it is pending approval for, and its mark.
    """
    row = connection.execute(_IT, {"user": user_id, "turn": turn_id}).first()
    if row is None:
        return None, None
    if row.approved:
        return None, row.sensitive
    # What was asked about goes on being so, whatever is chosen meanwhile.
    waits = topic if row.held is not None else marker.pending(connection, user_id, topic)
    values: dict[str, Any] = {"held": waits, "sensitive": topic}
    if waits != row.held:
        values["revision"] = turns.c.revision + 1
    if (waits, topic) != (row.held, row.sensitive):
        connection.execute(update(turns).where(turns.c.id == turn_id).values(values))
    if waits != row.held:
        quarantine.index_next(connection, row)  # type: ignore[arg-type] # it has the columns that are read
    return waits, topic


def put_off(changes: Changes) -> dict[str, Any]:
    """Write down what a held fact would do to older ones: it does so when it is approved."""
    return {"changes": asdict(changes)}


def _comes_late(connection: Connection, user_id: str, fact: Row[Any]) -> bool:
    """Say whether there may be facts that it was not compared with: of a later time, or held until it was compared."""
    others = _APPROVED.where(memories.c.source != fact.source)
    return (
        memory_rows.any_fact_since(connection, user_id, fact.at)
        or connection.execute(others, {"user": user_id}).first() is not None
    )


def _waiting(connection: Connection, user_id: str, name: str) -> Row[Any]:
    source = select(memories.c.source).where(memories.c.user_id == user_id, memories.c.id == name, memories.c.held.is_not(None))
    turn_id = connection.execute(source).scalar() or name
    query = select(turns).where(turns.c.user_id == user_id, turns.c.id == turn_id, turns.c.held.is_not(None))
    row = connection.execute(query.where(turns.c.state.in_(SPOKEN))).first()
    if row is None:
        raise NotFound(f"Nothing of the id {name!r} waits for this user's word. `persona memory list --held` shows what does.")
    return row
