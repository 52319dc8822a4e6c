"""The personality timeline: one point for each remembered turn, and one whenever the person pins or resets.

Points are in the order in which they were said, not read: imported history is read late, and takes its place before what was
read already. A pin or a reset comes after all messages that there are when the person makes it.

A point counts only while its message counts: not while the message is pending approval, and not after it is forgotten or
replaced. Points that do not count are in no result of this module and have no effect on the scores of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, insert, literal_column, select, update

from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.records import HIGHEST, LOWEST, TRAITS, BigFive, PersonalityPoint, TurnState
from memory.personality.evidence import Evidence, Showing, Wish
from memory.personality.pem import NEUTRAL, evolve
from memory.storage import user_rows
from memory.storage.engine import Database
from memory.storage.schema import personality, turns

_GONE_STATES = (TurnState.FORGOTTEN, TurnState.REPLACED)
_SAID = turns.c.state.not_in(_GONE_STATES) & turns.c.held.is_(None)
COUNTS = personality.c.turn_id.is_(None) | exists().where(turns.c.id == personality.c.turn_id, _SAID)
"""The condition for points that count. Every query on the table `personality` uses it."""

_MAX_SHOWN_MESSAGES, _MAX_WISH_MESSAGES = 40, 16
"""Evidence consists of at most this many messages of each sort, the newest."""
# Flags are spelled exactly as in the indexes: SQLite would treat `= 1` as another condition.
_MINE = personality.c.user_id == bindparam("user")
NEWEST_FIRST = (personality.c.place.desc(), personality.c.id.desc())
_OLDEST_FIRST = (personality.c.place, personality.c.id)
_NEWEST = select(personality).where(_MINE, COUNTS).order_by(*NEWEST_FIRST).limit(1)
# Since the oldest message that is shown: without that bound, a reply would read the whole timeline of a person without a reset.
_IS_RESET = (personality.c.cause == "reset") & (personality.c.place >= bindparam("oldest", type_=personality.c.place.type))
_RESET = select(personality.c.place, personality.c.id).where(_MINE, _IS_RESET).order_by(*NEWEST_FIRST).limit(1)
_SHOWN = (
    select(
        personality.c.inferred,
        personality.c.place,
        personality.c.id,
        turns.c.id.label("turn"),
        turns.c.at,
        turns.c.zone,
        turns.c.text,
        turns.c.sensitive,
    )
    .join(turns, turns.c.id == personality.c.turn_id)
    .where(_MINE, literal_column("personality.shows"), _SAID)
    .order_by(*NEWEST_FIRST)
    .limit(_MAX_SHOWN_MESSAGES)
)
_WISHES = (
    select(turns.c.id.label("turn"), turns.c.at, turns.c.zone, turns.c.text)
    .where(turns.c.user_id == bindparam("user"), literal_column("turns.wishes"), _SAID)
    .order_by(turns.c.at.desc(), turns.c.seq.desc())
    .limit(_MAX_WISH_MESSAGES)
)
_INSERT = insert(personality).returning(personality.c.id)
_RESCORE = update(personality).where(personality.c.id == bindparam("row"))


class PersonalityTimeline:
    """The personality timelines of all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def newest(self, user_id: str) -> PersonalityPoint | None:
        """Return the newest point of a user's timeline; None if there is none."""
        with self._db.glance() as connection:
            return _newest(connection, user_id)

    def before(self, user_id: str, time: datetime) -> PersonalityPoint | None:
        """Return the newest point of a user's timeline that is not later than a time; None if there is none."""
        with self._db.glance() as connection:
            return _last_before(connection, user_id, time)

    def evidence(self, user_id: str) -> Evidence:
        """Return a person's newest scores and the messages they rest on; `graph.prompts.manner` draws the conclusions."""
        with self._db.glance() as connection:
            point = _newest(connection, user_id)
            shown = connection.execute(_SHOWN, {"user": user_id}).all() if point else []
            reset = connection.execute(_RESET, {"user": user_id, "oldest": shown[-1].place}).first() if shown else None
            wishes = connection.execute(_WISHES, {"user": user_id}).all()
        return Evidence(
            point=point,
            shown=tuple(
                Showing(
                    turn_id=row.turn,
                    time=_time(row.at, row.zone),
                    # A sensitive message counts as evidence but is never quoted.
                    text="" if row.sensitive else row.text,
                    inferred=BigFive(**row.inferred),
                )
                for row in shown
                if reset is None or (row.place, row.id) > (reset.place, reset.id)
            ),
            wishes=tuple(Wish(turn_id=row.turn, time=_time(row.at, row.zone), text=row.text) for row in wishes),
        )

    def history(self, user_id: str) -> list[PersonalityPoint]:
        """Return the timeline, oldest point first."""
        query = select(personality).where(personality.c.user_id == user_id, COUNTS).order_by(*_OLDEST_FIRST)
        with self._db.glance() as connection:
            return [to_point(row) for row in connection.execute(query)]

    def pin(self, user_id: str, trait: str, score: float | None, time: datetime) -> PersonalityPoint:
        """Pin one trait to a score, or release it.

        Args:
            user_id: The user.
            trait: The name of the trait.
            score: The score, 1 to 5; None: the trait moves again.
            time: When the person said so.

        Returns:
            The new point of the timeline.

        Raises:
            InvalidInput: There is no such trait, the score is outside 1 to 5, or the user name is not valid.
        """
        if trait not in TRAITS:
            raise InvalidInput(f"There is no trait {trait!r}. The five are: {', '.join(TRAITS)}.")
        if score is not None and not LOWEST <= score <= HIGHEST:
            raise InvalidInput(f"{score} is not a valid score. Scores go from 1 to 5.")
        with self._db.write(user_id) as connection:
            user_rows.ensure(connection, user_id)
            last = _newest(connection, user_id) or PersonalityPoint(turn_id=None, time=time)
            scores = last.scores if score is None else last.scores.model_copy(update={trait: float(score)})
            others = tuple(name for name in last.pinned if name != trait)
            pinned = others if score is None else (*others, trait)
            m = last.m + 1 if last.turn_id else last.m
            point = PersonalityPoint(turn_id=None, time=time, cause="pin", scores=scores, m=m, pinned=pinned)
            add_point(connection, user_id, point)
        return point

    def reset(self, user_id: str, time: datetime) -> PersonalityPoint:
        """Reset the personality: every trait at 3.0, m = 0, nothing pinned. Returns the new point of the timeline."""
        point = PersonalityPoint(turn_id=None, time=time, cause="reset")
        with self._db.write(user_id) as connection:
            user_rows.ensure(connection, user_id)
            add_point(connection, user_id, point)
        return point


