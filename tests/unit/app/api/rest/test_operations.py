"""Each operation does what the page does with memory, for the person who asks."""

from __future__ import annotations

import base64
import io
import re
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import fastapi.applications
import pytest

from memory.core.errors import ModelUnavailable
from tests.fakes import ScriptedChat, answer
from tests.unit.app.api.rest.conftest import API, Caller, picture

pytestmark = pytest.mark.api


def test_every_operation_of_a_life(service, client, live, ada):
    called = set()
    client.event_hooks["request"].append(lambda request: called.add((request.method, request.url.path)))
    has = live("ada")
    memories(ada, has)
    forgetting(ada, has)
    messages(ada, service)
    photos(ada, has)
    profile_and_personality(ada)
    consent_and_work(ada, client)
    histories(ada)
    an_end_and_a_beginning(ada)
    patterns = {
        (method.upper(), operation["operationId"]): re.compile(re.sub(r"{\w+}", "[^/]+", path))
        for path, operations in client.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if path.startswith(API)
    }
    missed = [
        name for (method, name), path in patterns.items() if not any(m == method and path.fullmatch(p) for m, p in called)
    ]
    assert missed == []


def histories(ada):
    line, query = b'{"time": "2025-03-01T09:00Z", "user": "I keep a heron.", "assistant": "Noted."}', {"user": ada.user}
    assert ada.client.post(f"{API}/imports/preview", content=line, params=query).json()["messages"] == 2
    done = ada.client.post(f"{API}/imports", content=line, params=query).json()
    assert [one["id"] for one in ada("GET", "/imports")["items"]] == [done["id"]]
    assert ada("GET", f"/imports/{done['id']}")["added"] == 1
    assert [ada("POST", f"/imports/{done['id']}/{step}")["paused"] for step in ("pause", "resume")] == [True, False]
    assert ada("DELETE", f"/imports/{done['id']}")["messages"] == 1


def memories(ada, has):
    ahead = ada("GET", "/upcoming", days=3, zone="Europe/Berlin")["items"]
    assert [(one["hour"], one["text"]) for one in ahead] == [("19:00", "My quartet meets tomorrow at 19:00.")]
    listed = ada("GET", "/memories")
    assert listed["total"] == len(listed["items"]) == 3
    assert {one["kind"] for one in listed["items"]} == {"semantic", "photo", "core"}
    assert {one["id"] for one in ada("GET", "/memories", kind=["photo", "core"])["items"]} == {has["seen"], has["line"]}
    day = listed["items"][0]["time"][:10]
    assert ada("GET", "/memories", since=day, until=day)["total"] == 3
    assert ada("GET", "/memories", until="2001-01-01")["total"] == 0
    assert [one["id"] for one in ada("GET", "/memories", turn=has["turn"])["items"]] == [has["fact"]]
    found = ada("GET", "/memories/search", text="cello")
    assert found["items"][0]["id"] == has["fact"]
    assert found["total"] == len(found["items"])
    assert ada("GET", "/memories/search", text="Rex", kind="photo")["items"][0]["photo_id"] == has["photo"]
    both = ada("GET", "/memories/search", text="cello Rex Oslo", kind=["core", "photo"], since=day)["items"]
    assert {one["kind"] for one in both} == {"core", "photo"}
    assert ada("GET", "/memories/search", text="cello", until="2001-01-01")["total"] == 0
    assert len(ada("GET", "/memories/search", text="cello Rex Oslo", kind=["core", "photo"], limit=1)["items"]) == 1
    known = ada("GET", f"/memories/{has['fact']}")
    assert (known["text"], known["turn_id"], known["keywords"]) == ("The user owns a cello.", has["turn"], ["cello"])
    edited = ada("PATCH", f"/memories/{has['fact']}", {"text": "The user owns a viola."})
    assert (edited["text"], edited["edited"]) == ("The user owns a viola.", True)
    assert ada("GET", "/memories/search", text="viola")["items"][0]["id"] == has["fact"]
    over = ada("POST", f"/memories/{has['fact']}/outdate")
    assert over["memory"]["superseded_by"] == has["fact"]
    assert over["memory"]["valid_until"]
    back = ada("POST", f"/memories/{has['fact']}/undo")
    assert back["memory"]["valid_until"] is None
    assert ada("POST", f"/memories/{has['line']}/outdate") == {"id": has["line"], "memory": None}
    assert ada("POST", f"/memories/{has['line']}/undo")["memory"]["text"] == "Oslo"
    [pending] = ada("GET", "/memories/pending")["items"]
    assert (pending["id"], pending["topic"]) == (has["pending"], "health")
    assert ada("POST", f"/memories/{has['pending']}/approve") == {"turn_id": has["pending"]}
    assert ada("GET", "/memories/pending")["total"] == 0
    secret = ada("POST", "/turns", {"text": "I have had asthma since I was a child."})
    assert secret["pending_approval"] == "health"
    assert ada("POST", f"/memories/{secret['id']}/reject")["kind"] == "turn"
    assert ada("GET", "/memories/pending")["total"] == 0


