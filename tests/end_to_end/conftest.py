"""Everything real: llama.cpp with SmolLM2-135M, MiniLM, Chroma, SQLite. One model server for all of these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from app.factory import build_embedder
from app.models.model_server import ModelServer
from app.models.weights import models_folder
from app.service import PersonaService
from app.settings import Settings
from memory.memory import Memory
from tests.tiny_clip import cached

# One thread: a second one waits for the first at every layer, and where anything else runs both are many times slower.
SMALL = {"llm_model": "smollm2-135m", "max_new_tokens": 96, "llm_context": 8192, "llm_threads": 1}


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    server = ModelServer(Settings(**SMALL))
    yield server
    server.close()


@pytest.fixture(scope="session")
def embedder():
    return build_embedder(Settings())


@pytest.fixture(scope="session")
def tiny_clip() -> Path:
    """A small CLIP, trained once on this machine (about a minute) and kept in the cache."""
    place = models_folder().parent / "tests"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / "tiny-clip.lock"):
        return cached(place)


class Shared:
    """The session's server, that no single service may close."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self.priority = server.priority
        self.loaded = None
        self.chat = server.chat
        self.obstacle = server.obstacle
        self.style = server.style

    def wind_down(self) -> None:
        """Leave it to the session."""

    def close(self) -> None:
        """Leave it to the session."""


@pytest.fixture
def live(tmp_path, model, embedder) -> Iterator[Callable[..., PersonaService]]:
    """Make services on one data folder; each is closed when the next one opens, and at the end."""
    opened: list[PersonaService] = []

    def make(*, work: bool = False) -> PersonaService:
        while opened:
            opened.pop().close()
        opened.append(PersonaService(Memory(tmp_path / "data", embedder), Shared(model), work=work))
        return opened[-1]

    yield make
    for service in opened:
        service.close()
