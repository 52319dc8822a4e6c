"""The database's clock: hosts that share a journal compare its instants, because their own clocks may differ by minutes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from memory.storage.schema import Instant


class ServerTime(FunctionElement[Any]):
    """An SQL expression for the instant some seconds after the present, by the database's clock.

    The present is that of the statement, also in a transaction that has waited for a lock.

    Args:
        seconds: How many seconds later; negative: earlier.
    """

    type = Instant()
    inherit_cache = True

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(literal(float(seconds)))


@compiles(ServerTime)
def _on_sqlite(element: ServerTime, compiler: Any, **given: Any) -> str:
    # With six decimals, as SQLAlchemy writes instants: they are compared as texts.
    seconds = compiler.process(element.clauses, **given)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds} || ' seconds') || '000')"


@compiles(ServerTime, "postgresql")
def _on_postgresql(element: ServerTime, compiler: Any, **given: Any) -> str:
    seconds = compiler.process(element.clauses, **given)
    return f"(clock_timestamp() AT TIME ZONE 'utc' + make_interval(secs => {seconds}))"