def forgetting(ada, has):
    done = ada("DELETE", f"/memories/{has['fact']}")
    assert (done["id"], done["kind"], done["receipt"]) == (has["fact"], "semantic", None)
    assert done["counts"]["memories"] == 1
    assert ada.fails(404, "GET", f"/memories/{has['fact']}")
    listed = ada("GET", "/memories/forgotten")
    assert listed["items"][0]["id"] == has["fact"]
    assert ada("POST", f"/memories/{has['fact']}/undo")["memory"]["id"] == has["fact"]
    assert ada("DELETE", f"/memories/{has['fact']}", also=[has["line"]])["counts"]["memories"] == 2
    ada("POST", f"/memories/{has['fact']}/undo")
    gone = ada("DELETE", f"/memories/{has['fact']}", now=True, personality_too=True)
    assert gone["receipt"]["clean"]
    assert [one["subject"] for one in ada("GET", "/receipts")["items"]] == [has["fact"]]
    assert ada.fails(404, "POST", f"/memories/{has['fact']}/undo")


def messages(ada, service):
    sent = ada("POST", "/turns", {"text": "What did I say?", "zone": "Europe/Berlin"})
    assert (sent["state"], sent["reply"], sent["recorded"]) == ("answered", "Hello!", True)
    assert sent["time"].endswith(("+01:00", "+02:00"))
    assert sent["trace"]["steps"][-1]["action"] == "answer"
    assert sent["trace"]["usage"]["calls"] == 1
    assert ada("GET", f"/turns/{sent['id']}") == sent
    listed = ada("GET", "/turns")
    assert (listed["items"][0]["id"], listed["items"][0]["trace"]) == (sent["id"], None)
    again = ada("POST", f"/turns/{sent['id']}/again")
    assert again["id"] != sent["id"]
    assert ada("POST", f"/turns/{again['id']}/stop")["stopped"] is False
    ada.fails(404, "GET", f"/turns/{sent['id']}")
    [talk] = ada("GET", "/conversations")["items"]
    assert talk["turns"] == ada("GET", "/turns", session=talk["session"])["total"] == listed["total"]
    assert ada("DELETE", f"/turns/{again['id']}")["kind"] == "turn"
    assert ada("POST", f"/memories/{again['id']}/undo") == {"id": again["id"], "memory": None}
    asked = ada("POST", "/turns", {"text": "Forget that this is Rex."})
    assert asked["trace"]["forget"]["state"] == "open"
    assert asked["trace"]["forget"]["guessed"] is False
    kept = ada("POST", f"/turns/{asked['id']}/offer", {"forget": False})
    assert kept["undo_id"] is None
    assert "no open offer" in ada.fails(400, "POST", f"/turns/{asked['id']}/offer", {"forget": True})
    asked = ada("POST", "/turns", {"text": "Forget that this is Rex."})
    done = ada("POST", f"/turns/{asked['id']}/offer", {"forget": True})
    assert done["undo_id"] == asked["id"]
    assert ada("GET", "/memories/search", text="Rex", kind="photo")["total"] == 0
    ada("POST", f"/memories/{done['undo_id']}/undo")
    assert ada("GET", "/memories/search", text="Rex", kind="photo")["total"] == 1


