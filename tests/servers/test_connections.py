"""Connections to PostgreSQL: those that the server closed meanwhile are replaced, and a pool that is used up says so."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import text

from memory.core.errors import StorageError
from memory.storage import engine
from memory.storage.engine import Database

pytestmark = pytest.mark.server
PROCESS = text("SELECT pg_backend_pid()")


@pytest.fixture
def databases(stores):
    with ExitStack() as opened:
        made = [Database(stores.database_url) for _ in range(2)]
        for one in made:
            opened.callback(one.close)
        yield made


def test_a_connection_that_the_server_closed_while_it_was_idle_is_replaced(databases, monkeypatch):
    monkeypatch.setattr(engine, "_IDLE_S", -1.0)
    mine, other = databases
    with mine.glance() as connection:
        process = connection.execute(PROCESS).scalar_one()
    with other.write() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
    with mine.glance() as connection:
        assert connection.execute(PROCESS).scalar_one() != process


def test_a_pool_that_is_used_up_is_a_sentence(stores, monkeypatch):
    monkeypatch.setattr(engine, "_POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})
    database = Database(stores.database_url)
    with database.glance() as connection:
        connection.execute(PROCESS)
        with pytest.raises(StorageError, match="too busy"), database.glance():
            pass
    database.close()
