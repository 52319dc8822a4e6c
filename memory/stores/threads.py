"""Turns of LangGraph threads: what a thread says, and what it says again at a place where something was said before.

A thread goes back to an earlier checkpoint to answer a message again, or to change it. The journal knows by a turn's `origin`
that something was said there already: the new turn then replaces the old one (docs/decisions/040).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Turn, TurnState, make_id
from memory.core.validation import check_text, check_user
from memory.forgetting.cascade import Counts
from memory.storage import tombstones
from memory.storage.engine import Database
from memory.storage.schema import turns
from memory.storage.turn_rows import SAID, to_turn
from memory.stores import replacement
from memory.stores.journal import Journal

_GONE = "That message is forgotten: there is nothing to answer. Say something new."
_OF_ORIGIN = (
    select(*SAID)
    .where(turns.c.user_id == bindparam("user"), turns.c.origin == bindparam("its_origin"))
    .where(turns.c.state != TurnState.REPLACED)
    .order_by(turns.c.seq.desc())
)
_BY_ID = select(*SAID).where(turns.c.id == bindparam("turn"))


def origin_of(user_id: str, thread_id: str, parent: str) -> str:
    """Name a place in a thread: a digest, from which neither the thread nor the turn before can be read.

    Args:
        user_id: Who speaks there.
        thread_id: The thread.
        parent: The id of the turn before it in its branch of the thread; empty where it is the first.
    """
    return make_id(user_id, "thread", f"{thread_id}\x1f{parent}")


class Threads:
    """What is said in the threads of all users. Every public method is one transaction.

    Args:
        database: Where turns are.
        journal: Writes down what is new.
        in_turns: From a user to the counts of words in their turns; see `reach.of`.
    """

    def __init__(self, database: Database, journal: Journal, in_turns: Callable[[str], Counts]) -> None:
        self._db = database
        self._journal = journal
        self._in_turns = in_turns

    def say(
        self,
        user_id: str,
        text: str | None,
        images: Sequence[str] | None,
        *,
        time: datetime | None,
        origin: str,
        goes_back: bool,
    ) -> Turn:
        """Write down a message; one that was said at this place before is answered again, or is replaced by the new words.

        Args:
            user_id: Who says it.
            text: What is said; None: pictures alone, or what the replaced turn said.
            images: Ids of stored photos; None: none, or those of the replaced turn.
            time: As in `Journal.receive`; a turn that replaces another has that one's time.
            origin: The place; see `origin_of`.
            goes_back: The caller named the checkpoint. Otherwise a message after one that was never answered is one of its own.

        Raises:
            PersonaError: As `Journal.receive`.
            NotFound: It is forgotten.
        """
        user_id = check_user(user_id)
        with self._db.write() as connection:
            there = connection.execute(_OF_ORIGIN, {"user": user_id, "its_origin": origin}).all()
            old = next((row for row in there if _says(row, text, images)), None)
            if old is None:
                replied = (*SPOKEN, TurnState.REQUEST)
                replaceable = (*replied, TurnState.RECEIVED, TurnState.FAILED) if goes_back else replied
                old = next((row for row in there if row.state in replaceable), None)
            if old is not None:
                return self._again(connection, old, text, images)
            gone = [row.at for row in there if row.state == TurnState.FORGOTTEN]
            marked = tombstones.digests(connection, user_id)
            if any(tombstones.times_forgotten(marked, at, text or "") for at in gone):
                raise NotFound(_GONE)
            return self._journal.take(connection, user_id, text or "", images or (), time=time, origin=origin)

    def take_up(self, turn_id: str, origin: str) -> Turn:
        """Return a turn that was journaled before, to be answered here; one that has a reply is replaced.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.write() as connection:
            row = _standing(connection, turn_id)
            if row.origin is None:
                connection.execute(update(turns).where(turns.c.id == row.id).values(origin=origin))
                row = _row(connection, row.id)
            return self._again(connection, row, None, None)

    def change(self, turn_id: str, text: str | None, images: Sequence[str] | None) -> Turn:
        """Replace a turn, or what has replaced it since, by one with other words; None: they stay.

        Raises:
            InvalidInput: The words cannot be taken.
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.write() as connection:
            return self._again(connection, _standing(connection, turn_id), text, images)

    def standing(self, turn_id: str) -> Turn:
        """Return a turn, or the one that has replaced it.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.read() as connection:
            return to_turn(_standing(connection, turn_id))

    def has_gone_on(self, user_id: str, origin: str) -> bool:
        """Say whether something was said at a place."""
        with self._db.glance() as connection:
            return connection.execute(_OF_ORIGIN, {"user": user_id, "its_origin": origin}).first() is not None

    def reply_again(self, turn: Turn, reply: str) -> Turn:
        """Return the turn that a reply is to be committed to, when a run has gone back behind an earlier reply.

        Args:
            turn: The turn, as the run knows it: it may have been replaced since.
            reply: What is said to it.

        Returns:
            The turn in its place where that has these words and no reply yet, or this one; otherwise one that replaces it.

        Raises:
            NotFound: There is no such turn, or it is forgotten.
        """
        with self._db.write() as connection:
            row = _standing(connection, turn.id)
            if _says(row, turn.text, turn.images) and (row.state not in SPOKEN or row.reply == reply):
                return to_turn(row)
            # The run still holds what it read back then: what was forgotten since then counts as forgotten during the reply.
            tools = self._tools(row.user_id)
            return replacement.put(connection, row, turn.text, turn.images, tools, received_at=row.received_at)

    def _again(self, connection: Connection, row: Row[Any], text: str | None, images: Sequence[str] | None) -> Turn:
        """Return the turn to answer: as it is where it has the same words and no reply yet, or else one that replaces it."""
        if row.state not in SPOKEN and _says(row, text if text is not None else row.text, images):
            return to_turn(row)
        if text is not None or images is not None:
            check_text(row.text if text is None else text, len(row.images if images is None else images))
        return replacement.put(connection, row, text, images, self._tools(row.user_id))

    def _tools(self, user_id: str) -> replacement.Tools:
        return replacement.Tools(self._journal.marker, self._in_turns(user_id))


def _says(row: Row[Any], text: str | None, images: Sequence[str] | None) -> bool:
    return row.state != TurnState.FORGOTTEN and row.text == (text or "") and (images is None or list(images) == row.images)


def _row(connection: Connection, turn_id: str) -> Row[Any]:
    row = connection.execute(_BY_ID, {"turn": turn_id}).first()
    if row is None:
        raise NotFound(f"There is no turn {turn_id!r}.")
    return row


def _standing(connection: Connection, turn_id: str) -> Row[Any]:
    row: Row[Any] | None = _row(connection, turn_id)
    if row is not None and row.state == TurnState.REPLACED:
        row = connection.execute(_OF_ORIGIN, {"user": row.user_id, "its_origin": row.origin or row.id}).first()
    if row is None or row.state == TurnState.FORGOTTEN:
        raise NotFound(_GONE)
    return row
