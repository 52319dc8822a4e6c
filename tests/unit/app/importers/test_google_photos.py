"""Google Photos from a Takeout: each picture gets the time of the file of JSON beside it, whatever that is called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers.conversations import Choices, Conversation, LeftOut, Role
from app.importers.formats import google_photos
from tests.unit.app.importers.sources import source_of

YEAR = "Takeout/Google Photos/Photos from 2019/"


def about(seconds: Any = "1551606123", **more: Any) -> bytes:
    place = {"latitude": 52.5, "longitude": 13.4, "altitude": 0.0}
    return json.dumps(
        {"title": "a", "description": "", "photoTakenTime": {"timestamp": seconds}, "geoData": place} | more
    ).encode()


def read(members: Mapping[str, bytes]) -> tuple[list[Conversation], LeftOut]:
    left_out = LeftOut()
    return list(google_photos.read(source_of(members), Choices(zone="Europe/Berlin"), left_out)), left_out


def read_one(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return the times by the names of pictures."""
    found, _ = read({YEAR + name: data for name, data in members.items()})
    return {one.pictures[0].name.removeprefix(YEAR): str(int(one.time.timestamp())) for part in found for one in part.messages}


def test_pictures_with_their_times_and_descriptions() -> None:
    members = {
        YEAR + "b.jpg": b"second", YEAR + "b.jpg.supplemental-metadata.json": about("1551700000", description=" By the lake\n"),
        YEAR + "a.PNG": b"first", YEAR + "a.PNG.supplemental-metadata.json": about("1551606123"),
    }  # fmt: skip
    assert google_photos.recognises(source_of(members))
    (found,), left_out = read(members)
    assert (found.id, found.title, found.between_people) == ("google-photos", "Google Photos", False)
    assert [
        (one.time.isoformat(), one.role, one.text, one.pictures[0].name, one.pictures[0].read()) for one in found.messages
    ] == [
        ("2019-03-03T10:42:03+01:00", Role.ME, "", YEAR + "a.PNG", b"first"),
        ("2019-03-04T12:46:40+01:00", Role.ME, "By the lake", YEAR + "b.jpg", b"second"),
    ]
    assert all(one.pictures[0].time == one.time for one in found.messages)
    assert "52.5" not in str(found)
    assert left_out == LeftOut()


@pytest.mark.parametrize(("picture", "sidecar"), [
    ("IMG_1.jpg", "IMG_1.jpg.json"),
    ("IMG_1.jpg", "IMG_1.json"),
    ("IMG_1(2).jpg", "IMG_1(2).json"),
    ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    ("IMG_20190303_104203_with_more.jpg", "IMG_20190303_104203_with_more.jpg.supplementa.json"),
    ("IMG_20190303_104203_with_more_words.jpg", "IMG_20190303_104203_with_more_words.jpg.suppl.json"),
    ("IMG_20190303_104203_with_more_words_in_it.jpg", "IMG_20190303_104203_with_more_words_in_it.jpg..json"),
    ("IMG_20190303_104203_with_more_words_in_it_xx.jpg", "IMG_20190303_104203_with_more_words_in_it_xx.j.json"),
    ("IMG_20190303_104203_with_more_words_in_it_xxxx.jpg", "IMG_20190303_104203_with_more_words_in_it_xxxx.json"),
    ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
    ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
    ("IMG_1(2).jpg", "IMG_1(2).jpg.supplemental-metadata.json"),
    ("IMG_1-edited.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    ("IMG_1-bearbeitet(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
])  # fmt: skip
def test_names_of_files_of_json(picture: str, sidecar: str) -> None:
    assert len(sidecar) <= 51
    assert google_photos.recognises(source_of({YEAR + picture: b"1", YEAR + sidecar: about()}))
    assert read_one({picture: b"1", sidecar: about("1000000000")}) == {picture: "1000000000"}


def test_numbered_pictures_keep_their_own_times() -> None:
    members = {
        "IMG_1.jpg": b"1", "IMG_1(1).jpg": b"2", "IMG_1.jpg.supplemental-metadata.json": about("1000000001"),
        "IMG_1.jpg.supplemental-metadata(1).json": about("1000000002"), "IMG_1.jpg.extra.jpg": b"3", "IMG_1.jpg.extra.jpg.json": about("1000000003"),
    }  # fmt: skip
    assert read_one(members) == {"IMG_1.jpg": "1000000001", "IMG_1(1).jpg": "1000000002", "IMG_1.jpg.extra.jpg": "1000000003"}


def test_what_is_left_out() -> None:
    members = {
        "a.jpg": b"1", "a.jpg.json": about(), "a-edited.jpg": b"2", "bin.jpg": b"3", "bin.jpg.json": about(trashed=True), "clip.mp4": b"4",
        "clip.mp4.json": about(), "new.heic": b"5", "new.heic.json": about(), "lost.jpg": b"6", "broken.jpg": b"7", "broken.jpg.json": b"{",
        "list.jpg": b"8", "list.jpg.json": b"[1]", "timeless.jpg": b"9", "timeless.jpg.json": about(None), "metadata.json": b'{"title": "Album"}',
    }  # fmt: skip
    copies = {"Takeout/Google Photos/Lake/a.jpg": b"1", "Takeout/Google Photos/Lake/a.jpg.json": about()}
    (found,), left_out = read({YEAR + name: data for name, data in members.items()} | copies)
    assert [one.pictures[0].read() for one in found.messages] == [b"1"]
    assert left_out.counts == {
        "edited copies of pictures": 1, "pictures in the bin": 1, "videos": 1, "pictures of a kind that cannot be stored": 1,
        "pictures without a file that says when they were taken": 1, "pictures whose file of JSON is damaged": 2, "pictures without a time": 1,
        "copies of pictures in albums": 1,
    }  # fmt: skip
    assert f"{YEAR}timeless.jpg.json, key photoTakenTime: pictures without a time" in left_out.places


def test_times() -> None:
    assert read_one({"a.jpg": b"1", "a.jpg.json": about("-1000000000")}) == {"a.jpg": "-1000000000"}
    assert read_one({"a.jpg": b"1", "a.jpg.json": about(1000000000)}) == {"a.jpg": "1000000000"}
    for wrong in ("", "yesterday", "99999999999", "-99999999999", "1e9", 1.5, True, [], {"a": 1}):
        assert read_one({"a.jpg": b"1", "a.jpg.json": about(wrong)}) == {}


def test_many_pictures_come_in_parts() -> None:
    members = {f"{YEAR}{number}.jpg": b"1" for number in range(5_001)} | {f"{YEAR}{number}.jpg.json": about(str(10**9 + number)) for number in range(5_001)}  # fmt: skip
    parts, _ = read(members)
    assert [(one.id, len(one.messages)) for one in parts] == [("google-photos", 5_000), ("google-photos", 1)]
    assert parts[0].messages[-1].time < parts[1].messages[0].time


def test_other_files_are_not_recognised() -> None:
    assert not google_photos.recognises(source_of({"a.jpg": b"1", "a.json": b'{"title": "a"}'}))
    assert not google_photos.recognises(source_of({"x/a.json": about(), "a.jpg": b"1"}))
    assert not google_photos.recognises(source_of({}))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5)  # fmt: skip


@given(JSON, st.sampled_from(["photoTakenTime", "description", "trashed", ""]))
def test_any_value_at_any_key_is_read_or_counted(value: Any, key: str) -> None:
    data = json.dumps(value).encode() if not key else about(**{key: value})
    found, left_out = read({"a.jpg": b"1", "a.jpg.json": data})
    assert sum(len(one.messages) for one in found) + left_out.counts.total() == 1
