"""History from other programs: each import is one thing, and a turn knows which one brought it and who said it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_IMPORTED = sa.text("import_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("turns", sa.Column("import_id", sa.String(40)))
    op.add_column("turns", sa.Column("speaker", sa.Text()))
    op.add_column("turns", sa.Column("by_other", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_turns_import", "turns", ["user_id", "import_id"], sqlite_where=_IMPORTED, postgresql_where=_IMPORTED)
    op.create_table(
        "imports",
        sa.Column("user_id", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("depth", sa.String(8), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("first", sa.DateTime()),
        sa.Column("last", sa.DateTime()),
        sa.Column("progress", sa.JSON(), nullable=False),
    )
