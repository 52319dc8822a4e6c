"""The days that messages and facts name, so that what is coming up is known without a look at all of them.

They are read from what is there in the background, after the next start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_UNDATED = sa.text("revision != dated_revision")
_UNDATED_FACT = sa.text("revision != dated_revision AND kind = 'semantic'")
_AHEAD = sa.text("kind IN ('plan', 'moved')")
_YEARLY, _CHANGES = sa.text("yearly"), sa.text("kind != 'plan'")


def upgrade() -> None:
    op.add_column("users", sa.Column("bring_up", sa.Boolean()))
    for table, waits in (("turns", _UNDATED), ("memories", _UNDATED_FACT)):
        op.add_column(table, sa.Column("dated_revision", sa.Integer(), nullable=False, server_default="0"))
        op.create_index(f"ix_{table}_undated", table, ["user_id"], sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "dated",
        sa.Column("user_id", sa.String(200), primary_key=True),
        sa.Column("source", sa.String(40), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("turn_id", sa.String(40), nullable=False),
        sa.Column("said", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("hour", sa.String(5)),
        sa.Column("yearly", sa.Boolean(), nullable=False),
        sa.Column("about", sa.Boolean(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("mentioned_in", sa.String(40)),
        sa.Column("mentioned_for", sa.Date()),
    )
    op.create_index("ix_dated_ahead", "dated", ["user_id", "last"], sqlite_where=_AHEAD, postgresql_where=_AHEAD)
    op.create_index("ix_dated_yearly", "dated", ["user_id"], sqlite_where=_YEARLY, postgresql_where=_YEARLY)
    op.create_index("ix_dated_changes", "dated", ["user_id", "said"], sqlite_where=_CHANGES, postgresql_where=_CHANGES)
    op.create_index("ix_dated_turn", "dated", ["user_id", "turn_id"])