def photos(ada, has):
    [shown] = ada("GET", "/photos")["items"]
    assert (shown["id"], shown["media_type"], shown["width"], shown["height"]) == (has["photo"], "image/png", 40, 30)
    assert [(one["text"], one["category"], one["box"]) for one in shown["seen"]] == [("Rex", "dog", [0.1, 0.1, 0.5, 0.5])]
    assert ada("GET", f"/photos/{has['photo']}") == shown
    assert ada("GET", "/photos", order="name")["items"] == [shown]
    assert ada.give("/photos/search", picture(), "image/png").json()["items"] == [shown]
    for what, kind in (("original", "image/png"), ("small", "image/jpeg")):
        found = ada.send("GET", f"/photos/{has['photo']}/{what}")
        assert (found.status_code, found.headers["content-type"]) == (200, kind)
        assert found.headers["cache-control"] == "private, no-store"
        assert found.headers["x-content-type-options"] == "nosniff"
    assert ada("DELETE", f"/photos/{has['photo']}")["kind"] == "photo"
    for path in ("", "/original", "/small"):
        # Its files are still there until the purge.
        assert ada.fails(404, "GET", f"/photos/{has['photo']}{path}") == f"There is no picture {has['photo'][:12]!r}."
    assert ada("GET", "/photos")["total"] == 0
    ada("POST", f"/memories/{has['photo']}/undo")
    assert ada("GET", "/photos")["total"] == 1


def profile_and_personality(ada):
    ada("PUT", "/profile", {"key": " My  Name ", "value": "Ada"})
    ada("PUT", "/profile", {"key": "name", "value": "Ada"})
    lines = ada("GET", "/profile")["items"]
    assert lines[0]["key"] == "name"
    assert {"my name", "home"} < {line["key"] for line in lines}
    now = ada("GET", "/personality")
    assert [one["score"] for one in now["traits"]] == [None] * 5
    assert ada("PUT", "/personality/openness", {"score": 4.5})["pinned"] == ["openness"]
    first = ada("GET", "/personality")["traits"][0]
    assert (first["trait"], first["score"], first["pinned"]) == ("openness", 4.5, True)
    assert ada("DELETE", "/personality/openness")["pinned"] == []
    assert ada("POST", "/personality/reset")["cause"] == "reset"
    history = ada("GET", "/personality/history")
    assert [one["cause"] for one in history["items"]][-3:] == ["pin", "pin", "reset"]
    assert history["total"] == len(history["items"])


def consent_and_work(ada, client):
    assert ada("GET", "/me")["user"] == "ada"
    before = ada("GET", "/consent")
    assert (before["training"], before["sensitive_chosen"]) == (None, True)
    now = ada("PATCH", "/consent", {"training": True, "sensitive": "never-keep", "reminders": False})
    assert (now["training"], now["sensitive"], now["reminders"]) == (True, "never-keep", False)
    assert ada("GET", "/consent") == now
    left = ada("GET", "/backlog")
    assert left["messages"] > 0
    assert left["message"].endswith("remembered soon.")
    assert ada("POST", "/backlog/retry") == {"steps": 0}
    found = ada.send("GET", "/export")
    assert found.headers["content-type"] == "application/zip"
    assert found.headers["content-disposition"].startswith('attachment; filename="ada-')
    names = zipfile.ZipFile(io.BytesIO(found.content)).namelist()
    assert any("turns" in name for name in names)


def an_end_and_a_beginning(ada):
    archive = ada.send("GET", "/export").content
    assert ada("DELETE", "/me", name="ada")["clean"]
    assert ada.give("/import", archive, "application/zip").json()["user"] == "ada"
    assert "you are 'ada'" in ada.fails(400, "POST", "/example")


def test_an_export_leaves_no_file_behind(ada, live, tmp_path, monkeypatch):
    live("ada")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    assert zipfile.ZipFile(io.BytesIO(ada.send("GET", "/export").content)).testzip() is None
    assert list((tmp_path / "tmp").iterdir()) == []
    assert "There is no user 'bob'" in Caller(ada.client, "bob").fails(404, "GET", "/export")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_off_the_record_nothing_is_written_and_its_picture_cannot_be_fetched(service, client, tmp_path):
    eve = Caller(client, "eve")
    sent = eve("POST", "/turns", {"text": "Hi", "pictures": [base64.b64encode(picture()).decode()], "off_the_record": True})
    assert (sent["recorded"], sent["session"], sent["reply"]) == (False, None, "Hello!")
    assert service.memory.journal.users() == []
    assert eve("GET", "/turns")["total"] == 0
    eve.fails(404, "GET", f"/turns/{sent['id']}")
    eve.fails(404, "GET", f"/photos/{sent['photo_ids'][0]}/original")


