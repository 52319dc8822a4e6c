"""Several hosts on one journal: changes are numbered by the database, leases have fences, purges are acknowledged."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_NUMBERS = """
CREATE FUNCTION persona_number_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text; changed text; newest integer;
BEGIN
  IF TG_OP = 'DELETE' THEN
    owner := OLD.user_id; changed := OLD.id;
  ELSE
    owner := NEW.user_id; changed := NEW.id;
  END IF;
  INSERT INTO change_counts (user_id, era, last) VALUES (owner, gen_random_uuid()::text, 1)
    ON CONFLICT (user_id) DO UPDATE SET last = change_counts.last + 1 RETURNING last INTO newest;
  INSERT INTO changes (user_id, row_id, kind, number, gone) VALUES (owner, changed, TG_ARGV[0], newest, TG_OP = 'DELETE')
    ON CONFLICT (user_id, row_id) DO UPDATE SET kind = EXCLUDED.kind, number = newest, gone = EXCLUDED.gone;
  RETURN NULL;
END $$
"""
_ALREADY = """
INSERT INTO changes (user_id, row_id, kind, number, gone)
  SELECT user_id, id, kind, row_number() OVER (PARTITION BY user_id ORDER BY at, id), false FROM (
    SELECT user_id, id, at, 'turn' AS kind FROM turns WHERE revision > 0
    UNION ALL SELECT user_id, id, at, 'memory' FROM memories
  ) AS known
"""
_COUNTED = """
INSERT INTO change_counts (user_id, era, last)
  SELECT user_id, gen_random_uuid()::text, max(number) FROM changes GROUP BY user_id
"""

_SPOKEN = {
    "turns": ("text", "reply", "error", "speaker"),
    "memories": ("key", "text"),
    "outputs": ("text",),
    "refusals": ("reason",),
    "work": ("error",),
    "imports": ("name",),
}
"""Columns with a person's words."""


def upgrade() -> None:
    op.add_column("turns", sa.Column("process_id", sa.String(40)))
    # Nobody holds a lease: this migration runs while no process of the older version does.
    op.drop_table("leases")
    op.create_table(
        "leases",
        sa.Column("user_id", sa.String(200), primary_key=True),
        sa.Column("purpose", sa.String(8), primary_key=True),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "hosts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "host_processes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("host_id", sa.String(40), nullable=False),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_host_processes_host", "host_processes", ["host_id"])
    op.create_table(
        "change_counts",
        sa.Column("user_id", sa.String(200), primary_key=True),
        sa.Column("era", sa.String(40), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("mirrored", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "changes",
        sa.Column("user_id", sa.String(200), primary_key=True),
        sa.Column("row_id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_changes_number", "changes", ["user_id", "number"])
    op.create_table(
        "purges",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("user_key", sa.String(80), nullable=False),
        sa.Column("user_id", sa.String(200)),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "purge_acks",
        sa.Column("purge_id", sa.String(40), primary_key=True),
        sa.Column("host_id", sa.String(40), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "snapshots",
        sa.Column("user_key", sa.String(80), primary_key=True),
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("host_id", sa.String(40), nullable=False),
        sa.Column("made", sa.String(200), nullable=False),
        sa.Column("era", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    whole = sa.text("whole")
    op.create_index("ix_snapshots_whole", "snapshots", ["user_key", "number"], sqlite_where=whole, postgresql_where=whole)
    op.create_table(
        "shared_settings",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.String(200), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_NUMBERS)
        for table, kind in (("turns", "turn"), ("memories", "memory")):
            does = f"FOR EACH ROW EXECUTE FUNCTION persona_number_change('{kind}')"
            # A message without its reply has revision 0: no search finds it yet.
            op.execute(
                f"CREATE TRIGGER number_new AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.revision > 0) "
                f"EXECUTE FUNCTION persona_number_change('{kind}')"
            )
            op.execute(
                f"CREATE TRIGGER number_changed AFTER UPDATE OF revision ON {table} FOR EACH ROW "
                f"WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION persona_number_change('{kind}')"
            )
            op.execute(f"CREATE TRIGGER number_gone AFTER DELETE ON {table} {does}")
        # The server's statistics are samples of values, which a purge could not remove. To name a column's type once more
        # deletes the samples that are there.
        for table, columns in _SPOKEN.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text")
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
        op.execute(_ALREADY)
        op.execute(_COUNTED)
