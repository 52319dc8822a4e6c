"""What monitors are told: whether a message would be answered, and counts of nobody but the caller."""

from __future__ import annotations

import asyncio
import threading

import pytest

from app.api.guard import Limits
from app.api.server import build, run
from app.operations.readiness import STILL_LOOKING, Readiness, looks_of
from app.operations.stopping import Stopping
from memory.core.errors import InvalidInput, ModelUnavailable, StorageError
from tests.fakes import NOTHING, ScriptedChat, answer
from tests.unit.app.api.conftest import HERE

pytestmark = pytest.mark.api
DOWN = "No model server answers."


@pytest.fixture
def service(serve):
    return serve(ScriptedChat({"semantic": NOTHING}))


def counts(found):
    assert found.status_code == 200
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in found.text.splitlines() if line[0] != "#")}


def test_a_model_that_cannot_be_reached_is_not_ready_and_says_why(service, connect, monkeypatch):
    monkeypatch.setattr(service.models, "obstacle", lambda: DOWN)
    client = connect(service)
    found = client.get("/ready")
    checks = {"journal": "ok", "model": DOWN}
    assert (found.status_code, found.json()) == (503, {"status": "not_ready", "waits_for": DOWN, "checks": checks})
    assert client.get("/health").json() == {"status": "ok"}


def test_a_model_that_can_be_reached_is_ready_and_is_asked_nothing(service, connect):
    found = connect(service).get("/ready")
    assert (found.status_code, found.json()) == (200, {"status": "ready", "checks": {"journal": "ok", "model": "ok"}})
    assert service.models.chat().calls == []


def test_a_model_that_loads_is_waited_for(service, connect, monkeypatch):
    monkeypatch.setattr(type(service), "waits_for", "The chat model is loading.")
    found = connect(service).get("/ready")
    assert found.status_code == 200
    assert found.json() == {
        "status": "waiting",
        "waits_for": "The chat model is loading.",
        "checks": {"journal": "ok", "model": "The chat model is loading."},
    }


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
    found = counts(client.get("/metrics"))
    assert (found["persona_users"], found["persona_steps_pending"]) == (2, 3)
    for who, pending in (("ada", 1), ("bob", 2), ("carl", 0)):
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
    assert counts(read[secret])["persona_users"] == 1
    assert "persona_users" not in counts(read[other])


def test_an_operators_key_that_is_not_there_is_named(service):
    gone, _ = service.memory.api_keys.create("ada")
    service.memory.api_keys.revoke(gone.id)
    for name in ("nothing", gone.id):
        with pytest.raises(InvalidInput, match="no valid key"):
            run(service, host="127.0.0.1", port=0, limits=Limits(), on_ready=lambda _url: None, metrics_key=name)


def test_each_part_that_is_in_the_way_is_named(service, connect):
    service.memory.looks["purges"] = lambda: "Something that was forgotten is being removed from this host."
    found = connect(service).get("/ready")
    assert found.status_code == 503
    assert found.json() == {
        "status": "not_ready",
        "waits_for": "Something that was forgotten is being removed from this host.",
        "checks": {"journal": "ok", "purges": found.json()["waits_for"], "model": "ok"},
    }


def test_what_a_message_is_answered_without_is_named_and_does_not_take_the_host_away(service, connect):
    service.memory.looks["chroma"] = lambda: "Chroma does not answer (ConnectError). Start it again."
    service.memory.looks["object store"] = lambda: "The bucket s3://persona refuses access (AccessDenied)."
    found = connect(service).get("/ready")
    assert found.status_code == 200
    assert found.json() == {
        "status": "ready",
        "checks": {
            "journal": "ok",
            "chroma": "Chroma does not answer (ConnectError). Start it again.",
            "object store": "The bucket s3://persona refuses access (AccessDenied).",
            "model": "ok",
        },
    }


JOURNAL_DOWN = "The database does not answer. Start it again, or correct PERSONA_DATABASE_URL."


def journal_down(memory, monkeypatch):
    def down(*_):
        raise StorageError(JOURNAL_DOWN)

    for name in ("glance", "read", "write", "write_at_once"):
        monkeypatch.setattr(memory._database, name, down)


