"""Turns and sessions in the order of their times: history may be older than what was journaled before it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("ix_turns_user_at", "turns")
    op.drop_index("ix_turns_user_session", "turns")
    op.create_index("ix_turns_user_at", "turns", ["user_id", "at", "seq"])
    op.create_index("ix_turns_user_session", "turns", ["user_id", "session", "at", "seq"])
    op.add_column("sessions", sa.Column("begun", sa.DateTime(), nullable=True))
    turns = sa.table("turns", *map(sa.column, ("user_id", "session", "at")))
    sessions = sa.table("sessions", *map(sa.column, ("user_id", "number", "begun")))
    first = (
        sa.select(sa.func.min(turns.c.at))
        .where(turns.c.user_id == sessions.c.user_id, turns.c.session == sessions.c.number)
        .scalar_subquery()
    )
    op.execute(sa.update(sessions).values(begun=first))
    op.create_index("ix_sessions_begun", "sessions", ["user_id", "begun", "number"])
    op.create_index(
        "ix_sessions_open", "sessions", ["user_id"],
        sqlite_where=sa.text("ended IS 0"), postgresql_where=sa.text("ended IS false"),
    )  # fmt: skip
