"""Everything of a person: exported, deleted, imported again; and the example person."""

from __future__ import annotations

import errno

import pytest

from app.api.guard import Limits
from app.api.rest import bodies
from tests.fakes import ScriptedChat
from tests.unit.app.api.rest.conftest import Caller

pytestmark = pytest.mark.api
LISTS = (
    "/memories",
    "/memories/pending",
    "/turns",
    "/conversations",
    "/photos",
    "/profile",
    "/personality/history",
    "/receipts",
)
NOTHING = {"journal": 0, "vectors": 0, "words": 0, "pictures": 0}


def everything(ask):
    return {path: ask("GET", path) for path in LISTS}


@pytest.fixture
def away(tmp_path, monkeypatch):
    """The folder for temporary files, empty."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_what_is_deleted_is_gone_and_an_archive_brings_it_back(service, ada, live, away):
    live("ada")
    before, archive = everything(ada), ada.send("GET", "/export").content
    gone = ada("DELETE", "/me", name="ada")
    assert gone.pop("deleted_at")
    assert gone.pop("hosts") == []
    assert gone == {
        "user": "ada", "removed": {"turns": 3, "memories": 2, "photos": 1, "keys": 0}, "found": NOTHING, "clean": True,
    }  # fmt: skip
    assert service.memory.journal.users() == []
    assert not any(page["items"] for page in everything(ada).values())
    back = ada.give("/import", archive, "application/zip")
    assert back.json() == {"user": "ada", "counts": {"turns": 3, "memories": 3, "photos": 1}}
    assert everything(ada) == before
    assert ada("GET", "/memories/search", text="cello")["total"] > 0
    assert list(away.iterdir()) == []


def test_nothing_is_deleted_without_the_persons_name(ada, client, live):
    live("ada")
    bob = Caller(client, "bob")
    live("bob")
    before, his = everything(ada), everything(bob)
    for name in ({}, {"name": ""}, {"name": "bob"}, {"name": "Ada"}, {"name": "ada "}, {"name": "ada\x00"}):
        sentence = ada.fails(400, "DELETE", "/me", **name)
        assert sentence.startswith("Nothing was deleted. To delete everything about 'ada' at once and for good, repeat"), name
    assert "no option 'nam'" in ada.fails(400, "DELETE", "/me", nam="ada")
    assert everything(ada) == before
    assert ada("DELETE", "/me", name="ada")["clean"]
    assert everything(bob) == his


def test_a_name_in_another_spelling_of_unicode_is_the_same_name(client):
    jose = Caller(client, "José")
    jose("POST", "/turns", {"text": "Hi"})
    assert jose("DELETE", "/me", name="Jose\u0301")["removed"]["turns"] == 1


def keyed(service, client, user):
    _, secret = service.memory.api_keys.create(user)
    return Caller(client, user, {"authorization": f"Bearer {secret}"})


def test_the_keys_of_a_person_go_too(service, client):
    ada, bob = keyed(service, client, "ada"), keyed(service, client, "bob")
    revoked, _ = service.memory.api_keys.create("ada")
    service.memory.api_keys.revoke(revoked.id)
    for one in (ada, bob):
        one("POST", "/turns", {"text": "Hi"})
    assert ada("DELETE", "/me", name="ada")["removed"]["keys"] == 1
    ada.fails(401, "GET", "/me")
    assert bob("GET", "/me")["counts"]["turn"] == 1


def test_deleting_the_only_keys_does_not_open_the_memory_of_others(service, client):
    service.memory.receive("bob", "Nobody shall read this.")
    ada = keyed(service, client, "ada")
    ada("POST", "/turns", {"text": "Hi"})
    assert "only ones of this machine" in ada.fails(400, "DELETE", "/me", name="ada")
    assert ada("GET", "/me")["counts"]["turn"] == 1
    service.memory.delete_user("bob")
    assert ada("DELETE", "/me", name="ada")["clean"]


def test_an_archive_of_another_person_is_refused(service, client, live, away):
    live("ada")
    archive = Caller(client, "ada").send("GET", "/export").content
    service.memory.delete_user("ada")
    bob = Caller(client, "bob")
    assert bob.failed(400, bob.give("/import", archive)).startswith("This archive belongs to another person.")
    bob = keyed(service, client, "bob")
    assert bob.failed(400, bob.give("/import", archive, user="ada")).startswith("This archive belongs to another person.")
    assert service.memory.journal.users() == []
    assert list(away.iterdir()) == []


def test_an_archive_for_somebody_with_data_is_refused_before_it_is_read(ada, monkeypatch):
    ada("POST", "/turns", {"text": "Hi"})
    monkeypatch.setattr(bodies, "on_disk", None)
    sentence = ada.failed(400, ada.give("/import", b"anything", "application/zip"))
    assert sentence.startswith("There is a user 'ada' already, and an archive is not merged into existing data.")


def test_what_is_no_archive_is_refused_and_leaves_nothing(service, ada, live, away):
    live("ada")
    archive = ada.send("GET", "/export").content
    service.memory.delete_user("ada")
    for data in (b"", b"PK", b"hello", archive[:-40], archive.replace(b"cello", b"viola", 1)[: len(archive) // 2]):
        sentence = ada.failed(400, ada.give("/import", data, "application/zip"))
        assert sentence.startswith("archive.zip ")
        assert str(away) not in sentence
    form = ada.client.post("/api/v1/import", files={"file": archive}, params={"user": "ada"})
    assert ada.failed(400, form).startswith("The body is a form. Send the file itself as the body")
    assert service.memory.journal.users() == []
    assert list(away.iterdir()) == []


def test_an_archive_may_be_larger_than_other_bodies(service, live, connect, away):
    live("ada")
    archive = Caller(connect(service), "ada").send("GET", "/export").content
    service.memory.delete_user("ada")
    for most, status in ((1_000, 413), (len(archive), 200)):
        ada = Caller(connect(service, limits=Limits(body_bytes=1_000, archive_bytes=most)), "ada")

        def pieces():
            for start in range(0, len(archive), 500):
                yield archive[start : start + 500]

        assert ada.failed(413, ada.give("/photos/search", pieces())).startswith("The request is larger than 1,000 bytes.")
        for data in (archive, pieces()) if status == 413 else (pieces(),):
            assert ada.give("/import", data).status_code == status
    assert list(away.iterdir()) == []


def test_a_full_disk_is_a_sentence(ada, monkeypatch, away):
    async def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bodies, "run_in_threadpool", full)
    sentence = ada.failed(503, ada.give("/import", b"x", "application/zip"))
    assert sentence.startswith("The file cannot be stored on the server (No space left on device).")
    assert list(away.iterdir()) == []


def test_the_example_person_shows_what_memories_say_about_each_other(serve, connect):
    client = connect(serve(ScriptedChat()))
    example = Caller(client, "example")
    assert "invented person 'example', and you are 'ada'" in Caller(client, "ada").fails(400, "POST", "/example")
    loaded = example("POST", "/example")
    assert loaded["user"] == "example"
    assert loaded["counts"]["turns"] == example("GET", "/me")["counts"]["turn"] > 0
    assert example.fails(400, "POST", "/example").startswith("The example person already exists.")
    facts = {one["id"]: one for one in example("GET", "/memories", kind="semantic", limit=200)["items"]}
    older = [one for one in facts.values() if one["superseded_by"]]
    assert older
    for one in older:
        assert one["id"] in facts[one["superseded_by"]]["replaces"]
        assert one["id"] in example("GET", f"/memories/{one['superseded_by']}")["replaces"]
    talks = {one["session"] for one in example("GET", "/conversations")["items"]}
    written = example("GET", "/memories", kind=["procedural", "core", "episodic"], limit=200)["items"]
    assert {one["kind"] for one in written} == {"procedural", "core", "episodic"}
    assert {one["session"] for one in written} <= talks
    assert {one["session"] for one in example("GET", "/profile")["items"]} <= talks
    assert example("PUT", "/profile", {"key": "home", "value": "Oslo"})["session"] is None