@pytest.mark.parametrize("error", [StorageError(JOURNAL_DOWN), OSError("host db.example, user persona")])
@pytest.mark.parametrize("part", ["journal", "purges"])
def test_a_check_that_fails_is_told_in_the_form_that_monitors_know(service, connect, part, error):
    def failing():
        raise error

    service.memory.looks[part] = failing
    found = connect(service).get("/ready")
    told = found.json()
    assert (found.status_code, told["status"], told["checks"]["model"]) == (503, "not_ready", "ok")
    assert told["waits_for"] == told["checks"][part]
    assert told["waits_for"] == JOURNAL_DOWN if isinstance(error, StorageError) else "(OSError)" in told["waits_for"]
    assert "db.example" not in found.text


def test_every_part_that_does_not_answer_in_time_has_a_sentence_that_says_what_to_do(service):
    service.memory.looks |= dict.fromkeys(("chroma", "object store", "purges"), str)
    assert set(looks_of(service)) == set(STILL_LOOKING)


def test_without_the_journal_the_numbers_of_the_program_are_told_to_who_read_them_before(service, connect, monkeypatch):
    client, stranger = connect(service), connect(service, client=("127.0.0.1", 50_000))
    assert {"persona_users", "persona_steps_pending", "persona_purges_waiting"} <= set(counts(client.get("/metrics")))
    with monkeypatch.context() as broken:
        journal_down(service.memory, broken)
        assert client.get("/health").json() == {"status": "ok"}
        told = client.get("/ready").json()
        assert (told["waits_for"], told["checks"]["journal"]) == (JOURNAL_DOWN, JOURNAL_DOWN)
        found = counts(client.get("/metrics"))
        assert 'persona_replies_total{outcome="answered"}' in found
        assert not {"persona_users", "persona_steps_pending", "persona_purges_waiting"} & set(found)
        assert stranger.get("/metrics").status_code == 503
        assert client.get("/api/v1/me").status_code == 503
        assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 503
    assert "persona_users" in counts(client.get("/metrics"))


def test_without_the_journal_a_key_reads_what_it_read_before_unless_it_was_revoked(service, monkeypatch):
    from starlette.testclient import TestClient

    made = [service.memory.api_keys.create(name) for name in ("prometheus", "ada", "eve")]
    operator, ada, eve = ({"authorization": f"Bearer {secret}"} for _, secret in made)
    with TestClient(build(service, metrics_key=made[0][0].id), **HERE) as client:
        for who in (operator, ada, eve):
            assert client.get("/metrics", headers=who).status_code == 200
        service.memory.api_keys.revoke(made[2][0].id)
        assert client.get("/metrics", headers=eve).status_code == 401
        with monkeypatch.context() as broken:
            journal_down(service.memory, broken)
            assert "persona_model_calls_total" in counts(client.get("/metrics", headers=operator))
            assert client.get("/api/v1/me", headers=operator).status_code == 503
            for who in (ada, eve, {}):
                assert client.get("/metrics", headers=who).status_code == 503
        service.memory.api_keys.revoke(made[0][0].id)
        assert client.get("/metrics", headers=operator).status_code == 401
        journal_down(service.memory, monkeypatch)
        assert client.get("/metrics", headers=operator).status_code == 503


def test_a_journal_that_a_newer_program_migrated_is_noticed_by_one_that_runs(service, connect):
    from sqlalchemy import text

    with service.memory._database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    found = connect(service).get("/ready")
    assert (found.status_code, found.json()["checks"]["model"]) == (503, "ok")
    assert "newer version of this program" in found.json()["checks"]["journal"]


def test_a_program_that_stops_is_not_ready_and_is_alive(service):
    from starlette.testclient import TestClient

    stopping = Stopping(leave=lambda _code: None)
    with TestClient(build(service, stopping=stopping), **HERE) as client:
        assert client.get("/ready").status_code == 200
        stopping.begin()
        found = client.get("/ready")
        assert (found.status_code, found.json()) == (503, {"status": "not_ready", "waits_for": "The server is stopping."})
        assert client.get("/health").json() == {"status": "ok"}


