"""Steps of background work that the model could not do: how often each was tried, and which are set aside."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("user_id", sa.String(200), primary_key=True),
        sa.Column("subject", sa.String(40), primary_key=True),
        sa.Column("step", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime()),
        sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
