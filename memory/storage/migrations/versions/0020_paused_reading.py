"""The model's reading of an import can be paused: work knows which import it belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_BEHIND = 400_000_000
"""The places of an import's work, when this was written."""


def upgrade() -> None:
    op.add_column("imports", sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("work", sa.Column("import_id", sa.String(40)))
    work = sa.table("work", *map(sa.column, ("user_id", "kind", "subject", "seq", "import_id")))
    turns = sa.table("turns", *map(sa.column, ("id", "user_id", "session", "import_id")))
    # The profile and the habits of an import have its own name as their subject.
    sets = work.c.subject.like("imp_%")
    message = turns.c.id == work.c.subject
    conversation = turns.c.session == sa.cast(work.c.subject, sa.Integer)
    for of_kind, place in (("remember", message), ("consolidate", conversation)):
        found = sa.select(sa.func.max(turns.c.import_id)).where(turns.c.user_id == work.c.user_id, place).scalar_subquery()
        mine = (work.c.seq >= _BEHIND) & (work.c.kind == of_kind)
        op.execute(sa.update(work).where(mine, ~sets).values(import_id=found))
    op.execute(sa.update(work).where(work.c.seq >= _BEHIND, sets).values(import_id=work.c.subject))
