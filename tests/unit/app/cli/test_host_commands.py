"""`persona migrate`: the schema as a step of its own; and `persona hosts`, over a registry with living and dead hosts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import insert, text
from typer.testing import CliRunner

from app.cli import app
from app.factory import journal_url, open_journal, several_hosts
from app.settings import Settings
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound, StorageError
from memory.storage.engine import Database, alembic_config, newest_schema
from memory.storage.host_list import HostList
from memory.storage.host_schema import host_processes, hosts, purge_acks, purges

OLD = "0020"


def run(*words):
    return CliRunner().invoke(app, [*words])


@pytest.fixture
def old():
    """The URL of a journal that an older version wrote."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True)
    database = Database(journal_url(settings), migrates="never")
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(connection, None)[0], OLD)
    database.close()
    return journal_url(settings)


def schema(url):
    database = Database(url, migrates="never")
    found = database.schema()
    database.close()
    return found


def test_it_says_from_which_schema_to_which_and_a_second_time_that_nothing_changed(old):
    assert run("migrate").stdout == f"The journal had the schema {OLD}; now it has {newest_schema()}.\n"
    assert schema(old) == newest_schema()
    again = run("migrate")
    assert (again.exit_code, again.stdout) == (
        0,
        f"The journal has the newest schema ({newest_schema()}). Nothing was changed.\n",
    )


def test_a_check_changes_nothing_and_its_exit_code_says_whether_it_is_behind(old):
    behind = run("migrate", "--check")
    assert (behind.exit_code, schema(old)) == (1, OLD)
    assert "Run `persona migrate`" in behind.stdout
    told = json.loads(run("migrate", "--check", "--json").stdout)
    assert told == {"before": OLD, "needed": newest_schema(), "behind": True}
    run("migrate")
    assert run("migrate", "--check").exit_code == 0


def test_an_empty_journal_is_behind_and_is_made():
    assert run("migrate", "--check").exit_code == 1
    assert run("migrate").stdout == f"The journal had no schema yet; now it has {newest_schema()}.\n"


def test_a_host_of_several_makes_an_empty_journal_and_refuses_an_old_one(old, tmp_path):
    with pytest.raises(StorageError, match="Run `persona migrate`"):
        Database(old, migrates="if empty")
    assert schema(old) == OLD
    new = f"sqlite:///{tmp_path / 'new.db'}"
    for _ in range(2):
        Database(new, migrates="if empty").close()
    assert schema(new) == newest_schema()


def test_one_machine_migrates_by_itself(old):
    Database(old).close()
    assert schema(old) == newest_schema()


@pytest.mark.parametrize(
    ("database", "chroma", "several"),
    [
        ("", "", False),
        ("postgresql://h/d", "", False),
        ("", "http://h:8000", False),
        ("sqlite:///f", "http://h", False),
        ("postgresql://h/d", "http://h:8000", True),
    ],
)
def test_several_hosts_are_those_whose_database_and_vectors_are_on_servers(database, chroma, several):
    assert several_hosts(Settings(database_url=database, chroma_url=chroma)) is several


def test_a_newer_schema_is_refused_and_noticed_by_a_program_that_runs(old):
    running = Database(old)
    assert running.obstacle() == ""
    with running.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "newer version of this program (schema 9999)" in running.obstacle()
    running.close()
    assert "closed" in running.obstacle()
    for migrates in ("always", "if empty"):
        with pytest.raises(StorageError, match="newer version"):
            Database(old, migrates=migrates)
    for words in (("migrate",), ("migrate", "--check")):
        assert isinstance(run(*words).exception, StorageError)


@pytest.fixture
def registry():
    """A host that is alive, one that is down with two purges to do, and one that came after them."""
    database = open_journal(Settings())
    now = clock.instant()
    hour, day = timedelta(hours=1), timedelta(days=1)
    with database.write() as connection:
        for name, since in (("a", now - 2 * day), ("b", now - 2 * day), ("c", now)):
            connection.execute(insert(hosts).values(id=name * 32, name=f"host-{name}", since=since))
        for name, seen in (("a", now), ("b", now - hour)):
            connection.execute(
                insert(host_processes).values(id=name * 8, host_id=name * 32, program=f"persona {name}", seen=seen)
            )
        for number in ("1", "2"):
            connection.execute(insert(purges).values(id=number, user_key="k", rows=["t"], at=now - day))
            connection.execute(insert(purge_acks).values(purge_id=number, host_id="a" * 32, at=now - day))
    yield HostList(database)
    database.close()


def test_hosts_are_listed_with_what_is_alive_and_what_waits_for_them(registry, monkeypatch):
    found = [(one.name, one.processes, one.purges) for one in registry.all()]
    assert found == [("host-a", ("persona a",), 0), ("host-b", (), 2), ("host-c", (), 0)]
    monkeypatch.setenv("COLUMNS", "160")
    rows = run("hosts", "list").stdout.splitlines()
    assert [row.split()[1:3] for row in rows] == [
        ["name", "alive"],
        ["host-a", "persona"],
        ["host-b", "not"],
        ["host-c", "not"],
    ]
    assert rows[2].split()[-1] == "2"
    assert "Purges wait for host-b" in run("hosts", "list").stderr
    assert json.loads(run("hosts", "list", "--json").stdout)[0]["id"] == "a" * 32


def test_a_host_that_is_gone_is_removed_and_one_that_is_alive_is_not(registry):
    assert run("hosts", "remove", "b" * 32).exit_code == 0
    assert "Purges wait" not in run("hosts", "list").stderr
    assert [one.name for one in registry.all()] == ["host-a", "host-c"]
    with pytest.raises(InvalidInput, match="is alive"):
        registry.remove("a" * 32)
    with pytest.raises(NotFound, match="no host"):
        registry.remove("b" * 32)


def test_on_one_machine_there_are_no_hosts():
    found = run("hosts", "list")
    assert (found.exit_code, "One machine uses this journal" in found.stderr) == (0, True)
