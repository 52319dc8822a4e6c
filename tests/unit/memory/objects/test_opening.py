"""The settings of the object store: which URLs and keys are taken, and what is said of others."""

from __future__ import annotations

import base64
from importlib.util import find_spec

import pytest

from app.doctor import examine
from app.factory import build_objects
from app.settings import Settings
from memory.core import extras
from memory.core.errors import ExtraMissing, InvalidInput
from memory.objects import opening
from memory.objects.encryption import key_of, keys_of
from memory.objects.opening import open_store

KEY, OTHER = bytes(range(200, 232)), bytes(range(32))


@pytest.mark.parametrize(
    "written",
    [
        KEY.hex(),
        KEY.hex().upper(),
        f" {KEY.hex()}\n",
        base64.b64encode(KEY).decode(),
        base64.b64encode(KEY).decode().rstrip("="),
        base64.urlsafe_b64encode(KEY).decode(),
    ],
)
def test_a_key_is_read_in_each_spelling(written):
    assert key_of(written) == KEY


@pytest.mark.parametrize(
    "written", ["secret", KEY.hex()[:-2], KEY.hex() + "00", "g" * 64, base64.b64encode(KEY[:-1]).decode(), "ä" * 64]
)
def test_another_key_is_refused_without_being_repeated(written):
    with pytest.raises(InvalidInput, match="openssl rand -hex 32") as raised:
        open_store("file:///tmp/x", written)
    assert written not in raised.value.message
    assert written not in repr(Settings(objects_key=written))


@pytest.mark.parametrize("between", [",", ", ", " ,\n"])
def test_several_keys_have_commas_between_them(between):
    assert keys_of(between.join([KEY.hex(), base64.b64encode(OTHER).decode()])) == [KEY, OTHER]
    assert keys_of("") == keys_of(" ") == []


@pytest.mark.parametrize("written", [f",{KEY.hex()}", f"{KEY.hex()},", ",", f"{KEY.hex()},secret", f"{KEY.hex()}{OTHER.hex()}"])
def test_a_list_with_something_that_is_no_key_is_refused(written):
    with pytest.raises(InvalidInput, match="several such keys with commas") as raised:
        open_store("file:///tmp/x", written)
    assert not any(one in raised.value.message for one in (KEY.hex(), OTHER.hex(), "secret"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bucket",
        "/tmp/x",
        "http://host/x",
        "s3://",
        "s3:///x",
        "file://",
        "file:///",
        "file://host/x",
        "memory://x",
        "ftp://x/y",
    ],
)
def test_a_url_without_a_place_is_refused(url):
    with pytest.raises(InvalidInput, match="PERSONA_PHOTOS_URL is no place"):
        open_store(url)


@pytest.mark.parametrize("url", ["s3://key:secret@bucket/x", "s3://bucket/x?secret=1", "s3://bucket/x#secret"])
def test_a_url_with_a_key_in_it_is_refused_without_being_repeated(url):
    with pytest.raises(InvalidInput, match="Keys belong") as raised:
        open_store(url)
    assert "secret" not in raised.value.message
    assert "secret" not in repr(Settings(photos_url=url))


def test_without_packages_it_says_which(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "s3fs" else find_spec(name))
    for url, key, what in (("s3://bucket/x", "", "An object store"), ("file:///tmp/x", KEY.hex(), "Encryption")):
        with pytest.raises(ExtraMissing, match=rf"^{what} needs the extra \[hosts\]"):
            open_store(url, key)
    monkeypatch.setattr(opening, "find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing, match=r"gs:// needs gcsfs, which is not installed"):
        open_store("gs://bucket/x")


def test_unset_is_the_data_folder_and_a_key_alone_is_refused():
    assert build_objects(Settings()) is None
    with pytest.raises(InvalidInput, match="data folder is not encrypted"):
        build_objects(Settings(objects_key=KEY.hex()))


def test_doctor_says_where_photos_are(tmp_path):
    def found(**values):
        return [(one.state, one.detail) for one in examine(Settings(**values)) if one.what == "photo files"]

    assert found() == []
    url = f"file://{tmp_path}/shared%20photos"
    assert found(photos_url=url) == [
        ("works", f"in the folder {tmp_path}/shared photos, not encrypted (PERSONA_OBJECTS_KEY is not set).")
    ]
    (tmp_path / "shared photos").write_text("in the way")
    [(state, detail)] = found(photos_url=url)
    assert (state, "is not writable" in detail) == ("broken", True)
    [(state, detail)] = found(photos_url=url, objects_key="mine")
    assert (state, "openssl rand" in detail) == ("broken", True)
