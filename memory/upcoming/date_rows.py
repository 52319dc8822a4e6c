"""Stores the days that messages and facts name, keeps them up to date as rows change, and reads the agenda from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, delete, exists, insert, or_, select, update

from memory.core import clock
from memory.core.records import SPOKEN, Turn, TurnState
from memory.core.validation import user_name
from memory.storage import user_rows
from memory.storage.engine import Database
from memory.storage.schema import dated, memories, turns, users
from memory.upcoming.agenda import DAYS, Dated, Upcoming, coming, day_begins
from memory.upcoming.plans import plans_of

_BATCH_ROWS = 200
_DAY = timedelta(days=1)
AT_ONCE = 24
"""Before a reply, parsing stops after this many rows. The others are parsed in the background."""


class Dates:
    """The upcoming days of all users. Every public method is one transaction, except those that call `fill`.

    Args:
        database: The database that stores the days.
        own_words: Removes from a message what its person pasted or quoted.
        brings_up: Whether replies may bring things up by themselves. If False, no person can switch it on.
    """

    def __init__(self, database: Database, own_words: Callable[[str], str], *, brings_up: bool) -> None:
        self._db = database
        self._own_words = own_words
        self.may_bring_up = brings_up

    def fill(self, user_id: str, most: int | None = None) -> int:
        """Parse and store the days that new and changed rows name.

        Args:
            user_id: The user.
            most: Stop after this many rows, the newest first; None: parse all.

        Returns:
            How many rows were parsed.
        """
        user_id, done = user_name(user_id), 0
        while most is None or done < most:
            limit = _BATCH_ROWS if most is None else min(_BATCH_ROWS, most - done)
            with self._db.read() as connection:
                waits = [
                    (table, row) for table in (turns, memories) for row in connection.execute(_waiting(table, user_id, limit))
                ]
            if not waits:
                break
            # Parse outside the transaction, so that no other writer waits for it.
            read = [(table, row, self._days_of(table, row)) for table, row in waits]
            with self._db.write(user_id) as connection:
                # Lock the user, so that two callers do not store the same rows at once.
                user_rows.is_known(connection, user_id, hold=True)
                for table, row, rows in read:
                    _keep(connection, table, row, rows)
            done += len(read)
        return done

    def behind(self) -> list[str]:
        """Return the users who have rows whose days are not parsed yet."""
        with self._db.read() as connection:
            names: set[str] = set()
            for table in (turns, memories):
                names |= set(connection.execute(select(table.c.user_id).where(*_undated(table)).distinct()).scalars())
        return sorted(names)

    def upcoming(self, user_id: str, now: datetime, days: int = DAYS) -> list[Upcoming]:
        """Return what is coming up, from everything that was said so far; see `soon`."""
        self.fill(user_id)
        return self._coming(user_id, now, days)

    def soon(self, user_id: str, now: datetime, days: int) -> list[Upcoming]:
        """Return what is coming up, the nearest day first, in a few milliseconds for a history of any length.

        Entries that are pending approval, hidden, forgotten or superseded are left out. Of rows not parsed yet, only the newest
        are parsed.

        Args:
            user_id: The user.
            now: The present, in the person's time zone.
            days: How many days ahead.
        """
        self.fill(user_id, AT_ONCE)
        return self._coming(user_id, now, days)

    def _coming(self, user_id: str, now: datetime, days: int) -> list[Upcoming]:
        with self._db.read() as connection:
            return coming(_rows(connection, user_name(user_id), now, days), now, days)

    def is_first_of_day(self, turn: Turn) -> bool:
        """Return whether a message is the first answered one of its day, in the time zone that it was said in."""
        earlier = (turns.c.at < turn.time) | ((turns.c.at == turn.time) & (turns.c.seq < (turn.seq or 2**31 - 1)))
        query = select(turns.c.id).where(
            turns.c.user_id == turn.user_id,
            turns.c.state.in_((*SPOKEN, TurnState.REQUEST)),
            turns.c.at >= day_begins(turn.time),
        )
        with self._db.glance() as connection:
            return connection.execute(query.where(earlier, turns.c.id != turn.id).limit(1)).first() is None

    def mention(self, user_id: str, entries: Iterable[Upcoming], turn_id: str) -> None:
        """Record that a reply brought these up. No other reply does so again, unless that reply is replaced."""
        with self._db.write(user_id) as connection:
            for one in entries:
                its = (dated.c.user_id == user_name(user_id)) & dated.c.source.in_(one.sources)
                on = ((dated.c.first <= one.last) & (dated.c.last >= one.day)) | dated.c.yearly
                connection.execute(update(dated).where(its, on).values(mentioned_in=turn_id, mentioned_for=one.day))

    def brings_up(self, user_id: str) -> bool:
        """Return whether replies may bring up what is coming up: yes, unless the machine's settings or the person said no."""
        if not self.may_bring_up:
            return False
        with self._db.glance() as connection:
            return connection.execute(select(users.c.bring_up).where(users.c.id == user_id)).scalar() is not False

    def let_bring_up(self, user_id: str, *, allowed: bool) -> None:
        """Store the person's choice whether replies may bring up what is coming up."""
        with self._db.write(user_id) as connection:
            connection.execute(update(users).where(users.c.id == user_id).values(bring_up=allowed))

    def _days_of(self, table: Table, row: Row[Any]) -> list[dict[str, Any]]:
        if (table is turns and row.state not in SPOKEN) or (table is memories and row.hidden_at is not None):
            return []
        said = row.at.astimezone(clock.zone_of(row.zone))
        own = self._own_words(row.text) if table is turns else None
        whose = {"user_id": row.user_id, "source": row.id, "turn_id": row.id if table is turns else row.source, "said": said}
        return [
            {
                **whose, "place": place, "kind": plan.kind, "first": plan.first, "last": plan.last, "hour": plan.hour,
                "yearly": plan.yearly, "about": plan.about, "begins": plan.start, "ends": plan.end,
            }
            for place, plan in enumerate(plans_of(row.text, said, own))
        ]  # fmt: skip


