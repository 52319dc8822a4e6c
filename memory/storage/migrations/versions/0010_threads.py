"""Where in a LangGraph thread a turn was said: a run that goes back there replaces it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_PLACED = sa.text("origin IS NOT NULL")


def upgrade() -> None:
    op.add_column("turns", sa.Column("origin", sa.String(40), nullable=True))
    op.create_index("ix_turns_origin", "turns", ["user_id", "origin"], sqlite_where=_PLACED, postgresql_where=_PLACED)
