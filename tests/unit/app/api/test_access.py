"""Who may use the server: keys, this machine alone without one, front ends with several users, hosts, origins and limits."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.api.addresses import is_local
from app.api.failures import body
from app.api.guard import Guard, Limits
from app.api.server import build, run
from app.cli import app as cli
from app.settings import Settings
from memory.core.errors import FolderInUse, InvalidInput, NotFound
from memory.storage.folder_lock import FolderLock
from tests.fakes import NOTHING, ScriptedChat, answer

pytestmark = pytest.mark.api
URL = "/v1/chat/completions"
HI = {"messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def service(serve):
    return serve(ScriptedChat({"reasoning": answer("Hello!"), "semantic": NOTHING}))


def bearer(secret, **more):
    return {"authorization": f"Bearer {secret}", **more}


def test_a_key_decides_whose_memory_is_used_whatever_the_request_names(service, connect):
    client = connect(service)
    _, secret = service.memory.api_keys.create("ada")
    found = client.post(f"{URL}?user=bob", json={**HI, "user": "bob"}, headers=bearer(secret, **{"x-openwebui-user-id": "u1"}))
    assert found.status_code == 200
    assert [one["id"] for one in service.memory.journal.users()] == ["ada"]


def test_a_key_that_trusts_its_front_end_maps_each_user_to_a_person(service, connect):
    client = connect(service)
    _, secret = service.memory.api_keys.create("home", trusts_headers=True)
    for name in ("u1", "Jos%C3%A9", "u1"):
        assert client.post(URL, json=HI, headers=bearer(secret, **{"x-openwebui-user-id": name})).status_code == 200
    assert {one["id"] for one in service.memory.journal.users()} == {"home/u1", "home/José"}


@pytest.mark.parametrize("more", [{}, {"x-openwebui-user-id": ""}, {"x-openwebui-user-id": "%20"}])
def test_a_front_end_that_names_no_user_is_told_how_to_and_can_be_set_up(service, connect, more):
    client = connect(service)
    _, secret = service.memory.api_keys.create("home", trusts_headers=True)
    headers = bearer(secret, **more)
    for found in (
        client.post(URL, json=HI, headers=headers),
        client.get("/api/v1/memories", headers=headers),
        client.post("/mcp", json={}, headers=headers),
        client.get("/metrics", headers=headers),
    ):
        assert (found.status_code, found.json()["error"]["code"]) == (400, "user_missing")
        assert "no header X-OpenWebUI-User-Id" in found.json()["error"]["message"]
        assert "ENABLE_FORWARD_USER_INFO_HEADERS=true" in found.json()["error"]["message"]
    assert service.memory.journal.users() == []
    # Nobody is logged in when a connection is set up.
    for path in ("/v1/models", "/v1/models/persona"):
        assert client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer persona-", "bearer  x"])
def test_with_keys_on_the_machine_nobody_comes_in_without_one(service, connect, authorization):
    client = connect(service)
    key, secret = service.memory.api_keys.create("ada")
    assert client.post(URL, json=HI, headers=bearer(secret)).status_code == 200
    found = client.post(URL, json=HI, headers={"authorization": authorization})
    assert (found.status_code, found.json()["error"]["code"]) == (401, "not_allowed")
    service.memory.api_keys.revoke(key.id)
    for headers in (bearer(secret), {"authorization": authorization}):
        assert client.post(URL, json=HI, headers=headers).status_code == 401
    _, other = service.memory.api_keys.create("bob")
    assert client.get("/v1/models", headers=bearer(other)).status_code == 200


def test_without_a_key_only_this_machine_may_connect(service, connect):
    client = connect(service, client=("192.0.2.7", 50_000))
    assert client.post(URL, json=HI).status_code == 401
    assert service.memory.journal.users() == []


@pytest.mark.parametrize("options", [("--host", "0.0.0.0"), ("--host", " "), ("--metrics-key", "none")])
def test_options_that_cannot_be_meant_are_refused_before_anything_works(options, monkeypatch):
    opened = []
    monkeypatch.setattr("app.service.PersonaService.from_settings", lambda *_, **__: opened.append(True))
    found = CliRunner().invoke(cli, ["api", "--port", "0", *options])
    assert (type(found.exception), opened) == (InvalidInput, [])


def test_a_folder_that_is_in_use_is_not_touched_by_a_program_that_will_not_get_it():
    settings = Settings()
    lock = FolderLock(settings.data_dir)
    found = CliRunner().invoke(cli, ["api", "--port", "0"])
    lock.release()
    assert isinstance(found.exception, FolderInUse)
    assert not (settings.data_dir / "journal.db").exists()


def test_another_address_needs_a_key_before_it_is_listened_on(service):
    for host in ("0.0.0.0", "192.0.2.1", "::"):
        with pytest.raises(InvalidInput, match="there is no key"):
            run(service, host=host, port=0, limits=Limits(), on_ready=lambda _url: None)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8600"}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "[::1]:8600"}, 200),
        ({"host": "evil.example:8600"}, 421),
        ({"host": ""}, 421),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example", "origin": "http://evil.example"}, 421),
    ],
)
def test_a_page_of_another_site_cannot_use_it(service, connect, headers, status):
    assert connect(service).get("/v1/models", headers=headers).status_code == status


def test_bodies_callers_and_requests_at_once_have_limits(service, connect):
    client = connect(service, limits=Limits(body_bytes=1_000, per_minute=5))
    found = client.post(URL, content=b"x" * 2_000, headers={"content-type": "application/json"})
    assert (found.status_code, found.json()["error"]["code"]) == (413, "too_large")

    def parts():
        for _ in range(20):
            yield b"x" * 100

    assert client.post(URL, content=parts(), headers={"content-type": "application/json"}).status_code == 413
    for _ in range(3):
        assert client.get("/v1/models").status_code == 200
    found = client.get("/v1/models")
    assert (found.status_code, found.json()["error"]["code"]) == (429, "rate_limit")
    assert int(found.headers["retry-after"]) > 0
    assert client.get("/health").json() == {"status": "ok"}
    assert connect(service, limits=Limits(at_once=0)).get("/v1/models").status_code == 503


@pytest.mark.parametrize("path", ["/v1/models", "/docs"])
def test_without_a_valid_key_requests_count_for_their_address_whatever_they_send(service, connect, path):
    client = connect(service, limits=Limits(per_minute=4))
    _, secret = service.memory.api_keys.create("ada")
    allowed = 401 if path == "/v1/models" else 200
    sent = ["Bearer one", "Bearer two", "", "Basic three", "Bearer four", "five"]
    found = [client.get(path, headers={"authorization": one}).status_code for one in sent]
    assert found == [allowed] * 4 + [429] * 2
    # A valid key has a count of its own, at the same address too.
    assert client.get("/v1/models", headers=bearer(secret)).status_code == 200


def test_a_key_has_one_count_however_it_is_written_and_wherever_it_comes_from(service, connect):
    limits = Limits(per_minute=4)
    client = connect(service, limits=limits)
    _, secret = service.memory.api_keys.create("ada")
    written = [f"Bearer {secret}", f"bearer {secret}", f"BEARER  {secret}", f"Bearer {secret} ", f"Bearer   {secret}"]
    assert [client.get("/v1/models", headers={"authorization": one}).status_code for one in written] == [200] * 4 + [429]
    _, other = service.memory.api_keys.create("ada")
    assert client.get("/v1/models", headers=bearer(other)).status_code == 200


def test_people_that_requests_name_without_a_key_share_the_count_of_their_address(service, connect):
    client = connect(service, limits=Limits(per_minute=2))
    assert [client.get(f"/v1/models?user=u{one}").status_code for one in range(3)] == [200, 200, 429]


def test_a_key_is_looked_up_once_for_each_request(service, connect, monkeypatch):
    client = connect(service)
    _, secret = service.memory.api_keys.create("ada")
    keys, asked = service.memory.api_keys, []
    find = keys.find
    monkeypatch.setattr(keys, "find", lambda found: asked.append(found) or find(found))
    for path in ("/v1/models", "/api/v1/memories", "/metrics"):
        assert client.get(path, headers=bearer(secret)).status_code == 200
    assert client.post(URL, json=HI, headers=bearer(secret)).status_code == 200
    assert asked == [secret] * 4


def test_a_route_that_the_guard_does_not_protect_lets_nobody_in(service):
    app = build(service)
    app.user_middleware.clear()
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/v1/models").status_code == 500


def test_an_unknown_route_and_a_body_that_is_no_json_are_plain_errors(service, connect):
    client = connect(service)
    assert client.get("/v1/nothing").json()["error"]["message"].startswith("There is no such route.")
    found = client.post(URL, content=b"{", headers={"content-type": "application/json"})
    assert (found.status_code, found.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"), (404, "invalid_request_error"),
        (405, "invalid_request_error"), (408, "invalid_request_error"), (409, "invalid_request_error"),
        (413, "invalid_request_error"), (421, "invalid_request_error"), (429, "rate_limit_error"), (500, "server_error"),
        (502, "server_error"), (503, "service_unavailable_error"),
    ],
)  # fmt: skip
def test_the_type_of_an_error_is_openais_for_its_status(status, kind):
    assert body("/v1/models", status, "code", "Why.")["error"]["type"] == kind
    assert "type" not in body("/api/v1/me", status, "code", "Why.")["error"]


def test_refusals_before_and_after_the_guard_have_the_type_of_their_status(service, connect):
    client = connect(service)
    for found, status, kind in (
        (client.get("/v1/models", headers={"origin": "https://evil.example"}), 403, "permission_error"),
        (client.get("/v1/models", headers={"host": "evil.example"}), 421, "invalid_request_error"),
        (client.delete("/v1/models"), 405, "invalid_request_error"),
        (connect(service, limits=Limits(at_once=0)).get("/v1/models"), 503, "service_unavailable_error"),
    ):
        assert (found.status_code, found.json()["error"]["type"]) == (status, kind)


@pytest.mark.parametrize("host", ["", " "])
def test_an_empty_address_is_named(service, host):
    with pytest.raises(InvalidInput, match="The address to listen on is empty"):
        run(service, host=host, port=0, limits=Limits(), on_ready=lambda _url: None)


def test_secrets_are_shown_once_and_stored_as_digests(service, tmp_path):
    keys = service.memory.api_keys
    made, secret = keys.create("ada")
    assert secret not in repr(keys.list())
    assert all(secret.encode() not in path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert keys.find(secret) == made
    assert keys.list("bob") == []
    assert keys.revoke(made.id).revoked is not None
    assert keys.find(secret) is None
    with pytest.raises(NotFound, match="persona key list"):
        keys.revoke("nothing")


def test_a_deleted_person_has_no_keys(service):
    _, secret = service.memory.api_keys.create("ada")
    service.memory.receive("ada", "Hi")
    service.memory.delete_user("ada")
    assert service.memory.api_keys.find(secret) is None


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("a.localhost", True),
     ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.evil.example", False),
     ("", False), ("127.0.0.1.evil.example", False)],
)  # fmt: skip
def test_what_is_this_machine(host, local):
    assert is_local(host) is local


def test_a_writer_that_stops_in_the_midst_of_a_body_is_told_so():
    sent = []

    async def app(_scope, receive, _send):
        while (await receive()).get("more_body"):
            pass

    async def run():
        first = iter([{"type": "http.request", "body": b"{", "more_body": True}])
        never = asyncio.Event()

        async def receive():
            for message in first:
                return message
            await never.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        guard = Guard(app, Limits(slow_s=0), "127.0.0.1", lambda _headers, _peer, _path: None)
        scope = {"type": "http", "path": URL, "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1)}
        await guard(scope, receive, send)

    asyncio.run(run())
    assert sent[0]["status"] == 408
    assert b"too_slow" in sent[1]["body"]
