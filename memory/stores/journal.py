"""The journal: the record of all turns, their replies and their sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, case, cast, func, select, update

from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Trace, Turn, TurnState
from memory.core.validation import user_name
from memory.forgetting import in_flight
from memory.storage import replies_due, session_rows, turn_order, turn_rows, user_rows, work_queue
from memory.storage.engine import Database
from memory.storage.schema import turns, users
from memory.storage.turn_order import IN_ORDER, LATEST_FIRST
from memory.storage.turn_rows import SAID, to_turn
from memory.stores import corrections, turn_intake

_MAX_SEQ = 2**31 - 1
_OF_USER = turns.c.user_id == bindparam("user")
_INTERRUPT = update(turns).values(
    state=TurnState.FAILED, error="The program ended before the reply was written. Send it again."
)
_RECENT = (
    select(*SAID)
    .where(_OF_USER, turns.c.state.in_(SPOKEN), turns.c.at > bindparam("since"), turns.c.at <= bindparam("until"))
    .where((turns.c.at < bindparam("until")) | (turns.c.seq < bindparam("before")))
    .order_by(*IN_ORDER)
)


class Journal:
    """The turns of all users, in the order of their times; turns of the same time in the order of arrival.

    Every public method is one transaction. `memory.stores.arrivals` stores new messages.

    Args:
        database: The database that stores the turns.
        marker: Finds the sensitive topic of a text and decides whether the text is pending approval. None: no text is judged.
    """

    def __init__(self, database: Database, marker: Marker | None = None) -> None:
        self._db = database
        self._marker = marker

    def finish(
        self, turn_id: str, reply: str, *, trace: Trace | None = None, stopped: bool = False, request: bool = False
    ) -> Turn:
        """Commit the reply. From now on the turn is acknowledged, and queued to be remembered.

        Args:
            turn_id: A turn in state `received` or `failed`.
            reply: The text that the person was shown.
            trace: The steps, memories, scores and timings of the reply.
            stopped: Whether the person stopped the reply; `reply` is then the part that was shown.
            request: Whether the message asked to forget something; nothing is extracted from such a message.

        Returns:
            The turn as it is stored now.
        """
        state = TurnState.REQUEST if request else TurnState.STOPPED if stopped else TurnState.ANSWERED
        with self._db.write(turn_rows.user_of(self._db, turn_id)) as connection:
            turn = turn_rows.one(connection, turn_id, traces=False)
            # The reply that confirms a forgetting contains no word of the forgotten thing, so it needs no check.
            offers = not request or (trace is not None and trace.forget is not None and bool(trace.forget.entries))
            touching = in_flight.touching(connection, turn, trace) if offers else []
            if in_flight.was_purged(touching):
                reply, trace = "", None
            done = turn_rows.finish(connection, turn, reply, state, trace)
            in_flight.keep(connection, turn, touching)
            # If the reply was quarantined, or the turn was already answered, return the stored row instead.
            return turn_rows.one(connection, turn_id) if touching or done is None else done

    def fail(self, turn_id: str, reason: str) -> None:
        """Mark a turn as failed: it has no reply, and its message stays visible."""
        with self._db.write(turn_rows.user_of(self._db, turn_id)) as connection:
            states = (TurnState.RECEIVED, TurnState.FAILED)
            connection.execute(
                update(turns)
                .where(turns.c.id == turn_id, turns.c.state.in_(states))
                .values(state=TurnState.FAILED, error=reason)
            )

    def fail_interrupted(self) -> int:
        """Mark the turns that a dead process left without a reply as failed. Only the folder's owner may call this, once.

        Returns:
            How many turns were marked.
        """
        with self._db.write() as connection:
            return connection.execute(_INTERRUPT.where(turns.c.state == TurnState.RECEIVED)).rowcount

    def fail_abandoned(self, before: datetime, user_id: str | None = None) -> int:
        """Mark as failed what no process answers any more, where several share the journal.

        Args:
            before: A turn that was received before this instant counts as abandoned even if its process is alive.
            user_id: Of this user; None: of all.

        Returns:
            How many turns were marked.
        """
        abandoned = replies_due.RECEIVED & (~replies_due.IS_ANSWERED | (turns.c.received_at < before))
        if user_id is not None:
            abandoned &= turns.c.user_id == user_id
        with self._db.glance() as connection:
            found = connection.execute(select(turns.c.user_id, turns.c.id).where(abandoned)).all()
        marked = 0
        for row in found:
            with self._db.write(row.user_id) as connection:
                marked += connection.execute(_INTERRUPT.where(turns.c.id == row.id, abandoned)).rowcount
        return marked

    def before_reply(self, turn: Turn) -> replies_due.Before:
        """Return what stands between a message and its reply, where several processes share the journal."""
        with self._db.glance() as connection:
            return replies_due.before(connection, turn)

    def replace(self, turn_id: str) -> Turn:
        """Replace a turn by a new one with the same message and time, so that it is answered again.

        Memories extracted from the message stay, because its words are the same.

        Raises:
            NotFound: There is no such turn, it is forgotten, or it is not the user's last; see `newest`.
        """
        with self._db.write(turn_rows.user_of(self._db, turn_id)) as connection:
            old = turn_rows.one(connection, turn_id)
            if turn_id not in _newest(connection, old.user_id) or old.state is TurnState.FORGOTTEN:
                raise NotFound("Only the last message can be answered again, unless it is forgotten.")
            connection.execute(
                update(turns)
                .where(turns.c.id == turn_id)
                .values(state=TurnState.REPLACED, pending=False, revision=turns.c.revision + 1)
            )
            # A decision of the person about the old message also applies to the new one.
            said = connection.execute(
                select(turns.c.held, turns.c.approved, turns.c.sensitive, turns.c.origin).where(turns.c.id == turn_id)
            ).one()
            origin = said.origin or old.id
            session = old.session
            if session_rows.is_ended(connection, old.user_id, session):
                session = session_rows.begin(connection, old.user_id, old.time)
            new = turn_intake.insert(
                connection,
                self._marker,
                old.user_id,
                old.text,
                old.images,
                old.time,
                session,
                real_time=old.real_time,
                origin=origin,
                process_id=self._db.process_id,
            )
            kept = {"held": said.held, "sensitive": said.sensitive}
            connection.execute(update(turns).where(turns.c.id == new.id).values(**kept, approved=said.approved))
            new = new.model_copy(update=kept)
            work_queue.repoint(connection, old, new, remembered=not old.pending and old.state in SPOKEN)
        return new

    def turn(self, turn_id: str, *, traces: bool = True) -> Turn:
        """Return one turn, with or without its trace.

        Raises:
            NotFound: There is no such turn.
        """
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
        """Return a user's turns in the order of their times.

        Args:
            user_id: The user.
            ids: Only the turns with these ids.
            session: Only the turns of this session.
            limit: At most this many, the last ones.
            traces: Whether to load the traces, which are the larger part of a row.
        """
        # Filter by id alone if ids are given: with another condition, SQLite reads every row of the user to find a few.
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
        """Return the spoken turns of the 60 minutes before a message, without traces.

        Args:
            user_id: The user.
            time: When the message is said.
            before_seq: Its position in the order of arrival, which decides whether turns of the same time come before it.
        """
        given = {"user": user_id, "since": clock.recent_since(time), "until": time, "before": before_seq or _MAX_SEQ}
        with self._db.glance() as connection:
            said = [to_turn(row) for row in connection.execute(_RECENT, given)]
            return corrections.marked_turns(connection, user_id, said)

    def last_time(self, user_id: str) -> datetime | None:
        """Return the time of the user's last turn, in its zone. A turn ahead of the clock counts only if there is no other."""
        with self._db.read() as connection:
            last = turn_order.newest_not_ahead(connection, user_id, clock.now()) or turn_order.newest(connection, user_id)
        return last.time if last else None

    def newest(self, user_id: str) -> dict[str, Turn]:
        """Return by id the turns that can be answered again: the newest, and the newest that is not ahead of the clock."""
        with self._db.read() as connection:
            return _newest(connection, user_id)

    def knows(self, user_id: str) -> bool:
        """Return whether the user exists."""
        with self._db.glance() as connection:
            return user_rows.is_known(connection, user_id)

    def was_noted(self, turn: Turn, note: str) -> bool:
        """Return whether an earlier reply to pictures of this user already has a note that begins with these words."""
        earlier = (turns.c.user_id == turn.user_id) & (turns.c.seq < turn.seq) & turns.c.state.in_(SPOKEN)
        noted = cast(turns.c.trace, String).contains(note, autoescape=True)
        query = select(turns.c.id).where(earlier, cast(turns.c.images, String) != "[]", noted).limit(1)
        with self._db.glance() as connection:
            return connection.execute(query).first() is not None

    def count_users(self) -> int:
        """Return how many people there are."""
        with self._db.glance() as connection:
            return user_rows.count(connection)

    def users(self) -> list[dict[str, Any]]:
        """Return every user with the number of turns, the number of turns to be remembered, and the time of the last turn."""
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
        """Return whether a later session has already been consolidated; see `session_rows.is_later_summed_up`."""
        with self._db.read() as connection:
            return session_rows.is_later_summed_up(connection, user_id, session, clock.now())

    def is_summed_up(self, user_id: str, session: int) -> bool:
        """Return whether a session has been consolidated before."""
        with self._db.glance() as connection:
            return session_rows.is_summed_up(connection, user_id, session)

    def end_session(self, user_id: str) -> None:
        """End the user's open session, if there is one, and queue it for consolidation."""
        with self._db.write(user_id) as connection:
            session_rows.end_open(connection, user_id)

    def end_stale_sessions(self, instant: datetime) -> int:
        """End the sessions whose last turn was said in real time at least 60 real minutes ago; return how many."""
        with self._db.glance() as connection:
            stale = session_rows.stale(connection, instant)
        ended = 0
        for user_id in dict.fromkeys(user_id for user_id, _ in stale):
            with self._db.write(user_id) as connection:
                # Read again: another process may have ended them, or the person goes on talking.
                for _, number in session_rows.stale(connection, instant, user_id):
                    session_rows.end(connection, user_id, number)
                    ended += 1
        return ended


def _newest(connection: Connection, user_id: str) -> dict[str, Turn]:
    found = (turn_order.newest(connection, user_id), turn_order.newest_not_ahead(connection, user_id, clock.now()))
    return {turn.id: turn for turn in found if turn is not None}
