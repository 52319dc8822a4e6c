"""Turns of LangGraph threads, including those that repeat or change an earlier turn of the thread.

A thread goes back to an earlier checkpoint to answer a message again, or to change it. A turn's `origin` tells the journal that
something was already said at this place of the thread. The new turn then replaces the old one (docs/decisions/040).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from memory.consent.consent_rule import Marker
from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Turn, TurnState, make_id
from memory.core.validation import check_text, check_user, user_name
from memory.storage import tombstones, turn_rows
from memory.storage.engine import Database
from memory.storage.schema import turns
from memory.storage.turn_rows import SAID, to_turn
from memory.stores import replacement, turn_intake

_FORGOTTEN_MESSAGE = "That message is forgotten, so there is nothing to answer. Say something new."
_OF_ORIGIN = (
    select(*SAID)
    .where(turns.c.user_id == bindparam("user"), turns.c.origin == bindparam("its_origin"))
    .where(turns.c.state != TurnState.REPLACED)
    .order_by(turns.c.seq.desc())
)
_MAX_TEXTS = 200
_OF_TEXTS = select(turns.c.id, turns.c.seq, turns.c.text, turns.c.reply, turns.c.origin).where(
    turns.c.user_id == bindparam("user"),
    turns.c.text.in_(bindparam("texts", expanding=True)),
    turns.c.state.in_((*SPOKEN, TurnState.REQUEST, TurnState.REPLACED)),
)
_WITHOUT_WHOLE_REPLY = (TurnState.RECEIVED, TurnState.FAILED, TurnState.STOPPED)
_WITH_TEXT = (
    select(turns.c.id)
    .where(turns.c.user_id == bindparam("user"), turns.c.text == bindparam("its_text"))
    .where(turns.c.state.in_(_WITHOUT_WHOLE_REPLY) | (turns.c.received_at >= bindparam("since")))
    .limit(1)
)
_LAST = (
    select(turns.c.text, turns.c.state, turns.c.origin)
    .where(turns.c.user_id == bindparam("user"), turns.c.received_at >= bindparam("since"))
    .where(turns.c.state != TurnState.REPLACED)
    .order_by(turns.c.seq.desc())
    .limit(1)
)
_FORGOTTEN = select(turns.c.at).where(turns.c.user_id == bindparam("user"), turns.c.state == TurnState.FORGOTTEN)
_BY_ID = select(*SAID).where(turns.c.id == bindparam("turn"))


def origin_of(user_id: str, thread_id: str, parent: str) -> str:
    """Return the id of a place in a thread: a digest that reveals neither the thread nor the turn before.

    Args:
        user_id: The user who speaks there.
        thread_id: The thread.
        parent: The id of the turn before it in its branch of the thread; empty for the first turn.
    """
    return make_id(user_id, "thread", f"{thread_id}\x1f{parent}")


@dataclass(frozen=True)
class Exchange:
    """A message with its reply, as a conversation of another program may repeat it.

    Attributes:
        id: The turn.
        seq: Its number in the user's order of arrival.
        text: The message.
        reply: The reply.
        origin: Its place; None if it was said elsewhere.
    """

    id: str
    seq: int
    text: str
    reply: str
    origin: str | None


class Threads:
    """The turns in the threads of all users. Every public method is one transaction.

    Args:
        database: The database that stores the turns.
        marker: As in `memory.stores.arrivals`.
        in_turns: Returns how many of a user's indexed turns contain each word, and how many they are.
        bring_up: Indexes what is not indexed yet of a user.
    """

    def __init__(
        self,
        database: Database,
        marker: Marker | None,
        in_turns: Callable[[str, Sequence[str]], tuple[dict[str, int], int]],
        bring_up: Callable[[str], object],
    ) -> None:
        self._db = database
        self._marker = marker
        self._in_turns = in_turns
        self._bring_up = bring_up

    def say(
        self,
        user_id: str,
        text: str | None,
        images: Sequence[str] | None,
        *,
        time: datetime | None,
        origin: str,
        goes_back: bool,
        arrived: datetime | None = None,
    ) -> Turn:
        """Store a message. A message that was said at this place before is answered again, or replaced by the new words.

        Args:
            user_id: The user who says it.
            text: The words; None: pictures alone, or the words of the replaced turn.
            images: Ids of stored photos; None: none, or those of the replaced turn.
            time: As in `Arrivals.receive`. A turn that replaces another keeps that turn's time.
            origin: The place in the thread; see `origin_of`.
            goes_back: Whether the caller named the checkpoint. If not, a message after an unanswered one is a turn of its own.
            arrived: When the request for a reply came to this host; None: it asks for a new reply. A client that loses patience
                repeats its request on another host. If that one has answered it since, its turn is returned as it is.

        Returns:
            The turn to answer; one that has a reply where the client repeated its request.

        Raises:
            PersonaError: As `Arrivals.receive`.
            NotFound: The message is forgotten.
        """
        user_id = check_user(user_id)
        before = self.at(user_id, origin)
        if before is not None and before.text != (text or ""):
            # Only other words are counted: a repeated message does not wait for the index.
            self._bring_up(user_id)
        with self._db.write(user_id) as connection:
            there = connection.execute(_OF_ORIGIN, {"user": user_id, "its_origin": origin}).all()
            old = next((row for row in there if _says(row, text, images)), None)
            if old is None:
                replied = (*SPOKEN, TurnState.REQUEST)
                replaceable = (*replied, TurnState.RECEIVED, TurnState.FAILED) if goes_back else replied
                old = next((row for row in there if row.state in replaceable), None)
            if old is not None:
                if arrived is not None and _is_answered_since(old, arrived) and _says(old, text, images):
                    return to_turn(old)
                return self._again(connection, old, text, images)
            gone = [row.at for row in there if row.state == TurnState.FORGOTTEN]
            marked = tombstones.digests(connection, user_id)
            if any(tombstones.times_forgotten(marked, at, text or "") for at in gone):
                raise NotFound(_FORGOTTEN_MESSAGE)
            said = (user_id, text or "", images or ())
            process_id = self._db.process_id
            return turn_intake.take(connection, self._marker, *said, time=time, origin=origin, process_id=process_id)

    def exchanges(self, user_id: str, texts: Sequence[str]) -> list[Exchange]:
        """Return the user's exchanges with these messages, the replaced ones too; nothing that is forgotten."""
        found: list[Exchange] = []
        with self._db.glance() as connection:
            for start in range(0, len(texts), _MAX_TEXTS):
                some = list(dict.fromkeys(texts[start : start + _MAX_TEXTS]))
                rows = connection.execute(_OF_TEXTS, {"user": user_name(user_id), "texts": some})
                found += [Exchange(row.id, row.seq, row.text, row.reply, row.origin) for row in rows]
        return found

    def repeated(self, user_id: str, text: str, within: timedelta) -> str | None:
        """Return the place of the user's last message if it has this text, has no whole reply, and has just arrived.

        Args:
            user_id: The user.
            text: The text.
            within: How long ago it may have arrived.
        """
        given = {"user": user_name(user_id), "since": clock.instant() - within}
        with self._db.glance() as connection:
            last = connection.execute(_LAST, given).first()
        return last.origin if last is not None and last.text == text and last.state in _WITHOUT_WHOLE_REPLY else None

    def has_received(self, user_id: str, text: str) -> bool:
        """Return whether the user sent a message with this text that has no whole reply, or was forgotten; or any just now."""
        user = user_name(user_id)
        given = {"user": user, "its_text": text, "since": clock.instant() - clock.SESSION_GAP}
        with self._db.glance() as connection:
            if connection.execute(_WITH_TEXT, given).first() is not None:
                return True
            marked = tombstones.digests(connection, user)
            times = connection.execute(_FORGOTTEN, {"user": user}).scalars() if marked else ()
            return any(tombstones.times_forgotten(marked, time, text) for time in times)

    def take_up(self, turn_id: str, origin: str) -> Turn:
        """Return the turn to answer for a turn that was journaled before. A turn that has a reply is replaced.

        Args:
            turn_id: The journaled turn.
            origin: The place in the thread, which is stored with the turn; see `origin_of`.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.write(turn_rows.user_of(self._db, turn_id)) as connection:
            row = _current(connection, turn_id)
            if row.origin is None:
                connection.execute(update(turns).where(turns.c.id == row.id).values(origin=origin))
                row = _row(connection, row.id)
            return self._again(connection, row, None, None)

    def repeat(self, turn_id: str) -> Turn:
        """Replace a turn, or the turn that has replaced it since, by one with the same words, also if it has no reply yet.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.write(turn_rows.user_of(self._db, turn_id)) as connection:
            row = _current(connection, turn_id)
            return replacement.put(connection, row, None, None, self._tools(row.user_id))

    def change(self, turn_id: str, text: str | None, images: Sequence[str] | None) -> Turn:
        """Replace a turn, or the turn that has replaced it since, by one with other words or pictures.

        Args:
            turn_id: The turn.
            text: The new words; None: the old words.
            images: Ids of the new pictures; None: the old pictures.

        Raises:
            InvalidInput: The words are empty or too long, or there are too many pictures.
            NotFound: There is no such turn, or it is forgotten.
        """
        user_id = self.current(turn_id).user_id
        self._bring_up(user_id)
        with self._db.write(user_id) as connection:
            return self._again(connection, _current(connection, turn_id), text, images)

    def current(self, turn_id: str) -> Turn:
        """Return a turn, or the turn that has replaced it.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.read() as connection:
            return to_turn(_current(connection, turn_id))

    def at(self, user_id: str, origin: str) -> Turn | None:
        """Return the turn that is at a place of a thread now; None if nothing was said there. It may be forgotten."""
        with self._db.glance() as connection:
            row = connection.execute(_OF_ORIGIN, {"user": user_id, "its_origin": origin}).first()
        return None if row is None else to_turn(row)

    def has_gone_on(self, user_id: str, origin: str) -> bool:
        """Return whether something was said at a place of a thread."""
        with self._db.glance() as connection:
            return connection.execute(_OF_ORIGIN, {"user": user_id, "its_origin": origin}).first() is not None

    def reply_again(self, turn: Turn, reply: str) -> Turn:
        """Return the turn to commit a reply to, when a run has gone back before an earlier reply.

        Args:
            turn: The turn as the run knows it. It may have been replaced since.
            reply: The new reply.

        Returns:
            The turn now in its place, if that has the same words and either no reply yet or this reply. Otherwise a new turn
            that replaces it.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.write(turn.user_id) as connection:
            row = _current(connection, turn.id)
            if _says(row, turn.text, turn.images) and (row.state not in SPOKEN or row.reply == reply):
                return to_turn(row)
            # The run still uses what it retrieved back then, so what was forgotten since counts as forgotten during the reply.
            tools = self._tools(row.user_id)
            return replacement.put(connection, row, turn.text, turn.images, tools, received_at=row.received_at)

    def _again(self, connection: Connection, row: Row[Any], text: str | None, images: Sequence[str] | None) -> Turn:
        """Return the turn to answer: the same one if it has these words and no reply yet, otherwise one that replaces it."""
        if row.state not in SPOKEN and _says(row, text if text is not None else row.text, images):
            return to_turn(row)
        if text is not None or images is not None:
            check_text(row.text if text is None else text, len(row.images if images is None else images))
        return replacement.put(connection, row, text, images, self._tools(row.user_id))

    def _tools(self, user_id: str) -> replacement.Tools:
        return replacement.Tools(self._marker, partial(self._in_turns, user_id), self._db.process_id)


def _says(row: Row[Any], text: str | None, images: Sequence[str] | None) -> bool:
    return row.state != TurnState.FORGOTTEN and row.text == (text or "") and (images is None or list(images) == row.images)


def _is_answered_since(row: Row[Any], arrived: datetime) -> bool:
    return bool(row.state == TurnState.ANSWERED and row.received_at > arrived)


def _row(connection: Connection, turn_id: str) -> Row[Any]:
    row = connection.execute(_BY_ID, {"turn": turn_id}).first()
    if row is None:
        raise NotFound(f"There is no turn {turn_id!r}.")
    return row


def _current(connection: Connection, turn_id: str) -> Row[Any]:
    row: Row[Any] | None = _row(connection, turn_id)
    if row is not None and row.state == TurnState.REPLACED:
        row = connection.execute(_OF_ORIGIN, {"user": row.user_id, "its_origin": row.origin or row.id}).first()
    if row is None or row.state == TurnState.FORGOTTEN:
        raise NotFound(_FORGOTTEN_MESSAGE)
    return row
