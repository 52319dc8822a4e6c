"""Who agreed that their conversations train a model, since when; and what sessions made of their profile and habits since."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("users", sa.Column("training", sa.Boolean(), nullable=True))
    op.add_column("users", sa.Column("training_since", sa.DateTime(), nullable=True))
    op.create_table(
        "rewrites",
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "session", "kind"),
    )
