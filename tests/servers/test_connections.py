"""Connections to PostgreSQL: those that the server closed meanwhile are replaced, and a pool that is used up says so."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import create_engine, make_url, text

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


def test_a_database_that_takes_no_connections_is_told_without_its_name_until_it_takes_them_again(stores, databases):
    mine, other = databases
    name = make_url(stores.database_url).database
    server = create_engine(make_url(stores.database_url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
        told = {mine.obstacle() for _ in range(2)}
        with pytest.raises(StorageError) as refused, other.write() as cut_off:
            cut_off.execute(PROCESS)
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    server.dispose()
    assert told == {refused.value.message} == {"The database does not answer. Start it again, or correct PERSONA_DATABASE_URL."}
    assert mine.obstacle() == ""


def test_a_wrong_user_password_or_database_is_told_without_their_names(stores):
    for change in ({"username": "somebody"}, {"database": "nothing"}):
        with pytest.raises(StorageError, match="correct PERSONA_DATABASE_URL") as refused:
            Database(make_url(stores.database_url).set(**change).render_as_string(hide_password=False))
        assert not any(word in refused.value.message for word in change.values())


def test_a_pool_that_is_used_up_is_a_sentence(stores, monkeypatch):
    monkeypatch.setattr(engine, "_POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})
    database = Database(stores.database_url)
    with database.glance() as connection:
        connection.execute(PROCESS)
        with pytest.raises(StorageError, match="too busy"), database.glance():
            pass
    database.close()
