"""Which messages showed something of a trait, and which say how the person wants to be written to, are found by an index."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from memory.wishes import wishes_in

revision = "0015"
down_revision = "0014"

_NEUTRAL = 3
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
    wishing = [row.id for row in connection.execute(sa.select(turns.c.id, turns.c.text)) if wishes_in(row.text)]
    _mark(connection, sa.update(personality).where(personality.c.id == sa.bindparam("row")).values(shows=True), shown)
    _mark(connection, sa.update(turns).where(turns.c.id == sa.bindparam("row")).values(wishes=True), wishing)
    op.create_index("ix_personality_shows", "personality", ["user_id", "id"], sqlite_where=_SHOWS, postgresql_where=_SHOWS)
    op.create_index("ix_turns_wishes", "turns", ["user_id", "at", "seq"], sqlite_where=_WISHES, postgresql_where=_WISHES)


def _mark(connection: sa.Connection, statement: Any, names: list[Any]) -> None:
    if names:
        connection.execute(statement, list(_rows(names)))


def _rows(names: list[Any]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield {"row": name}
