"""Fixtures for all tests; nothing here reaches beyond this machine."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from sqlalchemy import Connection, inspect

from app.service import PersonaService
from memory.memory import Memory
from memory.photos.vision import Sight
from memory.storage import engine
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder

pytest_plugins = ("tests.needs",)

# Nothing goes by the clock: on a busy machine an example may take as long as it takes.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
# What failed is kept in the environment, as all that tools keep: a checkout holds nothing else.
set_hypothesis_home_dir(Path(__file__).parents[1] / ".venv/cache/hypothesis")


SPREAD = {"unit", "page", "system", "trust"}
"""Folders whose tests share nothing costly; in the others the tests of a file share a server or a model, and stay in one process."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if item.path.parent.name not in SPREAD:
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session", autouse=True)
def migrations() -> Iterator[Callable[[Connection], None]]:
    """Make the tables of empty SQLite files by what the migrations made once: running them is two thirds of opening a memory.

    Programs that tests start, old folders and PostgreSQL are migrated as always; the value is what does it.
    """
    made: list[str] = []
    migrate = engine._migrate

    def make(connection: Connection, shows_wish: object = None) -> None:
        if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
            migrate(connection, shows_wish)
            return
        if not made:
            migrate(connection, shows_wish)
            made.extend(_statements(connection))
            return
        for statement in made:
            connection.exec_driver_sql(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_migrate", make)
        yield migrate


def _statements(connection: Connection) -> list[str]:
    """Return the SQL that makes a database like this one, rows of the migrations included, in the order in which it was made."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return [line for line in raw.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own settings, data and time zone out of the tests."""
    import os

    for name in list(os.environ):
        if name.startswith(("PERSONA_", "LANGSMITH", "LANGCHAIN")) and name != "PERSONA_CACHE_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PERSONA_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory, migrations: object) -> Path:
    """A data folder with nobody in it: opening a copy takes a third of what opening a new one does."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    Memory(folder, WordEmbedder()).close()
    return folder


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask everybody about what is sensitive before it is remembered, as somebody who chose `each`."""
    monkeypatch.setattr("memory.consent.consent_rule.DEFAULT", "each")


@pytest.fixture
def memory(tmp_path: Path, _empty: Path) -> Iterator[Memory]:
    shutil.copytree(_empty, tmp_path / "data")
    with Memory(tmp_path / "data", WordEmbedder()) as opened:
        yield opened


@pytest.fixture
def serve(tmp_path: Path, _empty: Path) -> Iterator[Callable[..., PersonaService]]:
    """Make services on one data folder; each is closed when the next one opens, and at the end."""
    opened: list[PersonaService] = []

    def make(chat: ScriptedChat, *, work: bool = False, sight: Sight | None = None, **models: object) -> PersonaService:
        while opened:
            opened.pop().close()
        if not (tmp_path / "data").exists():
            shutil.copytree(_empty, tmp_path / "data")
        memory = Memory(tmp_path / "data", WordEmbedder(), sight=sight)
        service = PersonaService(memory, ScriptedModels(chat, **models), work=work)  # type: ignore[arg-type] # its own fields
        opened.append(service)
        return service

    yield make
    for service in opened:
        service.close()


_LIVES: dict[Callable[..., None], tuple[Path, ScriptedChat]] = {}
"""Data folders that were filled before in this process, by what filled them, with the model as it was then."""


@pytest.fixture
def relive(
    tmp_path: Path, _empty: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., PersonaService]
) -> Callable[..., PersonaService]:
    """Serve a copy of a life that many tests begin with: it is lived once, by `live(service, chat)`, and copied for each test."""

    def make(live: Callable[[PersonaService, ScriptedChat], None], chat: ScriptedChat) -> PersonaService:
        if live not in _LIVES:
            folder = tmp_path_factory.mktemp("lived") / "data"
            shutil.copytree(_empty, folder)
            with PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat), work=False) as service:
                live(service, chat)
            _LIVES[live] = folder, chat
        folder, lived = _LIVES[live]
        shutil.copytree(folder, tmp_path / "data")
        return serve(lived.again())

    return make
