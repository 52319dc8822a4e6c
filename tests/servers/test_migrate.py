"""The schema as a step of its own on a real PostgreSQL, and what a host says about its servers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from memory.core.errors import StorageError
from memory.storage.engine import Database, alembic_config, newest_schema
from memory.storage.host_list import HostList
from memory.storage.reaching import chroma_obstacle

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[2]
OLD = "0020"


def persona(stores, *words):
    settings = {
        "PERSONA_DATABASE_URL": stores.database_url,
        "PERSONA_CHROMA_URL": stores.chroma_url,
        "PERSONA_DATA_DIR": str(stores.folder),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *words], cwd=ROOT, env={**os.environ, **settings}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def said(process):
    out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture
def old(stores):
    """Stores whose journal an older version made."""
    database = Database(stores.database_url, migrates="never")
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(connection, None)[0], OLD)
    database.close()
    return stores


def test_hosts_refuse_an_older_journal_until_it_is_migrated_by_one_of_two_at_once(old):
    with pytest.raises(StorageError, match="Run `persona migrate`"):
        old.open()
    code, out, _ = said(persona(old, "migrate", "--check"))
    assert (code, f"The journal has the schema {OLD}" in out) == (1, True)
    for code, out, err in map(said, [persona(old, "migrate") for _ in range(2)]):
        assert code == 0, err
        assert newest_schema() in out
    assert said(persona(old, "migrate", "--check"))[0] == 0
    with old.open() as memory:
        assert memory.looks["journal"]() == ""


def test_the_first_host_of_a_service_makes_the_tables(stores):
    with stores.open() as memory:
        assert memory.looks["journal"]() == ""


def test_a_host_that_runs_notices_that_another_version_migrated_the_journal(stores):
    with stores.open() as memory:
        memory.receive("ada", "Hello")
        with memory._database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert "newer version of this program (schema 9999)" in memory.looks["journal"]()
        with pytest.raises(StorageError, match="newer version"):
            stores.open()


def test_the_hosts_of_a_service_are_listed_while_they_live(stores):
    with stores.open() as memory:
        [host] = HostList(memory._database).all()
        assert (host.id, len(host.processes), host.purges) == (memory.hosts.host_id, 1, 0)
        memory.journal.finish(memory.receive("ada", "Hello").id, "Hi")
        memory.index("ada")
    database = Database(stores.database_url)
    [host] = HostList(database).all()
    assert host.processes == ()
    HostList(database).remove(host.id)
    assert HostList(database).all() == []
    database.close()


def test_a_chroma_that_answers_and_one_that_does_not(stores):
    assert chroma_obstacle(stores.chroma_url) == ""
    assert "Chroma does not answer" in chroma_obstacle("http://127.0.0.1:9")
