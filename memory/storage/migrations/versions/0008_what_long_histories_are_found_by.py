"""The newest point of somebody's personality, and messages that wait for their reply, without a look at all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_RECEIVED = sa.text("state = 'received'")


def upgrade() -> None:
    # SQLite keeps the rows of one user in the order of their numbers in it: the newest is the last.
    op.create_index("ix_personality_user", "personality", ["user_id", "id"])
    op.create_index("ix_turns_received", "turns", ["user_id", "seq"], sqlite_where=_RECEIVED, postgresql_where=_RECEIVED)
