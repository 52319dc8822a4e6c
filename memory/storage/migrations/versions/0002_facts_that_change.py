"""Facts that change: what a newer one made untrue, and what was said again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("memories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_until", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("superseded_by", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("same_as", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("strength", sa.Integer(), nullable=False, server_default="1"))
        batch_op.create_index("ix_memories_superseded_by", ["superseded_by"], unique=False)
        batch_op.create_index("ix_memories_same_as", ["same_as"], unique=False)
