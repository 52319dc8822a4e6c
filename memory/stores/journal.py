"""The record of what was said: turns, their replies, and the sessions they fall into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, case, cast, func, insert, select, update

from memory.consent.marks import Marker
from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Line, Trace, Turn, TurnState, make_id
from memory.core.validation import check_text, check_user, user_name
from memory.forgetting import in_flight
from memory.personality.writing_wishes import wishes_in
from memory.storage import session_rows, turn_order, turn_rows, user_rows, work_queue
from memory.storage.engine import Database
from memory.storage.schema import turns, users
from memory.storage.turn_order import IN_ORDER, LATEST_FIRST
from memory.storage.turn_rows import SAID, to_turn
from memory.stores import corrections, transcript

_NO_SEQ = 2**31 - 1
_OF_USER = turns.c.user_id == bindparam("user")
_RECENT = (
    select(*SAID)
    .where(_OF_USER, turns.c.state.in_(SPOKEN), turns.c.at > bindparam("since"), turns.c.at <= bindparam("until"))
    .where((turns.c.at < bindparam("until")) | (turns.c.seq < bindparam("before")))
    .order_by(*IN_ORDER)
)
_INSERT = insert(turns)
_WRITTEN = {"id", "user_id", "seq", "session", "text", "reply", "state", "real_time", "held", "sensitive"}


class Journal:
    """Turns in the order of their times, of one time in the order of arrival. Every public method is one transaction.

    Args:
        database: Where they stand.
        marker: Says what sensitive thing a text tells of, and whether it is pending approval then. None: nothing is judged.
    """

    def __init__(self, database: Database, marker: Marker | None = None) -> None:
        self._db = database
        self.marker = marker

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
            time: When it is said; now when None. After a clock that was set back, now is the time of the newest turn.
            zone: The zone of now; this machine's when None.

        Raises:
            InvalidInput: Text or user cannot be taken.
            TimeOrderError: `time` lies before the user's last turn; see `turn_order.stamp`.
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
        """Write down a message inside the caller's transaction; see `receive`, and `memory.stores.threads` for the origin."""
        user_id = check_user(user_id)
        check_text(text, len(images))
        user_rows.ensure(connection, user_id)
        stamp = turn_order.stamp(connection, user_id, time, zone)
        session = session_rows.place(connection, user_id, stamp, live=True)
        return self._insert(connection, user_id, text, images, stamp, session, real_time=time is None, origin=origin)

    def ingest(self, user_id: str, time: datetime, text: str, reply: str, images: Sequence[str] = ()) -> Turn | None:
        """Write down a turn of a transcript, with its reply, to be remembered later; its session stays open.

        Returns:
            The turn, or None when the user already has one with this time and text, or has forgotten it.

        Raises:
            InvalidInput: As `receive`.
        """
        user_id = check_user(user_id)
        check_text(text, len(images))
        with self._db.write() as connection:
            if not transcript.new(connection, user_id, [Line(time=time, text=text, reply=reply, images=tuple(images))]):
                return None
            user_rows.ensure(connection, user_id)
            session = session_rows.place(connection, user_id, time, live=False)
            turn = self._insert(connection, user_id, text, images, time, session, real_time=False)
            turn_rows.finish(connection, turn, reply, TurnState.ANSWERED, None)
        return turn

    def missing(self, user_id: str, lines: Sequence[Line]) -> list[int]:
        """Return the places of those lines of a transcript that `ingest_all` would add, in the order of their times."""
        with self._db.read() as connection:
            return transcript.new(connection, user_id, lines)

    def ingest_all(self, user_id: str, lines: Sequence[Line]) -> list[int]:
        """Write down a transcript whole, or nothing of it, to be remembered later.

        Its turns take the places that their times give them, in ended sessions of their own: they may be older than everything
        there. Of several lines of one time and text, the n-th is the n-th such turn of the journal.

        Returns:
            The places of the lines that were added: not those that the user has already, or has forgotten.

        Raises:
            InvalidInput: As `receive`; nothing was written.
        """
        user_id = check_user(user_id)
        for line in lines:
            check_text(line.text, len(line.images))
        with self._db.write() as connection:
            return transcript.take(connection, user_id, lines, self.marker)

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
            touching = in_flight.touching(connection, turn, trace) if offers else []
            if in_flight.was_purged(touching):
                reply, trace = "", None
            done = turn_rows.finish(connection, turn, reply, state, trace)
            in_flight.keep(connection, turn, touching)
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
            NotFound: No such turn, or it is not the user's last; see `newest`.
        """
        with self._db.write() as connection:
            old = turn_rows.one(connection, turn_id)
            if turn_id not in _newest(connection, old.user_id) or old.state is TurnState.FORGOTTEN:
                raise NotFound("Only the last message can be answered again, and not one that is forgotten.")
            connection.execute(
                update(turns)
                .where(turns.c.id == turn_id)
                .values(state=TurnState.REPLACED, pending=False, revision=turns.c.revision + 1)
            )
            # What the person said of the message holds for it still.
            said = connection.execute(
                select(turns.c.held, turns.c.approved, turns.c.sensitive, turns.c.origin).where(turns.c.id == turn_id)
            ).one()
            origin = said.origin or old.id
            session = old.session
            if session_rows.is_ended(connection, old.user_id, session):
                session = session_rows.begin(connection, old.user_id, old.time)
            new = self._insert(
                connection, old.user_id, old.text, old.images, old.time, session, real_time=old.real_time, origin=origin
            )
            kept = {"held": said.held, "sensitive": said.sensitive}
            connection.execute(update(turns).where(turns.c.id == new.id).values(**kept, approved=said.approved))
            new = new.model_copy(update=kept)
            work_queue.repoint(connection, old, new, remembered=not old.pending and old.state in SPOKEN)
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
        """Return a user's turns in the order of their times; with `limit`, the last ones.

        Without `traces` it is what was said alone: how a reply came to be is the larger part of a row.
        """
        # By ids alone where they are known: with more to go by, SQLite reads every row of the user to find a few.
        query = select(*(turns.c if traces else SAID)).where(
            turns.c.user_id == user_id if ids is None else turns.c.id.in_(list(ids))
        )
        if session is not None:
            query = query.where(turns.c.session == session)
        with self._db.glance() as connection:
            rows = connection.execute(query.order_by(*LATEST_FIRST).limit(limit)).all()
            mine = [to_turn(row) for row in reversed(rows) if row.user_id == user_name(user_id)]
            return corrections.marked_turns(connection, user_id, mine)

    def recent(self, user_id: str, time: datetime, before_seq: int | None = None) -> list[Turn]:
        """Return the recent window of a message at `time`: spoken turns less than 60 minutes before it, without traces.

        Args:
            user_id: Whose.
            time: When the message is said.
            before_seq: Its place in the order of arrival, which says of turns of the same time whether they come before it.
        """
        given = {"user": user_id, "since": clock.recent_since(time), "until": time, "before": before_seq or _NO_SEQ}
        with self._db.glance() as connection:
            said = [to_turn(row) for row in connection.execute(_RECENT, given)]
            return corrections.marked_turns(connection, user_id, said)

    def last_time(self, user_id: str) -> datetime | None:
        """Return the time of the user's last turn, in its zone; of one that lies ahead of the clock where there is no other."""
        with self._db.read() as connection:
            last = turn_order.newest_not_ahead(connection, user_id, clock.now()) or turn_order.newest(connection, user_id)
        return last.time if last else None

    def newest(self, user_id: str) -> dict[str, Turn]:
        """Return, by id, the turns that can be answered again: the newest, and the newest that is not ahead of the clock."""
        with self._db.read() as connection:
            return _newest(connection, user_id)

    def knows(self, user_id: str) -> bool:
        """Say whether there is such a user."""
        with self._db.glance() as connection:
            return user_rows.is_known(connection, user_id)

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
        """Say whether a session of a later time has been consolidated already."""
        with self._db.read() as connection:
            return session_rows.is_later_summed_up(connection, user_id, session, clock.now())

    def is_summed_up(self, user_id: str, session: int) -> bool:
        """Say whether a session has been consolidated before."""
        with self._db.glance() as connection:
            return session_rows.is_summed_up(connection, user_id, session)

    def end_session(self, user_id: str) -> None:
        """End the user's open session, if there is one, so that it is consolidated."""
        with self._db.write() as connection:
            session_rows.end_open(connection, user_id)

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
        session: int,
        *,
        real_time: bool,
        origin: str | None = None,
    ) -> Turn:
        seq = turn_order.next_seq(connection, user_id)
        topic = self.marker.judge(text) if self.marker else None
        turn = Turn(
            id=make_id(user_id, "turn", seq),
            user_id=user_id,
            seq=seq,
            session=session,
            time=stamp,
            text=text,
            images=tuple(images),
            real_time=real_time,
            held=self.marker.pending(connection, user_id, topic) if self.marker else None,
            sensitive=topic,
        )
        row = {
            **turn.model_dump(include=_WRITTEN),
            "images": list(images),
            "at": stamp,
            "zone": clock.zone_name(stamp),
            "pending": False,
            "received_at": datetime.now(UTC),
            "revision": 0,
            "indexed_revision": 0,
            "origin": origin,
            "wishes": bool(wishes_in(text)),
        }
        connection.execute(_INSERT, row)
        # One that was told to lie ahead now follows this one: its index holds the words of the turn before it.
        after = turn_order.next_in_session(user_id, session, stamp, seq)
        connection.execute(update(turns).where(after).values(revision=turns.c.revision + 1))
        return turn


def _newest(connection: Connection, user_id: str) -> dict[str, Turn]:
    found = (turn_order.newest(connection, user_id), turn_order.newest_not_ahead(connection, user_id, clock.now()))
    return {turn.id: turn for turn in found if turn is not None}