def test_health_touches_nothing(service, connect, monkeypatch):
    client = connect(service)
    with monkeypatch.context() as broken:
        for name in ("journal", "work", "api_keys"):
            broken.setattr(service.memory, name, None)
        broken.setattr(service, "models", None)
        assert client.get("/health").json() == {"status": "ok"}


def test_the_numbers_of_replies_calls_and_searches(serve, connect):
    chat = ScriptedChat({"reasoning": answer("Hello!"), "semantic": NOTHING})
    service = serve(chat)
    client = connect(service)
    list(service.stream("ada", "Hi"))
    chat.script["reasoning"] = ModelUnavailable("No model server answers.")
    with pytest.raises(ModelUnavailable):
        list(service.stream("ada", "Hi again"))
    memory = service.memory.counts
    memory.hit()
    memory.searched("chroma")
    memory.lost_lease()
    memory.cache_bytes, memory.purges_waiting = lambda: 7_000, lambda: 3
    found = counts(client.get("/metrics"))
    assert found['persona_replies_total{outcome="answered"}'] == 1
    assert found['persona_replies_total{outcome="failed"}'] == 1
    assert found['persona_replies_total{outcome="stopped"}'] == 0
    assert found["persona_first_word_seconds_count"] == found["persona_own_first_word_seconds_count"] == 1
    assert found["persona_reply_seconds_count"] == 2
    assert found["persona_replies_in_progress"] == 0
    assert found['persona_searches_total{source="chroma"}'] == 1
    assert (found["persona_index_cache_hits_total"], found["persona_index_cache_misses_total"]) == (1, 0)
    assert (found["persona_index_cache_bytes"], found["persona_purges_waiting"], found["persona_leases_lost_total"]) == (
        7_000,
        3,
        1,
    )
    assert found['persona_model_errors_total{kind="refused"}'] == 0
    assert found["process_resident_memory_bytes"] > 0


def test_every_count_is_there_from_the_start_and_none_says_when_it_began(service, connect):
    from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

    client = connect(service)
    found = counts(client.get("/metrics"))
    labelled = {
        "persona_replies_total": ("outcome", ("answered", "stopped", "failed")),
        "persona_searches_total": ("source", ("index", "chroma")),
        "persona_model_errors_total": ("kind", ("unavailable", "refused", "broke_off", "missing")),
    }
    for name, (label, values) in labelled.items():
        assert [found[f'{name}{{{label}="{value}"}}'] for value in values] == [0] * len(values)
        assert sum(one.startswith(name) for one in found) == len(values)
    for accept in ("text/plain", CONTENT_TYPE_LATEST):
        told = client.get("/metrics", headers={"accept": accept}).text
        assert "persona_reply_seconds_count" in told
        assert "_created" not in told


def test_no_number_names_a_person(service, connect):
    client = connect(service)
    list(service.stream("zorrilla", "I grow quagmirewort."))
    service.wait()
    text = client.get("/metrics").text
    assert "persona_replies_total" in text
    assert "zorrilla" not in text
    assert "quagmirewort" not in text


def test_two_servers_over_one_service_count_apart_from_the_process_s_own_registry(service, connect):
    from prometheus_client import REGISTRY

    for client in (connect(service), connect(service)):
        assert "persona_users" in counts(client.get("/metrics"))
    assert not any(family.name.startswith("persona_") for family in REGISTRY.collect())


def test_a_program_that_serves_nobody_answers_monitors_alone_and_by_the_same_rules(service):
    from starlette.testclient import TestClient

    from app.api.monitoring import alone

    with TestClient(alone(service, host="127.0.0.1"), **HERE) as client:
        assert client.get("/ready").json()["status"] == "ready"
        assert "persona_users" in counts(client.get("/metrics"))
        assert client.get("/api/v1/me").status_code == 404
    away = {**HERE, "base_url": "http://10.0.0.7:8601", "client": ("10.0.0.9", 50_000)}
    with TestClient(alone(service, host="0.0.0.0"), **away) as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/metrics").status_code == 401
