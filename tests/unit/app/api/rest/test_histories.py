"""Histories of other programs over REST: looked into, imported, listed, and undone as a whole."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest

from app.api.guard import Limits
from app.importing_jobs import Job
from app.models.endpoint import Endpoint
from app.step_times import Model, StepTimes
from memory.imports.reasons import FORGOTTEN, KNOWN
from tests.unit.app.api.rest.conftest import API, Caller

pytestmark = pytest.mark.api

LINES = "\n".join(
    json.dumps({"time": time, "user": said, "assistant": "Noted."})
    for time, said in (
        ("2025-03-01T09:00+01:00", "I bought a viola."),
        ("2025-03-01T09:05+01:00", "It is from Mirecourt."),
        ("2025-04-02T18:00+02:00", "My quartet meets on Thursdays."),
    )
)
GROUP = """14/03/2026, 09:02 - Ada: I bought a viola
14/03/2026, 09:03 - Bea: Lovely! Which one?
15/03/2026, 10:01 - Cleo: Bring it on Sunday"""
TWO_WAYS = "5/6/26, 09:02 - Ada: I bought a viola\n5/6/26, 09:03 - Bea: Lovely!\n6/6/26, 10:01 - Ada: An old one"


def give(caller, path, data, *, kind="application/octet-stream", **query):
    """Send a file as the whole body."""
    content = data.encode() if isinstance(data, str) else data
    params = {"user": caller.user, **query}
    return caller.client.post(f"{API}{path}", content=content, params=params, headers={**caller.headers, "content-type": kind})


def refused(found, status):
    assert found.status_code == status, found.text
    told = found.json()["error"]["message"]
    assert told.endswith((".", "?"))
    return told


def said(service, user="ada"):
    return [turn.text for turn in service.memory.journal.turns(user)]


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, which must be empty after each test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_a_file_is_looked_into_imported_listed_and_undone(ada, service):
    found = give(ada, "/imports/preview", LINES).json()
    assert (found["format"], found["messages"], found["turns"], found["sessions"]) == ("json-lines", 6, 3, 2)
    assert found["model_calls"] == {"none": 0, "sessions": 4, "all": 12}
    assert found["conversations"][0]["from"] == "2025-03-01T09:00:00+01:00"
    assert (found["asks_me"], found["me"], found["people"], found["facts"]) == (False, "", {}, 0)
    assert (found["would_add"], found["would_add_messages"]) == (3, 6)
    assert said(service) == []

    done = give(ada, "/imports", LINES, name="old.jsonl")
    assert done.status_code == 200, done.text
    told = done.json()
    assert (told["added"], told["messages"], told["conversations"], told["pending"]) == (3, 6, 1, 3)
    assert said(service) == ["I bought a viola.", "It is from Mirecourt.", "My quartet meets on Thursdays."]
    assert [one["text"] for one in ada("GET", "/memories/search", text="Mirecourt")["items"]]

    assert (told["added_messages"], told["me"], told["waiting"]) == (6, "", 0)

    found = give(ada, "/imports/preview", LINES).json()
    assert (found["would_add"], found["skipped"]) == (0, {KNOWN: 6})
    again = give(ada, "/imports", LINES).json()
    assert (again["added"], again["id"], again["skipped"]) == (0, None, {KNOWN: 6})

    later = give(ada, "/imports", '{"time": "2026-03-01T09:00Z", "user": "A new bow.", "assistant": ""}').json()
    page = ada("GET", "/imports", limit=1)
    assert (page["total"], page["items"][0]["id"]) == (2, later["id"])
    [last] = ada("GET", "/imports", limit=1, cursor=page["next"])["items"]
    assert (last["id"], last["name"], last["state"], last["added"]) == (told["id"], "old.jsonl", "done", 3)
    assert last["added_messages"] == 6
    assert ada("GET", f"/imports/{told['id']}") == last
    assert (last["from"], last["to"]) == (told["from"], told["to"])

    assert ada("DELETE", f"/imports/{told['id']}") == {"id": told["id"], "messages": 3, "memories": 0, "pictures": 0}
    assert said(service) == ["A new bow."]
    missing = f"There is no import '{told['id']}'. `GET /api/v1/imports` lists all."
    assert ada.fails(404, "DELETE", f"/imports/{told['id']}") == missing
    assert ada.fails(404, "GET", f"/imports/{told['id']}") == missing
    for step in ("pause", "resume"):
        assert ada.fails(404, "POST", f"/imports/{told['id']}/{step}") == missing


def test_a_zip_file_and_the_options(ada, service):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("chat.txt", GROUP)
    found = give(ada, "/imports/preview", packed.getvalue(), kind="application/zip").json()
    assert (found["format"], found["asks_me"], found["people"]) == ("whatsapp", True, {"Ada": 1, "Bea": 1, "Cleo": 1})
    assert found["model_calls"] == {"none": 0, "sessions": 4, "all": None}
    done = give(
        ada, "/imports", packed.getvalue(), kind="application/zip", me="Bea", zone="Asia/Tokyo", since="2026-03-14",
        remember="none", format="whatsapp",
    ).json()  # fmt: skip
    assert (done["added"], done["pending"]) == (3, 0)
    turns = service.memory.journal.turns("ada")
    assert [(one.speaker, one.by_other, f"{one.time:%H:%M%z}") for one in turns] == [
        ("Ada", True, "09:02+0900"), ("Bea", False, "09:03+0900"), ("Cleo", True, "10:01+0900"),
    ]  # fmt: skip


def test_what_a_file_leaves_open_is_named_as_an_option(ada, service):
    told = refused(give(ada, "/imports", GROUP), 400)
    assert "Name yourself with `me=NAME`" in told
    told = refused(give(ada, "/imports", TWO_WAYS, me="Ada"), 400)
    assert "Say `day_first=true` for the one, `day_first=false` for the other." in told
    for path in ("/imports", "/imports/preview"):
        told = refused(give(ada, path, LINES, since="2030-01-01"), 400)
        assert told.startswith("All 6 messages are older than 2030-01-01")
        assert "Name an earlier day with `since=`" in told
    assert give(ada, "/imports", TWO_WAYS, me="Ada", day_first=False).json()["from"].startswith("2026-05-06")


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(ada, service):
    for path in ("/imports", "/imports/preview"):
        told = refused(give(ada, path, b"\x00\x01nothing", name="odd.bin"), 400)
        assert told.startswith("odd.bin is not recognised.")
        assert "--format" not in told
        assert "persona-import-" not in told
        refused(give(ada, path, b""), 400)
        assert "form" in refused(give(ada, path, "--x", kind="multipart/form-data; boundary=x"), 400)
    assert service.memory.imports.of("ada") == []
    assert service.memory.journal.users() == []


def test_options_that_are_wrong_are_refused_before_the_file_is_read(ada, temporary):
    for query, part in (
        ({"zone": "Mars"}, "There is no time zone called 'Mars'."),
        ({"since": "soon"}, "'soon' is not a time."),
        ({"remember": "some"}, "query.remember"),
        ({"day_first": "maybe"}, "query.day_first"),
        ({"format": "diary"}, "There is no format 'diary'."),
        ({"mee": "Ada"}, "There is no option 'mee' here."),
    ):
        assert part in refused(give(ada, "/imports", LINES, **query), 400)


@pytest.mark.parametrize("name", ["../../x.jsonl", "..", "a\x00b", "C:\\x\\old.jsonl", "é" * 300 + ".jsonl", ""])
def test_any_name_of_a_file_is_taken(ada, service, temporary, name):
    assert give(ada, "/imports", LINES, name=name).json()["added"] == 3
    [one] = service.memory.imports.of("ada")
    assert one.name
    assert not Path(one.name).is_absolute()
    assert "/" not in one.name


def test_a_second_import_waits_for_the_first(ada, client, service):
    service.importing._jobs["ada"] = Job("old.jsonl")
    assert refused(give(ada, "/imports", LINES), 409).startswith("old.jsonl is being imported.")
    assert give(Caller(client, "bob"), "/imports", LINES).json()["added"] == 3
    service.importing._jobs["ada"].done.set_result({})
    assert give(ada, "/imports", LINES).json()["added"] == 3


def test_a_body_that_is_too_large_is_refused(connect, service):
    ada = Caller(connect(service, limits=Limits(body_bytes=1_000)), "ada")
    assert "larger than 1,000 bytes" in refused(give(ada, "/imports", LINES * 10), 413)
    pieces = (LINES.encode() for _ in range(10))
    found = ada.client.post(f"{API}/imports", content=pieces, params={"user": "ada"})
    assert "larger than 1,000 bytes" in refused(found, 413)
    assert service.memory.journal.users() == []


def test_another_persons_import_is_answered_like_none(ada, client, service):
    his = give(Caller(client, "bob"), "/imports", LINES).json()["id"]
    for method in ("GET", "DELETE"):
        told = ada.fails(404, method, f"/imports/{his}").replace(his, "ID")
        assert told == ada.fails(404, method, "/imports/imp_0123456789abcdef").replace("imp_0123456789abcdef", "ID")
    assert ada("GET", "/imports") == {"items": [], "total": 0, "next": None}
    assert len(said(service, "bob")) == 3


def test_reading_is_paused_and_gone_on_with(ada, service):
    name = give(ada, "/imports", LINES).json()["id"]
    told = ada("POST", f"/imports/{name}/pause")
    assert (told["id"], told["paused"], told["steps"]) == (name, True, 3)
    assert service.wait("ada") == 0
    assert ada("GET", "/imports")["items"] == [told]
    told = ada("POST", f"/imports/{name}/resume")
    assert (told["paused"], told["steps"]) == (False, 3)
    assert service.wait("ada") == 3
    assert ada("GET", f"/imports/{name}")["steps"] == 0
    assert "there is nothing to pause" in ada.fails(400, "POST", f"/imports/{name}/pause")
    for step in ("pause", "resume"):
        assert "There is no import" in ada.fails(404, "POST", f"/imports/imp_0/{step}")


def test_a_preview_says_how_long_the_model_takes_once_that_was_measured(ada, service):
    assert give(ada, "/imports/preview", LINES).json()["model_seconds"] == {"none": 0.0, "sessions": None, "all": None}
    service.models.loaded = Endpoint("http://127.0.0.1:1/v1", "small", "llamacpp", 4096, sees=False, embedded=True)
    times = StepTimes(service.memory.folder)
    times.note(Model("small"), "topics", 4.0)
    assert give(ada, "/imports/preview", LINES).json()["model_seconds"] == {"none": 0.0, "sessions": 16.0, "all": None}


def test_a_wrong_me_is_refused_with_the_requests_that_put_it_right(ada, service):
    name = give(ada, "/imports", GROUP, me="Ada").json()["id"]
    for path in ("/imports", "/imports/preview"):
        told = refused(give(ada, path, GROUP, me="Bea"), 400)
        assert told.startswith(
            f"These messages are here already with Ada as you. Undo that import (`DELETE /api/v1/imports/{name}`), then import "
            "again with `me=NAME`."
        )
        assert "--" not in told
    assert len(said(service)) == 3


def test_what_was_forgotten_of_an_import_is_offered_no_more_after_its_undo(ada, service):
    name = give(ada, "/imports", LINES).json()["id"]
    turn = service.memory.journal.turns("ada")[0].id
    ada("DELETE", f"/turns/{turn}")
    assert ada("DELETE", f"/imports/{name}")["messages"] == 2
    assert ada("GET", "/memories/forgotten")["items"] == []
    assert "was purged" in ada.fails(404, "POST", f"/memories/{turn}/undo")
    again = give(ada, "/imports", LINES).json()
    assert (again["added"], again["skipped"]) == (2, {FORGOTTEN: 2})
