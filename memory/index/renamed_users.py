"""Users whose name was brought into normal form (migration 0010): their files follow them when the folder is opened."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from sqlalchemy import select, update

from memory.core.records import user_key
from memory.storage.engine import Database
from memory.storage.schema import users

_log = logging.getLogger(__name__)


def follow(database: Database, photos: Path, marker: Path) -> None:
    """Move the pictures of users who were renamed, and have the indexes made again; done twice, it changes nothing.

    Args:
        database: The journal's.
        photos: Where the picture files lie.
        marker: The file without which the indexes are made anew.
    """
    with database.read() as connection:
        rows = connection.execute(select(users.c.id, users.c.spelled).where(users.c.spelled.is_not(None))).all()
    if not rows:
        return
    for row in rows:
        before = photos / hashlib.sha256(row.spelled.encode()).hexdigest()[:32]
        if before.is_dir():
            before.rename(photos / user_key(row.id))
    marker.unlink(missing_ok=True)
    with database.write() as connection:
        connection.execute(update(users).values(spelled=None))
    _log.warning(
        "%d user name(s) are written in Unicode's normal form now; `persona user list` shows them. Nothing is lost.", len(rows)
    )
