"""What is forgotten together, what is withheld until it is purged, and the receipt; pictures that are hidden."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("summed_up", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE sessions SET summed_up = ended WHERE NOT EXISTS (SELECT 1 FROM work WHERE work.user_id = sessions.user_id"
        " AND work.kind = 'consolidate' AND work.subject = CAST(sessions.number AS VARCHAR(40)))"
    )
    op.add_column("photos", sa.Column("hidden_at", sa.DateTime(), nullable=True))
    op.create_table(
        "forgettings",
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("reach", sa.JSON(), nullable=False),
        sa.Column("purged_at", sa.DateTime(), nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "subject"),
    )
    op.create_table(
        "withheld",
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("turn_id", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "turn_id", "part"),
    )
