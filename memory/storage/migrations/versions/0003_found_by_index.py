"""What is not indexed yet, the topics of a session and what became untrue are found without a look at every row of the user."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_memories_user_until", "memories", ["user_id", "valid_until"], unique=False)
    op.drop_index("ix_memories_user_kind", table_name="memories")
    op.create_index("ix_memories_user_kind", "memories", ["user_id", "kind", "source"], unique=False)
    for table in ("memories", "turns"):
        op.drop_index(f"ix_{table}_unindexed", table_name=table)
        op.create_index(
            f"ix_{table}_unindexed",
            table,
            ["user_id", "indexed_revision"],
            unique=False,
            sqlite_where=sa.text("revision != indexed_revision"),
            postgresql_where=sa.text("revision != indexed_revision"),
        )
