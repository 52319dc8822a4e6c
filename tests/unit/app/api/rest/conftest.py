"""People with small lives, and clients of the REST operations over them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from memory.core.records import PhotoMemory, make_id
from tests.fakes import NOTHING, ScriptedChat, answer, fact

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


def _facts(prompt: str) -> str:
    said = prompt.rsplit("human:", 1)[-1]
    return next((fact(f"The user owns a {thing}.", thing) for thing in ("cello", "diabetes", "Rex") if thing in said), NOTHING)


@pytest.fixture
def service(serve: Callable[..., PersonaService]) -> PersonaService:
    return serve(ScriptedChat({"reasoning": answer("Hello!"), "semantic": _facts}))


@pytest.fixture
def client(service: PersonaService, connect: Callable[..., TestClient]) -> TestClient:
    return connect(service)


class Caller:
    """One person's client."""

    def __init__(self, client: TestClient, user: str, headers: dict[str, str] | None = None) -> None:
        self.client, self.user, self.headers = client, user, headers or {}

    def __call__(self, method: str, path: str, json: Any = None, **query: Any) -> Any:
        """Call an operation, which must succeed, and return its answer."""
        found = self.send(method, path, json, **query)
        assert found.status_code == 200, found.text
        return found.json()

    def send(self, method: str, path: str, json: Any = None, **query: Any) -> Any:
        params = {"user": self.user, **query}
        return self.client.request(method, f"{API}{path}", json=json, params=params, headers=self.headers)

    def give(self, path: str, data: Any, kind: str = "application/octet-stream", **query: Any) -> Any:
        """Send a file as the whole body."""
        headers = {**self.headers, "content-type": kind}
        return self.client.post(f"{API}{path}", content=data, params={"user": self.user, **query}, headers=headers)

    def fails(self, status: int, method: str, path: str, json: Any = None, **query: Any) -> str:
        """Call an operation, which must fail with a status, and return the sentence."""
        return self.failed(status, self.send(method, path, json, **query))

    def failed(self, status: int, found: Any) -> str:
        """Return the sentence of an answer that must be a failure."""
        assert found.status_code == status, found.text
        told = found.json()["error"]
        assert set(told) == {"code", "message"}
        assert told["message"].endswith((".", "?"))
        return str(told["message"])


@pytest.fixture
def live(service: PersonaService, client: TestClient) -> Callable[..., dict[str, str]]:
    """Let a person live: a fact, a message with a picture in which something is seen, and a message that needs approval."""

    def make(user: str, thing: str = "cello") -> dict[str, str]:
        ask = Caller(client, user)
        ask("PATCH", "/consent", {"sensitive": "each"})
        turn = ask("POST", "/turns", {"text": f"I bought a {thing} yesterday. My quartet meets tomorrow at 19:00."})["id"]
        service.wait(user)
        sent = ask(
            "POST",
            "/turns",
            {"text": "This is Rex.", "pictures": [base64.b64encode(picture("red" if user == "ada" else "blue")).decode()]},
        )
        photo = sent["photo_ids"][0]
        seen = PhotoMemory(
            id=make_id(user, "photo", sent["id"]), turn_id=sent["id"], photo_id=photo, caption="Rex", category="dog",
            time=service.memory.journal.turn(sent["id"]).time, box=(0.1, 0.1, 0.5, 0.5),
        )  # fmt: skip
        service.memory.memories.commit_remember(user, sent["id"], None, None, photos=[seen])
        service.memory.index(user)
        secret = ask("POST", "/turns", {"text": "My doctor says that I have diabetes."})["id"]
        line = ask("PUT", "/profile", {"key": "Home", "value": "Oslo"})["id"]
        [known] = [one for one in ask("GET", "/memories", kind="semantic")["items"] if thing in one["text"]]
        return {"turn": turn, "fact": known["id"], "photo": photo, "seen": seen.id, "pending": secret, "line": line}

    return make


@pytest.fixture
def ada(client: TestClient) -> Caller:
    return Caller(client, "ada")