def test_a_reply_that_fails_leaves_the_message_which_can_be_answered_again(serve, connect):
    service = serve(ScriptedChat({"reasoning": [ModelUnavailable("The model server is down. Start it."), answer("Here.")]}))
    ada = Caller(connect(service), "ada")
    assert ada.fails(503, "POST", "/turns", {"text": "Hi"}) == "The model server is down. Start it."
    [kept] = ada("GET", "/turns")["items"]
    assert (kept["state"], kept["text"], kept["error"]) == ("failed", "Hi", "The model server is down. Start it.")
    assert ada("POST", f"/turns/{kept['id']}/again")["reply"] == "Here."


def test_instructions_and_scores_are_for_one_reply_alone(serve, connect):
    chat = ScriptedChat({"reasoning": answer("Yes.")})
    ada = Caller(connect(serve(chat)), "ada")
    ada("POST", "/turns", {"text": "Hi", "instructions": "Speak like a pirate.", "personality": {"openness": 5}})
    ada("POST", "/turns", {"text": "And now?"})
    first, second = chat.prompts("reasoning")
    assert "Speak like a pirate." in first
    assert "Speak like a pirate." not in second


def test_a_new_person_has_empty_answers_and_leaves_no_trace(service, client):
    eve = Caller(client, "eve")
    for path in ("/memories", "/memories/pending", "/memories/forgotten", "/turns", "/conversations", "/photos", "/profile",
                 "/personality/history", "/receipts", "/upcoming"):  # fmt: skip
        assert eve("GET", path) == {"items": [], "total": 0, "next": None}
    assert eve("GET", "/memories/search", text="anything")["items"] == []
    assert (eve("GET", "/consent")["training"], eve("GET", "/consent")["sensitive_chosen"]) == (None, False)
    assert eve.give("/photos/search", picture()).json()["items"] == []
    assert "There is no user" in eve.fails(404, "DELETE", "/me", name="eve")
    assert eve("GET", "/me") == {"user": "eve", "counts": {"turn": 0}}
    assert eve("GET", "/backlog")["message"] == ""
    assert "There is no user" in eve.fails(404, "PATCH", "/consent", {"training": True, "sensitive": "each"})
    assert service.memory.journal.users() == []


def test_a_hundred_replies_at_once_leave_room_for_other_requests(serve, connect):
    gate, asked = threading.Event(), threading.Semaphore(0)

    def say(_prompt):
        asked.release()
        return answer("Hello!")

    client = connect(serve(ScriptedChat({"reasoning": say}, gate=gate)))
    with ThreadPoolExecutor(100) as pool:
        sent = [pool.submit(Caller(client, f"person {number}"), "POST", "/turns", {"text": "Hi"}) for number in range(100)]
        for _ in sent:
            while not asked.acquire(timeout=0.1):
                assert not any(one.done() for one in sent), [one.result() for one in sent if one.done()]
        # More than the server has threads: no thread waits for a reply.
        assert Caller(client, "person 1")("GET", "/turns")["items"][0]["state"] == "received"
        assert not any(one.done() for one in sent)
        gate.set()
        assert {one.result()["reply"] for one in sent} == {"Hello!"}


def test_first_requests_at_once_are_answered_and_describe_the_operations_once(serve, connect, monkeypatch):
    described, together = [], threading.Barrier(20)
    describe = fastapi.applications.get_openapi

    def counted(**given):
        described.append(1)
        return describe(**given)

    monkeypatch.setattr(fastapi.applications, "get_openapi", counted)
    client = connect(serve(ScriptedChat()))

    def ask(number):
        together.wait()
        return Caller(client, f"person {number}")("GET", "/turns")["items"]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(20))) == [[]] * 20
    assert described == [1]
