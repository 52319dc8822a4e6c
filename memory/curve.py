"""The personality curve: one point a remembered turn, and one whenever the person pins or resets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from memory import clock, people
from memory.again import Evolve
from memory.database import Database
from memory.errors import InvalidInput
from memory.records import HIGHEST, LOWEST, TRAITS, BigFive, PersonalityPoint
from memory.schema import personality

_NEWEST = select(personality).where(personality.c.user_id == bindparam("user")).order_by(personality.c.id.desc()).limit(1)
_INSERT = insert(personality)


class Curve:
    """Personality of all users. Every public method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def newest(self, user_id: str) -> PersonalityPoint | None:
        """Return the newest point of the personality curve."""
        with self._db.glance() as connection:
            return _newest(connection, user_id)

    def history(self, user_id: str) -> list[PersonalityPoint]:
        """Return the personality curve, oldest point first."""
        query = select(personality).where(personality.c.user_id == user_id).order_by(personality.c.id)
        with self._db.glance() as connection:
            return [to_point(row) for row in connection.execute(query)]

    def pin(self, user_id: str, trait: str, score: float | None, time: datetime) -> PersonalityPoint:
        """Hold one trait at a score (None: let it move again).

        Raises:
            InvalidInput: No such trait, a score outside 1 to 5, or no name for a user.
        """
        if trait not in TRAITS:
            raise InvalidInput(f"There is no trait {trait!r}. The five are: {', '.join(TRAITS)}.")
        if score is not None and not LOWEST <= score <= HIGHEST:
            raise InvalidInput(f"{score} is no score. Scores go from 1 to 5.")
        with self._db.write() as connection:
            people.ensure(connection, user_id)
            last = _newest(connection, user_id) or PersonalityPoint(turn_id=None, time=time)
            scores = last.scores if score is None else last.scores.model_copy(update={trait: float(score)})
            others = tuple(name for name in last.pinned if name != trait)
            pinned = others if score is None else (*others, trait)
            m = last.m + 1 if last.turn_id else last.m
            point = PersonalityPoint(turn_id=None, time=time, cause="pin", scores=scores, m=m, pinned=pinned)
            add_point(connection, user_id, point)
        return point

    def reset(self, user_id: str, time: datetime) -> PersonalityPoint:
        """Begin the personality anew: 3.0 each, m = 0, nothing pinned."""
        point = PersonalityPoint(turn_id=None, time=time, cause="reset")
        with self._db.write() as connection:
            people.ensure(connection, user_id)
            add_point(connection, user_id, point)
        return point


def _newest(connection: Connection, user_id: str) -> PersonalityPoint | None:
    row = connection.execute(_NEWEST, {"user": user_id}).first()
    return to_point(row) if row else None


def to_point(row: Row[Any]) -> PersonalityPoint:
    """Read a row of the table `personality`."""
    return PersonalityPoint(
        turn_id=row.turn_id,
        time=row.at.astimezone(clock.zone_of(row.zone)),
        cause=row.cause,
        inferred=BigFive(**row.inferred) if row.inferred else None,
        scores=BigFive(**row.scores),
        m=row.m,
        pinned=tuple(row.pinned),
    )


def add_point(connection: Connection, user_id: str, point: PersonalityPoint) -> None:
    """Add a point inside the caller's transaction."""
    row = {
        "user_id": user_id,
        "turn_id": point.turn_id,
        "at": point.time,
        "zone": clock.zone_name(point.time),
        "cause": point.cause,
        "inferred": point.inferred.model_dump() if point.inferred else None,
        "scores": point.scores.model_dump(),
        "m": point.m,
        "pinned": list(point.pinned),
    }
    connection.execute(_INSERT, row)


def correct(connection: Connection, user_id: str, turn_id: str, inferred: BigFive, evolve: Evolve) -> None:
    """Put a turn's evidence in the place of what was taken for it, and let the later points follow, up to the next reset.

    Args:
        connection: Of a transaction that writes.
        user_id: Whose.
        turn_id: The turn; one without a point changes nothing.
        inferred: Its evidence.
        evolve: The rule.
    """
    query = select(personality).where(personality.c.user_id == user_id).order_by(personality.c.id)
    scores, found = BigFive(), False
    for row in connection.execute(query).all():
        point = to_point(row)
        here = point.turn_id == turn_id
        found = found or here
        if found and point.cause == "reset":
            return
        if found:
            evidence = inferred if here else point.inferred
            if point.cause == "turn" and evidence is not None:
                moved = evolve(scores, evidence, point.m, point.pinned)
            else:
                moved = scores.model_copy(update={trait: getattr(point.scores, trait) for trait in point.pinned})
            values = {"scores": moved.model_dump(), "inferred": evidence.model_dump() if evidence else None}
            connection.execute(update(personality).where(personality.c.id == row.id).values(**values))
            point = point.model_copy(update={"scores": moved})
        scores = point.scores
