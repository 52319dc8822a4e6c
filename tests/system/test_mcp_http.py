"""MCP over streamable HTTP: the official client, with both protocols, against a real server; keys, sessions and their limits."""

from __future__ import annotations

import json
import queue
import threading
import time
from functools import partial

import anyio
import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult

from app.api import server as api
from app.api.mcp import routes
from tests.fakes import ScriptedChat, fact

pytestmark = pytest.mark.api

MODES = ("auto", "legacy")
ILL = "I have been diagnosed with diabetes."
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
OLD = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


@pytest.fixture
def service(serve):
    return serve(ScriptedChat({"semantic": fact("The user plays the cello.", "cello")}), work=True)


@pytest.fixture
def url(service, monkeypatch):
    parts = api._parts()
    monkeypatch.setattr(api, "_parts", lambda: parts if routes in parts else [*parts, routes])
    config = uvicorn.Config(api.build(service), host="127.0.0.1", port=0, log_level="critical", lifespan="on", ws="none")
    ready: queue.SimpleQueue[str] = queue.SimpleQueue()
    running = api.ApiServer(config, service, ready.put)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield f"{ready.get(timeout=30)}/mcp"
    running.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


def talk(url, what, *, key="", mode="auto", answers=None):
    """Let a person use a client: `what(client)` is awaited."""

    async def form(_context, _params):
        return ElicitResult(action="accept", content={"remember": answers})

    async def go():
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
            wire = streamable_http_client(url, http_client=http)
            async with Client(wire, mode=mode, elicitation_callback=None if answers is None else form) as client:
                return await what(client)

    return anyio.run(go)


async def _call(name, arguments, client):
    found = await client.call_tool(name, arguments)
    assert not found.is_error, found.content
    return found.structured_content


def call(url, name, *, key="", mode="auto", answers=None, **arguments):
    return talk(url, partial(_call, name, arguments), key=key, mode=mode, answers=answers)


def post(url, key, method, params=None, *, session="", version="", number=1):
    """Send one request by hand."""
    headers = HEADERS | ({"Authorization": f"Bearer {key}"} if key else {}) | ({"Mcp-Session-Id": session} if session else {})
    headers |= {"MCP-Protocol-Version": version} if version else {}
    body = {"jsonrpc": "2.0", "method": method, "params": params or {}} | ({"id": number} if number else {})
    return httpx.post(url, json=body, headers=headers, timeout=30, trust_env=False)


def opened(url, key, version="2025-11-25"):
    """Begin a session by hand and return its id."""
    who = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "hand", "version": "1"}}
    begun = post(url, key, "initialize", who)
    assert begun.status_code == 200, begun.text
    assert f'"protocolVersion":"{version}"' in begun.text
    session = begun.headers["mcp-session-id"]
    assert post(url, key, "notifications/initialized", session=session, version=version, number=None).status_code == 202
    return session


@pytest.fixture
def keys(service):
    return {who: service.memory.api_keys.create(who) for who in ("ada", "bob")}


@pytest.mark.parametrize("mode", MODES)
def test_what_one_key_remembers_no_other_recalls(url, keys, mode):
    ada, bob = (keys[who][1] for who in ("ada", "bob"))

    async def begin(client):
        assert client.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[mode]
        assert client.server_info.name == "persona"
        found = await client.call_tool("remember", {"text": "I play the cello."})
        again = await client.call_tool("recall", {"query": "cello"})
        return found.structured_content, again.structured_content

    saved, found = talk(url, begin, key=ada, mode=mode)
    assert [one["id"] for one in found["memories"]] == [saved["id"]]
    assert call(url, "recall", key=bob, mode=mode, query="cello")["said"] == "Nothing found."
    # A person named in the address does not count beside a key.
    assert call(f"{url}?user=ada", "recall", key=bob, mode=mode, query="cello")["said"] == "Nothing found."

    async def steal(client):
        return [await client.call_tool(tool, {"id": saved["id"]}) for tool in ("forget", "undo")]

    assert all(one.is_error for one in talk(url, steal, key=bob, mode=mode))
    assert call(url, "recall", key=ada, mode=mode, query="cello")["memories"]


@pytest.mark.parametrize("mode", MODES)
def test_without_keys_the_address_names_the_person_on_this_machine(url, service, mode):
    call(f"{url}?user=carl", "remember", mode=mode, text="I play the cello.")
    call(url, "remember", mode=mode, text="I have a dog.")
    assert [turn.text for turn in service.memory.journal.turns("carl")] == ["I play the cello."]
    assert [turn.text for turn in service.memory.journal.turns("me")] == ["I have a dog."]


@pytest.mark.parametrize("mode", MODES)
def test_the_form_reaches_old_and_new_clients_over_http(url, service, keys, mode):
    service.memory.consent.choose("ada", "each")
    ada = keys["ada"][1]
    assert call(url, "remember", key=ada, mode=mode, answers=False, text=ILL)["state"] == "not_saved"
    assert service.memory.journal.turns("ada") == []
    assert call(url, "remember", key=ada, mode=mode, answers=True, text=ILL)["state"] == "remembered"
    assert call(url, "remember", key=ada, mode=mode, text=ILL)["state"] == "pending_approval"
    assert len(service.memory.approvals.waiting("ada")) == 1


@pytest.mark.parametrize("mode", MODES)
def test_background_work_follows(url, service, keys, mode):
    call(url, "remember", key=keys["ada"][1], mode=mode, text="I play the cello.")
    until = time.monotonic() + 20
    while not (found := call(url, "timeline", key=keys["ada"][1], mode=mode)["memories"]) and time.monotonic() < until:
        time.sleep(0.1)
    assert [one["text"] for one in found] == ["The user plays the cello."]


