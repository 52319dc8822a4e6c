"""What monitors are told: whether a message would be answered, and counts of nobody but the caller."""

from __future__ import annotations

import asyncio
import threading

import pytest

from app.api.guard import Limits
from app.api.monitoring import Readiness
from app.api.server import build, run
from memory.core.errors import InvalidInput
from tests.fakes import NOTHING, ScriptedChat
from tests.unit.app.api.conftest import HERE

pytestmark = pytest.mark.api
DOWN = "No model server answers."


@pytest.fixture
def service(serve):
    return serve(ScriptedChat({"semantic": NOTHING}))


def counts(found):
    assert found.status_code == 200
    return dict(line.split() for line in found.text.splitlines() if not line.startswith("#"))


def test_a_model_that_cannot_be_reached_is_not_ready_and_says_why(service, connect, monkeypatch):
    monkeypatch.setattr(service.models, "obstacle", lambda: DOWN)
    client = connect(service)
    found = client.get("/ready")
    assert (found.status_code, found.json()) == (503, {"status": "not_ready", "waits_for": DOWN})
    assert client.get("/health").json() == {"status": "ok"}


def test_a_model_that_can_be_reached_is_ready_and_is_asked_nothing(service, connect):
    found = connect(service).get("/ready")
    assert (found.status_code, found.json()) == (200, {"status": "ready"})
    assert service.models.chat().calls == []


def test_a_model_that_loads_is_waited_for(service, connect, monkeypatch):
    monkeypatch.setattr(type(service), "waits_for", "The chat model is loading.")
    found = connect(service).get("/ready")
    assert (found.status_code, found.json()["status"]) == (200, "waiting")


def test_however_many_ask_the_model_server_is_looked_at_once_in_some_seconds():
    now, looks, gate = [0.0], [], threading.Event()

    def look():
        gate.wait(60)
        looks.append(now[0])
        return DOWN if len(looks) == 1 else ""

    async def ask():
        readiness = Readiness(look, lambda: now[0], wait_s=60)
        asked = [asyncio.create_task(readiness.obstacle()) for _ in range(50)]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*asked) == [DOWN] * 50
        now[0] = 4.9
        assert await readiness.obstacle() == DOWN
        now[0] = 5.0
        assert await readiness.obstacle() == ""

    asyncio.run(ask())
    assert looks == [0.0, 5.0]


def test_nobody_waits_for_a_look_that_takes_long():
    gate = threading.Event()

    async def ask():
        readiness = Readiness(lambda: str(gate.wait(60) or ""), wait_s=0)
        try:
            return await readiness.obstacle()
        finally:
            gate.set()

    assert "does not answer in time" in asyncio.run(ask())


def test_a_key_reads_the_counts_of_its_own_person_alone(service, connect):
    for who in ("ada", "bob", "bob"):
        service.memory.journal.finish(service.memory.receive(who, "Hello").id, "Hi")
    client = connect(service)
    assert counts(client.get("/metrics")) == {"persona_users": "2", "persona_steps_pending": "3"}
    for who, pending in (("ada", "1"), ("bob", "2"), ("carl", "0")):
        _, secret = service.memory.api_keys.create(who)
        found = client.get("/metrics", headers={"authorization": f"Bearer {secret}"})
        assert counts(found) == {"persona_steps_pending": pending}


def test_the_key_of_the_operator_reads_the_counts_of_the_machine(service, connect):
    from starlette.testclient import TestClient

    key, secret = service.memory.api_keys.create("prometheus")
    _, other = service.memory.api_keys.create("ada")
    service.memory.receive("ada", "Hello")
    with TestClient(build(service, metrics_key=key.id), **HERE) as client:
        read = {one: client.get("/metrics", headers={"authorization": f"Bearer {one}"}) for one in (secret, other)}
    assert counts(read[secret])["persona_users"] == "1"
    assert "persona_users" not in counts(read[other])


def test_an_operators_key_that_is_not_there_is_named(service):
    gone, _ = service.memory.api_keys.create("ada")
    service.memory.api_keys.revoke(gone.id)
    for name in ("nothing", gone.id):
        with pytest.raises(InvalidInput, match="no valid key"):
            run(service, host="127.0.0.1", port=0, limits=Limits(), on_ready=lambda _url: None, metrics_key=name)
