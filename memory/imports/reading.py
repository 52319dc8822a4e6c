"""The model's reading of imports: paused, and gone on with.

The pause is a column of the journal, so it holds for every process and after a restart. A step that runs when its import is
paused ends normally.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select, update

from memory.core.errors import InvalidInput, NotFound
from memory.core.validation import user_name
from memory.storage.engine import Database
from memory.storage.schema import imports, work


class Reading:
    """Pauses the reading of imports; see `WorkQueue.left` for what is left of it.

    Args:
        database: The journal's database.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def pause(self, import_id: str, user_id: str | None = None) -> int:
        """Let the model leave an import until `resume`; return how many steps wait.

        Args:
            import_id: The import.
            user_id: Whose import it is; None: whoever's it is.

        Raises:
            NotFound: There is no such import.
            InvalidInput: The model has nothing to read of it.
        """
        row, left = self._found(import_id, user_id)
        will_be_read = row.state == "writing" and row.depth != "none"
        if not left and not will_be_read:
            why = "The model does not read" if row.depth == "none" else "The model has read all of"
            raise InvalidInput(f"{why} the import {import_id}, so there is nothing to pause.")
        self._set(row, paused=True)
        return left

    def resume(self, import_id: str, user_id: str | None = None) -> int:
        """Let the model go on with an import; return how many steps are left. See `pause`."""
        row, left = self._found(import_id, user_id)
        self._set(row, paused=False)
        return left

    def _found(self, import_id: str, user_id: str | None) -> tuple[Row[Any], int]:
        query = select(imports).where(imports.c.id == import_id)
        if user_id is not None:
            query = query.where(imports.c.user_id == user_name(user_id))
        with self._db.read() as connection:
            row = connection.execute(query).first()
            if row is None:
                raise no_import(import_id)
            mine = (work.c.user_id == row.user_id) & (work.c.import_id == row.id)
            return row, int(connection.execute(select(func.count()).select_from(work).where(mine)).scalar_one())

    def _set(self, row: Row[Any], *, paused: bool) -> None:
        this = (imports.c.user_id == row.user_id) & (imports.c.id == row.id)
        with self._db.write() as connection:
            connection.execute(update(imports).where(this).values(paused=paused))


def no_import(import_id: str) -> NotFound:
    """Return the error for an import that does not exist."""
    return NotFound(f"There is no import {import_id!r}. `persona imports list` shows all.")
