"""Fixtures for all tests; nothing here reaches beyond this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from app.service import PersonaService
from memory.sight import Sight
from memory.store import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder

pytest_plugins = ("tests.needs",)

# Nothing goes by the clock: on a busy machine an example may take as long as it takes.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own settings, data and time zone out of the tests."""
    import os

    for name in list(os.environ):
        if name.startswith(("PERSONA_", "LANGSMITH", "LANGCHAIN")) and name != "PERSONA_CACHE_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PERSONA_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path / "data", WordEmbedder()) as opened:
        yield opened


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., PersonaService]]:
    """Make services on one data folder; each is closed when the next one opens, and at the end."""
    opened: list[PersonaService] = []

    def make(chat: ScriptedChat, *, work: bool = False, sight: Sight | None = None, **models: object) -> PersonaService:
        while opened:
            opened.pop().close()
        memory = Memory(tmp_path / "data", WordEmbedder(), sight=sight)
        service = PersonaService(memory, ScriptedModels(chat, **models), work=work)  # type: ignore[arg-type] # its own fields
        opened.append(service)
        return service

    yield make
    for service in opened:
        service.close()
