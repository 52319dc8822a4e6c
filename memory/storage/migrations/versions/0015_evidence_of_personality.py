"""Which messages showed something of a trait, and which say how the person wants to be written to, are found by an index.

What waits for the person's word, or was forgotten, moves no trait: the scores follow without it.
"""

import math
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_NEUTRAL = 3
_TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
_SHOWS, _WISHES = sa.text("shows"), sa.text("wishes")


def upgrade() -> None:
    op.add_column("personality", sa.Column("shows", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("turns", sa.Column("wishes", sa.Boolean(), nullable=False, server_default=sa.false()))
    connection = op.get_bind()
    personality = sa.table("personality", sa.column("id"), sa.column("inferred", sa.JSON()), sa.column("shows", sa.Boolean()))
    turns = sa.table("turns", sa.column("id"), sa.column("text"), sa.column("wishes", sa.Boolean()))
    shown = [
        row.id
        for row in connection.execute(sa.select(personality.c.id, personality.c.inferred))
        if any(score != _NEUTRAL for score in (row.inferred or {}).values())
    ]
    # The rule belongs to a room above this one, so the caller that opens the database passes it.
    shows_wish = op.get_context().config.attributes["shows_wish"]
    wishing = [row.id for row in connection.execute(sa.select(turns.c.id, turns.c.text)) if shows_wish(row.text)]
    _mark(connection, sa.update(personality).where(personality.c.id == sa.bindparam("row")).values(shows=True), shown)
    _mark(connection, sa.update(turns).where(turns.c.id == sa.bindparam("row")).values(wishes=True), wishing)
    _recount(connection)
    op.create_index("ix_personality_shows", "personality", ["user_id", "id"], sqlite_where=_SHOWS, postgresql_where=_SHOWS)
    op.create_index("ix_turns_wishes", "turns", ["user_id", "at", "seq"], sqlite_where=_WISHES, postgresql_where=_WISHES)


def _recount(connection: sa.Connection) -> None:
    points = sa.table(
        "personality",
        *(sa.column(name) for name in ("id", "user_id", "turn_id", "cause", "m")),
        *(sa.column(name, sa.JSON()) for name in ("inferred", "scores", "pinned")),
    )
    turns = sa.table("turns", *(sa.column(name) for name in ("id", "state", "held")))
    out = sa.select(turns.c.id).where(turns.c.state.in_(("forgotten", "replaced")) | turns.c.held.is_not(None))
    affected = sa.select(points.c.user_id).where(points.c.turn_id.in_(out)).distinct()
    for user in connection.execute(affected).scalars().all():
        counts = points.c.turn_id.is_(None) | points.c.turn_id.not_in(out)
        rows = connection.execute(sa.select(points).where(points.c.user_id == user, counts).order_by(points.c.id)).all()
        scores, pinned, m = dict.fromkeys(_TRAITS, 3.0), [], 0
        for row in rows:
            if row.cause == "reset":
                scores, m = row.scores, 0
            elif row.cause == "pin":
                scores = {**scores, **{trait: row.scores[trait] for trait in row.pinned}}
            else:
                scores = {trait: _moved(scores[trait], (row.inferred or {}).get(trait), m, trait in pinned) for trait in scores}
            pinned = row.pinned if row.cause != "turn" else pinned
            values = {"scores": scores, "m": m, "pinned": pinned}
            connection.execute(sa.update(points).where(points.c.id == row.id).values(values))
            m += row.turn_id is not None


def _moved(score: float, inferred: float | None, m: int, pinned: bool) -> float:  # noqa: FBT001 - a rule, as it was then
    if inferred in (None, _NEUTRAL) or pinned:
        return score
    weight = 1 - (0.1 + 0.4 * (math.cos(math.pi * min(m, 50) / 50) + 1) / 2)
    return min(5.0, max(1.0, weight * score + (1 - weight) * inferred))


def _mark(connection: sa.Connection, statement: Any, names: list[Any]) -> None:
    if names:
        connection.execute(statement, list(_rows(names)))


def _rows(names: list[Any]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield {"row": name}