def drop(connection: Connection, user_id: str, names: Sequence[str]) -> None:
    """Remove the days of messages and facts that are purged."""
    connection.execute(
        delete(dated).where(dated.c.user_id == user_id, or_(dated.c.source.in_(names), dated.c.turn_id.in_(names)))
    )


def _undated(table: Table) -> list[Any]:
    waits = [table.c.revision != table.c.dated_revision]
    return [*waits, table.c.kind == "semantic"] if table is memories else waits


def _waiting(table: Table, user_id: str, limit: int) -> Select[Any]:
    return select(table).where(table.c.user_id == user_id, *_undated(table)).order_by(table.c.at.desc()).limit(limit)


def _keep(connection: Connection, table: Table, row: Row[Any], rows: list[dict[str, Any]]) -> None:
    """Replace the stored days of one row. Days that were already brought up stay marked so."""
    mine = (dated.c.user_id == row.user_id) & (dated.c.source == row.id)
    known = connection.execute(select(dated.c.first, dated.c.mentioned_in, dated.c.mentioned_for).where(mine))
    before = {one.first: {"mentioned_in": one.mentioned_in, "mentioned_for": one.mentioned_for} for one in known}
    if before:
        connection.execute(delete(dated).where(mine))
    if rows:
        never = {"mentioned_in": None, "mentioned_for": None}
        connection.execute(insert(dated), [one | before.get(one["first"], never) for one in rows])
    # A row that has changed meanwhile stays to be parsed.
    this = (table.c.id == row.id) & (table.c.revision == row.revision)
    connection.execute(update(table).where(this).values(dated_revision=row.revision))


_teller = turns.alias()
_REPLY_REPLACED = exists().where(_teller.c.id == dated.c.mentioned_in, _teller.c.state == TurnState.REPLACED)


def _rows(connection: Connection, user_id: str, now: datetime, days: int) -> list[Dated]:
    # One day more on both sides, because the date may differ in the time zone where it was said.
    near = (dated.c.last >= now.date() - _DAY) & (dated.c.first <= now.date() + (days + 1) * _DAY)
    ahead = dated.c.kind.in_(("plan", "moved"))
    found = _read(connection, user_id, ahead & (near | dated.c.yearly))
    if not found:
        return []
    since = min(row.said for row in found)
    found += _read(connection, user_id, (dated.c.kind != "plan") & (dated.c.said >= since) & ~(near & ahead))
    gone = _gone(connection, user_id, {row.turn for row in found})
    return [row for row in found if row.is_fact or ((row.turn, row.first) not in gone and (row.turn, None) not in gone)]


def _read(connection: Connection, user_id: str, which: Any) -> list[Dated]:
    mine = (dated.c.user_id == user_id) & which
    brought_up = (dated.c.mentioned_in.is_not(None) & ~_REPLY_REPLACED).label("mentioned")
    said = (
        select(dated, turns.c.text, turns.c.zone, turns.c.sensitive, brought_up)
        .join(turns, (turns.c.id == dated.c.source) & (turns.c.user_id == dated.c.user_id))
        .where(mine, turns.c.state.in_(SPOKEN), turns.c.held.is_(None), turns.c.revision == turns.c.dated_revision)
    )
    known = (
        select(dated, memories.c.text, memories.c.zone, memories.c.sensitive, brought_up)
        .join(memories, (memories.c.id == dated.c.source) & (memories.c.user_id == dated.c.user_id))
        .where(mine, memories.c.hidden_at.is_(None), memories.c.held.is_(None), memories.c.superseded_by.is_(None))
        .where(memories.c.revision == memories.c.dated_revision)
    )
    return [_dated(row) for query in (said, known) for row in connection.execute(query)]


def _dated(row: Row[Any]) -> Dated:
    return Dated(
        source=row.source, turn=row.turn_id, said=row.said.astimezone(clock.zone_of(row.zone)),
        text=row.text[row.begins : row.ends], first=row.first, last=row.last, hour=row.hour, yearly=row.yearly, about=row.about,
        kind=row.kind, sensitive=row.sensitive is not None, mentioned=row.mentioned_for if row.mentioned else None,
    )  # fmt: skip


def _gone(connection: Connection, user_id: str, turn_ids: set[str]) -> set[tuple[str, Any]]:
    """Return (turn id, day) of days whose fact is superseded or hidden, and (turn id, None) of turns whose fact was edited."""
    facts = select(memories.c.id, memories.c.source, memories.c.edited).where(
        memories.c.user_id == user_id,
        memories.c.kind == "semantic",
        memories.c.source.in_(turn_ids),
        or_(memories.c.superseded_by.is_not(None), memories.c.hidden_at.is_not(None), memories.c.edited),
    )
    by_id = {row.id: row for row in connection.execute(facts)}
    days = select(dated.c.turn_id, dated.c.first).where(dated.c.user_id == user_id, dated.c.source.in_(by_id))
    over = {(row.turn_id, row.first) for row in connection.execute(days)} if by_id else set()
    return over | {(row.source, None) for row in by_id.values() if row.edited}
