"""Messages and facts that wait for the person's word, and what the person said to being asked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for table in ("turns", "memories"):
        op.add_column(table, sa.Column("held", sa.String(length=16), nullable=True))
    op.add_column("turns", sa.Column("approved", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("users", sa.Column("sensitive", sa.Boolean(), nullable=True))
    waiting = sa.text("held IS NOT NULL")
    op.create_index("ix_turns_held", "turns", ["user_id"], sqlite_where=waiting, postgresql_where=waiting)
