"""Imports as the journal alone has them: listed, and the model's reading of them paused and gone on with.

Only the journal is opened for it, so it works while another program has the data folder. The pause is a column of the journal,
so it holds for every process and after a restart. A step that runs when its import is paused ends normally.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.validation import user_name
from memory.imports.lines import Import
from memory.storage.engine import Database
from memory.storage.schema import imports, turns, work
from memory.storage.work_queue import WorkQueue, steps_by_import


class Reading:
    """Lists imports, and pauses the reading of them.

    Args:
        database: The journal's database.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def users(self) -> list[str]:
        """Return the users who have imports."""
        with self._db.glance() as connection:
            return [str(name) for name in connection.execute(select(imports.c.user_id).distinct()).scalars()]

    def of(self, user_id: str) -> list[Import]:
        """Return a user's imports, newest first."""
        query = select(imports).where(imports.c.user_id == user_name(user_id)).order_by(imports.c.at.desc())
        with self._db.read() as connection:
            return [_import(connection, row) for row in connection.execute(query).all()]

    def get(self, user_id: str, import_id: str) -> Import:
        """Return one import, or raise NotFound."""
        mine = (imports.c.user_id == user_name(user_id)) & (imports.c.id == import_id)
        with self._db.read() as connection:
            row = connection.execute(select(imports).where(mine)).first()
            if row is None:
                raise no_import(import_id)
            return _import(connection, row)

    def steps(self, user_id: str | None = None) -> dict[str, int]:
        """Return the number of steps that the model has left of each import, of one user or of all."""
        return steps_by_import(WorkQueue(self._db).left(user_id))

    def pause(self, import_id: str, user_id: str | None = None) -> int:
        """Let the model leave an import until `resume`; return how many steps wait.

        Args:
            import_id: The import.
            user_id: The user whose import it is; None: any user.

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
        with self._db.write(row.user_id) as connection:
            connection.execute(update(imports).where(this).values(paused=paused))


def _import(connection: Connection, row: Row[Any]) -> Import:
    """Return an import whose days are those of its first message, in the zone where that was said."""
    found = Import(**{name: getattr(row, name) for name in Import.model_fields})
    mine = (turns.c.user_id == row.user_id) & (turns.c.import_id == row.id)
    name = connection.execute(select(turns.c.zone).where(mine).order_by(turns.c.at, turns.c.seq).limit(1)).scalar()
    if name is None or found.first is None or found.last is None:
        return found
    zone = clock.zone_of(name)
    return found.model_copy(update={"first": found.first.astimezone(zone), "last": found.last.astimezone(zone)})


def no_import(import_id: str) -> NotFound:
    """Return the error for an import that does not exist."""
    return NotFound(f"There is no import {import_id!r}. `persona imports list` shows all.")