def _newest(connection: Connection, user_id: str) -> PersonalityPoint | None:
    row = connection.execute(_NEWEST, {"user": user_id}).first()
    return to_point(row) if row else None


def _last_before(connection: Connection, user_id: str, place: datetime, id_: int | None = None) -> PersonalityPoint | None:
    """Return the last point before a place; of the points there, those before the id, or all without one."""
    earlier = personality.c.place <= place if id_ is None else is_before(place, id_)
    query = select(personality).where(personality.c.user_id == user_id, COUNTS, earlier).order_by(*NEWEST_FIRST).limit(1)
    row = connection.execute(query).first()
    return to_point(row) if row else None


def is_before(place: datetime, id_: int) -> ColumnElement[bool]:
    """Return the condition for points that are before one in the timeline."""
    # The plain comparison lets the database use its index; the second one is exact.
    return (personality.c.place <= place) & ((personality.c.place < place) | (personality.c.id < id_))


def to_point(row: Row[Any]) -> PersonalityPoint:
    """Return the point that a row of the table `personality` stores."""
    return PersonalityPoint(
        turn_id=row.turn_id,
        time=_time(row.at, row.zone),
        cause=row.cause,
        inferred=BigFive(**row.inferred) if row.inferred else None,
        scores=BigFive(**row.scores),
        m=row.m,
        pinned=tuple(row.pinned),
    )


def _time(at: datetime, zone: str) -> datetime:
    return at.astimezone(clock.zone_of(zone))


