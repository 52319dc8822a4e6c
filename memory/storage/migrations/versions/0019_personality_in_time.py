"""Personality in the order in which it was said: imported history is read late, and comes before what was read already."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_SHOWS = sa.text("shows")


def upgrade() -> None:
    op.add_column("personality", sa.Column("place", sa.DateTime()))
    points = sa.table("personality", *map(sa.column, ("id", "user_id", "at", "place")))
    # Points keep the order that they had, whatever their times are.
    latest = sa.func.max(points.c.at).over(partition_by=points.c.user_id, order_by=points.c.id).label("latest")
    places = sa.select(points.c.id, latest).subquery()
    op.execute(sa.update(points).values(place=places.c.latest).where(points.c.id == places.c.id))
    op.drop_index("ix_personality_user", "personality")
    op.drop_index("ix_personality_shows", "personality")
    op.create_index("ix_personality_user", "personality", ["user_id", "place", "id"])
    op.create_index(
        "ix_personality_shows", "personality", ["user_id", "place", "id"], sqlite_where=_SHOWS, postgresql_where=_SHOWS
    )
