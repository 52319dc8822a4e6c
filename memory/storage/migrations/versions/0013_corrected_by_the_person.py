"""What a person wrote, or called outdated, is found without a look at all their memories."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_CORRECTED = sa.text("edited OR superseded_by = id")


def upgrade() -> None:
    op.create_index("ix_memories_corrected", "memories", ["user_id"], sqlite_where=_CORRECTED, postgresql_where=_CORRECTED)