def add_turn(connection: Connection, user_id: str, point: PersonalityPoint, before: BigFive | None) -> None:
    """Add the point of a turn inside the caller's transaction, at the time of its message.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user.
        point: The point.
        before: The scores from which the point was computed. If they are not those before it any more, or if there are later
            points, the points from this one on are recomputed. None: it is stored as it is where no point is later.
    """
    last = _last_before(connection, user_id, point.time)
    newest = _newest(connection, user_id)
    row_id = _insert(connection, user_id, point, point.time)
    if newest != last or (before is not None and before != (last.scores if last else BigFive())):
        recount(connection, user_id, since=(point.time, row_id))


def add_point(connection: Connection, user_id: str, point: PersonalityPoint) -> None:
    """Add a point of the person's own, after all points and messages that there are, inside the caller's transaction.

    Its own time does not decide: messages may have the time that a caller gave them.
    """
    ends = [
        connection.execute(select(func.max(column)).where(column.table.c.user_id == user_id)).scalar()
        for column in (personality.c.place, turns.c.at)
    ]
    _insert(connection, user_id, point, max((end for end in ends if end is not None), default=point.time))


def _insert(connection: Connection, user_id: str, point: PersonalityPoint, place: datetime) -> int:
    row = {
        "user_id": user_id,
        "turn_id": point.turn_id,
        "at": point.time,
        "place": place,
        "zone": clock.zone_name(point.time),
        "cause": point.cause,
        "inferred": point.inferred.model_dump() if point.inferred else None,
        "scores": point.scores.model_dump(),
        "m": point.m,
        "pinned": list(point.pinned),
        "shows": shows(point.inferred),
    }
    return int(connection.execute(_INSERT, row).scalar_one())


def shows(inferred: BigFive | None) -> bool:
    """Return whether the scores inferred from a message contain evidence for any trait."""
    return inferred is not None and any(score != NEUTRAL for _, score in inferred.items())


def correct(connection: Connection, user_id: str, turn_id: str, inferred: BigFive) -> None:
    """Replace the evidence of a turn and recompute the later points.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user.
        turn_id: The turn. If it has no point, nothing changes.
        inferred: Its new evidence.
    """
    mine = (personality.c.user_id == user_id) & (personality.c.turn_id == turn_id)
    values = {"inferred": inferred.model_dump(), "shows": shows(inferred)}
    if connection.execute(update(personality).where(mine).values(values)).rowcount:
        recount(connection, user_id)


def recount(connection: Connection, user_id: str, since: tuple[datetime, int] | None = None) -> None:
    """Recompute scores from the points that count, in their order, after a point began or ceased to count.

    Args:
        connection: The connection of a transaction that writes.
        user_id: The user.
        since: Place and id of the first point to recompute; None: all points.
    """
    query = select(personality).where(personality.c.user_id == user_id, COUNTS).order_by(*_OLDEST_FIRST)
    before = None
    if since is not None:
        query = query.where(personality.c.place >= since[0], ~is_before(*since))
        before = _last_before(connection, user_id, *since)
    changed = list(_rescored(connection.execute(query).all(), before))
    if changed:
        connection.execute(_RESCORE, changed)


def _rescored(rows: Iterable[Row[Any]], before: PersonalityPoint | None) -> Iterable[dict[str, Any]]:
    """Yield the new values of the points whose recomputed scores, m or pins differ from the stored ones."""
    last = before or PersonalityPoint(turn_id=None, time=clock.now())
    for row in rows:
        was = to_point(row)
        now = _after(last, was)
        if now != was:
            yield {"row": row.id, "scores": now.scores.model_dump(), "m": now.m, "pinned": list(now.pinned)}
        last = now


def _after(last: PersonalityPoint, point: PersonalityPoint) -> PersonalityPoint:
    """Return a point recomputed from the one before it."""
    m = last.m + 1 if last.turn_id else last.m
    if point.cause == "reset":
        return point
    if point.cause == "pin":
        # Traits that the person pinned have their pinned scores. Messages moved the others.
        pinned_scores = {trait: getattr(point.scores, trait) for trait in point.pinned}
        return point.model_copy(update={"scores": last.scores.model_copy(update=pinned_scores), "m": m})
    scores = evolve(last.scores, point.inferred, m, last.pinned) if point.inferred else last.scores
    return point.model_copy(update={"scores": scores, "m": m, "pinned": last.pinned})
