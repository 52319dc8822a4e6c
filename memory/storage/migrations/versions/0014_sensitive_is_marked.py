"""What is sensitive carries a mark for good, held or not; a person's answer has three values.

What was pending approval stays so. Of what was approved, the topic was not kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("turns", "memories"):
        op.add_column(table, sa.Column("sensitive", sa.String(length=16), nullable=True))
        op.execute(f"UPDATE {table} SET sensitive = held WHERE held IS NOT NULL")  # noqa: S608 - a name of ours
    op.execute("UPDATE turns SET sensitive = 'unnamed' WHERE approved AND held IS NULL")
    op.execute(
        "UPDATE memories SET sensitive = 'unnamed' WHERE sensitive IS NULL AND kind IN ('semantic', 'photo') "
        "AND source IN (SELECT id FROM turns WHERE approved)"
    )
    with op.batch_alter_table("users") as batch:
        batch.alter_column(
            "sensitive",
            existing_type=sa.Boolean(),
            type_=sa.String(length=16),
            postgresql_using="CASE sensitive WHEN true THEN 'off' WHEN false THEN 'each' END",
        )
    op.execute("UPDATE users SET sensitive = 'off' WHERE sensitive = '1'")
    op.execute("UPDATE users SET sensitive = 'each' WHERE sensitive = '0'")
    marked = sa.text("sensitive IS NOT NULL")
    op.create_index("ix_turns_sensitive", "turns", ["user_id"], sqlite_where=marked, postgresql_where=marked)
