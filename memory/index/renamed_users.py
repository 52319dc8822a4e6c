"""Renaming the files of users whose id was normalised by a migration (0012), when the folder is opened."""

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
    """Rename the photo folders of renamed users, and have the indexes rebuilt; repeating this changes nothing.

    Args:
        database: The journal's database.
        photos: The folder of the photo files.
        marker: The indexer's marker file; the indexes are rebuilt if it is missing.
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
        "%d user name(s) are now in Unicode's normal form; `persona user list` shows them. Nothing is lost.", len(rows)
    )
