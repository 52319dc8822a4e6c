"""The record of what was said: turns, their replies, and the sessions they fall into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, case, cast, func, insert, select, update

from memory import clock, forget, held, late, pending, people, session_rows, turn_rows
from memory.database import Database
from memory.errors import NotFound, TimeOrderError
from memory.intake import check_text, check_user
from memory.records import SPOKEN, Trace, Turn, TurnState, make_id
from memory.schema import turns, users
from memory.sensitive import Topic
from memory.turn_rows import SAID, to_turn

_NO_SEQ = 2**31 - 1
_OF_USER = turns.c.user_id == bindparam("user")
_RECENT = (
    select(*SAID)
    # By time: for a bare `seq`, SQLite goes through all that was said before it (25 ms of 100,000 turns).
    .where(_OF_USER, turns.c.state.in_(SPOKEN), turns.c.seq + 0 < bindparam("before"))
    .where(turns.c.at > bindparam("since"), turns.c.at <= bindparam("until"))
    .order_by(turns.c.seq)
)
_INSERT = insert(turns)


class Journal:
    """Turns in the order they were said, one sequence a user. Every public method is one transaction.

    Args:
        database: Where they stand.
        judge: Says what sensitive thing a text tells of: such a message is held until the person says yes. None: nothing is.
    """

    def __init__(self, database: Database, judge: Callable[[str], Topic | None] | None = None) -> None:
        self._db = database
        self.judge = judge

    def receive(
        self,
        user_id: str,
        text: str,
        *,
        images: Sequence[str] = (),
        time: datetime | None = None,
        zone: str | None = None,
    ) -> Turn:
        """Write down a message as it arrives, before anything else is done with it.

        A message that opens a new session ends the one before, which then waits to be consolidated.

        Args:
            user_id: Who says it.
            text: What is said, at most 20,000 characters.
            images: Ids of stored photos.
            time: When it is said; now when None. A now before the user's last turn is moved to that turn's time.
            zone: The zone of now; this machine's when None.

        Raises:
            InvalidInput: Text or user cannot be taken.
            TimeOrderError: `time` lies before the user's last turn.
        """
        with self._db.write() as connection:
            return self.take(connection, user_id, text, images, time=time, zone=zone)

    def take(
        self,
        connection: Connection,
        user_id: str,
        text: str,
        images: Sequence[str] = (),
        *,
        time: datetime | None = None,
        zone: str | None = None,
        origin: str | None = None,
    ) -> Turn:
        """Write down a message inside the caller's transaction; see `receive`, and `memory.threads` for the origin."""
        check_user(user_id)
        check_text(text, len(images))
        people.ensure(connection, user_id)
        last = turn_rows.last(connection, user_id)
        stamp = _in_order(time, last, zone)
        return self._insert(connection, user_id, text, images, stamp, last, real_time=time is None, origin=origin)

    def ingest(self, user_id: str, time: datetime, text: str, reply: str, images: Sequence[str] = ()) -> Turn | None:
        """Write down a turn of a transcript, with its reply, to be remembered later.

        Returns:
            The turn, or None when the user already has one with this time and text, or has forgotten it.

        Raises:
            InvalidInput: As `receive`.
            TimeOrderError: `time` lies before the user's last turn.
        """
        check_user(user_id)
        check_text(text, len(images))
        with self._db.write() as connection:
            same = (turns.c.user_id == user_id) & (turns.c.at == time) & (turns.c.text == text)
            if connection.execute(select(turns.c.id).where(same)).first():
                return None
            if forget.is_forgotten(connection, user_id, forget.said_at(time), text):
                return None
            people.ensure(connection, user_id)
            last = turn_rows.last(connection, user_id)
            turn = self._insert(connection, user_id, text, images, _in_order(time, last), last, real_time=False)
            turn_rows.finish(connection, turn, reply, TurnState.ANSWERED, None)
        return turn

    def finish(
        self, turn_id: str, reply: str, *, trace: Trace | None = None, stopped: bool = False, request: bool = False
    ) -> Turn:
        """Commit the reply: from here on the turn is acknowledged, and waits to be remembered.

        Args:
            turn_id: A turn in state `received` or `failed`.
            reply: What was shown to the person.
            trace: How the reply came to be.
            stopped: The person stopped it; `reply` is what was shown by then.
            request: It asked to forget something: nothing is taken from it.
        """
        state = TurnState.REQUEST if request else TurnState.STOPPED if stopped else TurnState.ANSWERED
        with self._db.write() as connection:
            turn = turn_rows.one(connection, turn_id, traces=False)
            # What tells that something is forgotten holds no word of that.
            offers = not request or (trace is not None and trace.forget is not None and bool(trace.forget.entries))
            touching = late.touching(connection, turn, trace) if offers else []
            if late.was_purged(touching):
                reply, trace = "", None
            done = turn_rows.finish(connection, turn, reply, state, trace)
            late.keep(connection, turn, touching)
            # What was set aside, or was answered already, is as it stands there now.
            return turn_rows.one(connection, turn_id) if touching or done is None else done

    def fail(self, turn_id: str, reason: str) -> None:
        """Mark a turn as unanswered; the message stays visible."""
        with self._db.write() as connection:
            states = (TurnState.RECEIVED, TurnState.FAILED)
            connection.execute(
                update(turns)
                .where(turns.c.id == turn_id, turns.c.state.in_(states))
                .values(state=TurnState.FAILED, error=reason)
            )

    def fail_interrupted(self, before: datetime | None = None) -> int:
        """Mark turns that a dead process left without a reply; returns how many. Call once, by the folder's owner.

        Args:
            before: Those that were received by then: another process may be writing the reply to a later one.
        """
        interrupted = turns.c.state == TurnState.RECEIVED
        if before is not None:
            interrupted &= turns.c.received_at < before
        with self._db.write() as connection:
            return connection.execute(
                update(turns)
                .where(interrupted)
                .values(state=TurnState.FAILED, error="The program ended before the reply was written. Send it again.")
            ).rowcount

    def replace(self, turn_id: str) -> Turn:
        """Set a turn aside and write its message down again, at its time, to be answered anew.

        What was already remembered from the message stays: its words are the same.

        Raises:
            NotFound: No such turn, or it is not the user's last.
        """
        with self._db.write() as connection:
            old = turn_rows.one(connection, turn_id)
            last = turn_rows.last(connection, old.user_id)
            if last is None or last.id != turn_id or old.state is TurnState.FORGOTTEN:
                raise NotFound("Only the last message can be answered again, and not one that is forgotten.")
            connection.execute(
                update(turns)
                .where(turns.c.id == turn_id)
                .values(state=TurnState.REPLACED, pending=False, revision=turns.c.revision + 1)
            )
            # What the person said of the message holds for it still.
            said = connection.execute(select(turns.c.held, turns.c.approved, turns.c.origin).where(turns.c.id == turn_id)).one()
            origin = said.origin or old.id
            new = self._insert(
                connection, old.user_id, old.text, old.images, old.time, last, real_time=old.real_time, origin=origin
            )
            connection.execute(update(turns).where(turns.c.id == new.id).values(held=said.held, approved=said.approved))
            new = new.model_copy(update={"held": said.held})
            pending.repoint(connection, old, new, remembered=not old.pending and old.state in SPOKEN)
        return new

    def turn(self, turn_id: str, *, traces: bool = True) -> Turn:
        """Return one turn, with or without how its reply came to be, or raise NotFound."""
        with self._db.glance() as connection:
            return turn_rows.one(connection, turn_id, traces=traces)

    def turns(
        self,
        user_id: str,
        *,
        ids: Iterable[str] | None = None,
        session: int | None = None,
        limit: int | None = None,
        traces: bool = True,
    ) -> list[Turn]:
        """Return a user's turns in the order they were said; with `limit`, the last ones.

        Without `traces` it is what was said alone: how a reply came to be is the larger part of a row.
        """
        # By ids alone where they are known: with more to go by, SQLite reads every row of the user to find a few.
        query = select(*(turns.c if traces else SAID)).where(
            turns.c.user_id == user_id if ids is None else turns.c.id.in_(list(ids))
        )
        if session is not None:
            query = query.where(turns.c.session == session)
        with self._db.glance() as connection:
            rows = connection.execute(query.order_by(turns.c.seq.desc()).limit(limit)).all()
        return [to_turn(row) for row in reversed(rows) if row.user_id == user_id]

    def recent(self, user_id: str, time: datetime, before_seq: int | None = None) -> list[Turn]:
        """Return the recent window of a message at `time`: spoken turns less than 60 minutes before it, without traces."""
        given = {"user": user_id, "since": clock.recent_since(time), "until": time, "before": before_seq or _NO_SEQ}
        with self._db.glance() as connection:
            return [to_turn(row) for row in connection.execute(_RECENT, given)]

    def last_time(self, user_id: str) -> datetime | None:
        """Return the time of the user's last turn, in its zone."""
        with self._db.glance() as connection:
            last = turn_rows.last(connection, user_id)
        return last.time if last else None

    def knows(self, user_id: str) -> bool:
        """Say whether there is such a user."""
        with self._db.glance() as connection:
            return people.is_known(connection, user_id)

    def was_noted(self, turn: Turn, note: str) -> bool:
        """Say whether a note that begins so stands below an earlier reply to the user's pictures."""
        earlier = (turns.c.user_id == turn.user_id) & (turns.c.seq < turn.seq) & turns.c.state.in_(SPOKEN)
        noted = cast(turns.c.trace, String).contains(note, autoescape=True)
        query = select(turns.c.id).where(earlier, cast(turns.c.images, String) != "[]", noted).limit(1)
        with self._db.glance() as connection:
            return connection.execute(query).first() is not None

    def users(self) -> list[dict[str, Any]]:
        """Return every user with the number of turns, how many wait to be remembered, and the last one's time."""
        query = (
            select(
                users.c.id,
                func.count(turns.c.id).label("turns"),
                func.count(case((turns.c.pending, 1))).label("pending"),
                func.max(turns.c.at).label("last"),
            )
            .join(turns, turns.c.user_id == users.c.id, isouter=True)
            .group_by(users.c.id)
            .order_by(users.c.id)
        )
        with self._db.glance() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def has_moved_on(self, user_id: str, session: int) -> bool:
        """Say whether a later session has been consolidated already."""
        with self._db.glance() as connection:
            return session_rows.is_later_summed_up(connection, user_id, session)

    def end_session(self, user_id: str) -> None:
        """End the user's open session, if there is one, so that it is consolidated."""
        with self._db.write() as connection:
            last = turn_rows.last(connection, user_id)
            if last is not None:
                session_rows.end(connection, user_id, last.session, last.seq)

    def end_stale_sessions(self, instant: datetime) -> int:
        """End sessions whose last turn was said in real time and lies 60 real minutes back; returns how many."""
        with self._db.write() as connection:
            return session_rows.end_stale(connection, instant)

    def _insert(
        self,
        connection: Connection,
        user_id: str,
        text: str,
        images: Sequence[str],
        stamp: datetime,
        last: Turn | None,
        *,
        real_time: bool,
        origin: str | None = None,
    ) -> Turn:
        seq = turn_rows.next_seq(connection, user_id)
        session = last.session if last else 1
        if last is None or clock.starts_session(last.time, stamp) or session_rows.is_ended(connection, user_id, session):
            if last is not None:
                session_rows.end(connection, user_id, session, last.seq)
                session += 1
            session_rows.begin(connection, user_id, session)
        turn = Turn(
            id=make_id(user_id, "turn", seq),
            user_id=user_id,
            seq=seq,
            session=session,
            time=stamp,
            text=text,
            images=tuple(images),
            real_time=real_time,
            held=held.asked(connection, user_id, self.judge(text)) if self.judge else None,
        )
        row = {
            **turn.model_dump(include={"id", "user_id", "seq", "session", "text", "reply", "state", "real_time", "held"}),
            "images": list(images),
            "at": stamp,
            "zone": clock.zone_name(stamp),
            "pending": False,
            "received_at": datetime.now(UTC),
            "revision": 0,
            "indexed_revision": 0,
            "origin": origin,
        }
        connection.execute(_INSERT, row)
        return turn


def _in_order(time: datetime | None, last: Turn | None, zone: str | None = None) -> datetime:
    stamp = time or clock.now(zone)
    # As instants: within one zone Python compares wall clocks, and the night of a time change has one hour twice.
    if last is None or stamp.timestamp() >= last.time.timestamp():
        return stamp
    if time is None:
        # The clock was set back, or the last turn was told to lie ahead: an unstated time follows it.
        try:
            return last.time.astimezone(stamp.tzinfo)
        except OverflowError:
            return last.time
    raise TimeOrderError(
        f"The time {clock.show(time)} lies before this user's last turn, {clock.show(last.time)}. "
        "Give that time or a later one."
    )
