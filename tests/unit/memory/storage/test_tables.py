"""The tests' own tables are those that the migrations make."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from memory.storage import engine
from memory.storage.engine import Database


def _made(path):
    Database(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_tables_made_in_one_go_are_those_that_the_migrations_make(tmp_path, migrations, monkeypatch):
    made = [_made(tmp_path / name) for name in ("first.db", "second.db")]
    monkeypatch.setattr(engine, "_migrate", migrations)
    assert made == [_made(tmp_path / "migrated.db")] * 2
