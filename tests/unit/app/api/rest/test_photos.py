"""Photos searched by a picture, which is not kept."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from memory.core.records import PhotoMemory, make_id
from memory.photos.vision import OFF, Sight
from tests.fakes import ColourEmbedder, ScriptedChat
from tests.unit.app.api.rest.conftest import Caller, picture

pytestmark = pytest.mark.api


def send(service, user, colour, name):
    """Let a person send a picture of one colour, in which something is seen, and return the id of the photo."""
    *_, done = service.stream(user, f"This is {name}.", [picture(colour)])
    photo = done.turn.images[0]
    seen = PhotoMemory(
        id=make_id(user, "photo", done.turn.id), turn_id=done.turn.id, photo_id=photo, caption=name, category="thing",
        time=done.turn.time,
    )  # fmt: skip
    service.memory.memories.commit_remember(user, done.turn.id, None, None, photos=[seen])
    service.memory.index(user)
    return photo


@pytest.fixture
def album(serve, connect):
    """Return clients of ada and bob with pictures, and the ids of ada's photos by colour."""

    def make(sight):
        service = serve(ScriptedChat(), sight=sight)
        client = connect(service)
        hers = {colour: send(service, "ada", colour, name) for colour, name in (("red", "the mug"), ("blue", "the boat"))}
        send(service, "bob", "red", "the car")
        return Caller(client, "ada"), Caller(client, "bob"), hers

    return make


def similar(colour):
    """Return another file of a picture of this colour."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "JPEG")
    return out.getvalue()


def test_the_same_picture_comes_first_and_then_similar_ones(album, tmp_path):
    ada, bob, hers = album(Sight(ColourEmbedder()))
    kept = sorted((tmp_path / "data" / "photos").rglob("*"))
    found = ada.give("/photos/search", picture("blue"), "image/png").json()
    assert found["items"][0]["id"] == hers["blue"]
    assert [one["text"] for one in found["items"][0]["seen"]] == ["the boat"]
    assert {one["id"] for one in found["items"]} <= set(hers.values())
    assert (found["off"], found["next"], found["total"]) == (None, None, len(found["items"]))
    found = ada.give("/photos/search", similar("red"), "image/jpeg", limit=1).json()
    assert [one["id"] for one in found["items"]] == [hers["red"]]
    [his] = bob.give("/photos/search", similar("red")).json()["items"]
    assert his["seen"][0]["text"] == "the car"
    assert sorted((tmp_path / "data" / "photos").rglob("*")) == kept


def test_without_sight_this_exact_picture_alone_is_found_and_the_answer_says_why(album):
    ada, _, hers = album(Sight(hint="Install the extra."))
    found = ada.give("/photos/search", picture("red"), "image/png").json()
    assert [one["id"] for one in found["items"]] == [hers["red"]]
    assert found["off"] == f"{OFF} Install the extra."
    found = ada.give("/photos/search", similar("red"), "image/jpeg").json()
    assert (found["items"], found["off"]) == ([], f"{OFF} Install the extra.")


def test_what_is_no_picture_is_refused(album):
    ada, _, _ = album(Sight())
    for data in (b"", b"hello", picture()[:60]):
        assert "picture" in ada.failed(400, ada.give("/photos/search", data, "image/png"))
    form = ada.client.post("/api/v1/photos/search", files={"file": picture()}, params={"user": "ada"})
    assert ada.failed(400, form).startswith("The body is a form. Send the file itself as the body")
    assert "20 MB" in ada.failed(400, ada.give("/photos/search", b"x" * (20 * 1024 * 1024 + 1)))
    assert "query.limit" in ada.failed(400, ada.give("/photos/search", picture(), limit=0))


def test_photos_are_listed_by_the_names_of_what_they_show(album):
    ada, _, hers = album(Sight())
    pages, cursor = [], ""
    while cursor is not None:
        page = ada("GET", "/photos", order="name", limit=1, cursor=cursor)
        pages += page["items"]
        cursor = page["next"]
    assert [(one["id"], one["seen"][0]["text"]) for one in pages] == [(hers["blue"], "the boat"), (hers["red"], "the mug")]
    assert [one["id"] for one in ada("GET", "/photos")["items"]] == [hers["blue"], hers["red"]]
    assert "query.order" in ada.fails(400, "GET", "/photos", order="size")
