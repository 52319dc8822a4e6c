"""A person with a small life, and a client of the REST operations over it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.fakes import ScriptedChat, answer, fact

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.service import PersonaService

API = "/api/v1"


def picture(colour: str = "red", kind: str = "PNG") -> bytes:
    """Return the file of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, kind)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the operations to the server, if it does not have them yet."""
    from app.api import server
    from app.api.rest import routes

    parts = server._parts()
    if routes not in parts:
        monkeypatch.setattr(server, "_parts", lambda: [*parts, routes])


@pytest.fixture
def service(serve: Callable[..., PersonaService]) -> PersonaService:
    def semantic(prompt: str) -> str:
        return fact("The user plays the cello.", "cello") if "cello" in prompt.rsplit("user", 1)[-1] else fact("The user spoke.")

    return serve(ScriptedChat({"reasoning": answer("Hello!"), "semantic": semantic}))


@pytest.fixture
def client(service: PersonaService, connect: Callable[..., TestClient]) -> TestClient:
    return connect(service)