@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS"])
def test_every_request_needs_a_valid_key(url, service, keys, verb):
    gone, secret = service.memory.api_keys.create("ada")
    service.memory.api_keys.revoke(gone.id)
    for key in ("", "wrong", secret, keys["ada"][0].id):
        headers = HEADERS | ({"Authorization": f"Bearer {key}"} if key else {})
        found = httpx.request(verb, url, headers=headers, content=b"{}", trust_env=False)
        assert found.status_code == 401
        assert found.headers["www-authenticate"] == "Bearer"
        assert verb == "HEAD" or found.json()["error"]["code"] == "not_allowed"


@pytest.mark.parametrize("version", OLD)
def test_a_session_belongs_to_the_key_that_opened_it(url, service, keys, version):
    ada, bob = (keys[who][1] for who in ("ada", "bob"))
    other = service.memory.api_keys.create("ada")[1]
    session = opened(url, ada, version)
    asked = {"name": "recall", "arguments": {"query": "cello"}}
    for key in (bob, other):
        found = post(url, key, "tools/call", asked, session=session, version=version)
        assert (found.status_code, "Session not found" in found.text) == (404, True)
        ended = httpx.delete(url, headers={"Authorization": f"Bearer {key}", "Mcp-Session-Id": session}, trust_env=False)
        assert ended.status_code == 404
    assert post(url, "", "tools/call", asked, session=session, version=version).status_code == 401
    mine = post(url, ada, "tools/call", asked, session=session, version=version)
    assert mine.status_code == 200
    assert "Nothing found." in mine.text
    service.memory.api_keys.revoke(keys["ada"][0].id)
    assert post(url, ada, "tools/call", asked, session=session, version=version).status_code == 401


def test_without_keys_a_session_belongs_to_its_person(url):
    session = opened(f"{url}?user=carl", "")
    assert post(f"{url}?user=carl", "", "tools/list", session=session).status_code == 200
    assert post(f"{url}?user=dora", "", "tools/list", session=session).status_code == 404


def test_an_answer_to_anothers_form_counts_for_nothing(url, service, keys):
    for who in ("ada", "bob"):
        service.memory.consent.choose(who, "each")
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        "io.modelcontextprotocol/clientInfo": {"name": "hand", "version": "1"},
    }

    def remember(who, **more):
        params = {"name": "remember", "arguments": {"text": ILL}, "_meta": meta, **more}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        named = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "remember"}
        headers = HEADERS | named | {"Authorization": f"Bearer {keys[who][1]}"}
        return httpx.post(url, json=body, headers=headers, timeout=30, trust_env=False).json()

    asked = remember("ada")["result"]
    assert asked["resultType"] == "input_required"
    [question] = asked["inputRequests"]
    # The state is sealed: the client cannot read it.
    assert ILL not in asked["requestState"]
    said = {question: {"action": "accept", "content": {"remember": True}}}
    stolen = remember("bob", inputResponses=said, requestState=asked["requestState"])
    assert "Invalid or expired requestState" in json.dumps(stolen)
    assert service.memory.journal.turns("bob") == []
    done = remember("ada", inputResponses=said, requestState=asked["requestState"])["result"]
    assert done["structuredContent"]["state"] == "remembered"


def test_a_key_that_opens_many_sessions_ends_its_own_oldest(url, keys):
    ada, bob = (keys[who][1] for who in ("ada", "bob"))
    his, first = opened(url, bob), opened(url, ada)
    second, *_, last = (opened(url, ada) for _ in range(50))
    found = {one: post(url, ada, "tools/list", session=one).status_code for one in (first, second, last)}
    assert found == {first: 404, second: 200, last: 200}
    assert post(url, bob, "tools/list", session=his).status_code == 200


def test_no_stream_stays_open(url, keys):
    ada = keys["ada"][1]
    session = opened(url, ada)
    headers = {"Authorization": f"Bearer {ada}", "Accept": "text/event-stream", "Mcp-Session-Id": session}
    found = httpx.get(url, headers=headers, trust_env=False)
    assert (found.status_code, found.headers["allow"]) == (405, "POST, DELETE")


def test_pages_of_other_sites_and_other_names_are_refused(url, keys):
    headers = HEADERS | {"Authorization": f"Bearer {keys['ada'][1]}"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    for more, status in (({"Host": "evil.example"}, 421), ({"Origin": "https://evil.example"}, 403)):
        assert httpx.post(url, json=body, headers=headers | more, trust_env=False).status_code == status


def test_a_large_body_is_refused(url, keys):
    headers = HEADERS | {"Authorization": f"Bearer {keys['ada'][1]}"}
    found = httpx.post(url, content=b" " * 2_000_000, headers=headers, trust_env=False, timeout=30)
    assert found.status_code == 413


def test_many_people_at_once_each_see_their_own(url, service):
    people = {f"person{number}": service.memory.api_keys.create(f"person{number}")[1] for number in range(8)}
    found = {}

    def use(who, key, mode):
        call(url, "remember", key=key, mode=mode, text=f"I play the cello, says {who}.")
        found[who] = [one["text"] for one in call(url, "recall", key=key, mode=mode, query="cello")["memories"]]

    threads = [
        threading.Thread(target=use, args=(who, key, MODES[number % 2])) for number, (who, key) in enumerate(people.items())
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert found == {who: [f"The person said: I play the cello, says {who}."] for who in people}
