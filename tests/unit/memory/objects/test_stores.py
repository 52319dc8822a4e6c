"""Folder and bucket, plain and encrypted, do the same; what fails leaves nothing and is a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memory.core.errors import NotFound, ObjectDamaged, StorageError
from memory.objects.bucket import BucketStore
from memory.objects.encrypted_store import EncryptedStore
from memory.objects.folder import FolderStore
from memory.objects.store import ObjectStore

KEY = bytes(range(32))
LARGE = os.urandom(3 * 2**20 + 7)


def in_memory() -> BucketStore:
    """Make a bucket in this process, empty."""
    store = BucketStore("memory://bucket/prefix")
    store._files.store.clear()
    return store


KINDS = {
    "folder": lambda path: FolderStore(path / "objects"),
    "bucket": lambda _path: in_memory(),
    "encrypted folder": lambda path: EncryptedStore(FolderStore(path / "objects"), KEY),
    "encrypted bucket": lambda _path: EncryptedStore(in_memory(), KEY),
    "bucket without a key": lambda _path: EncryptedStore(in_memory()),
}


@pytest.fixture(params=[pytest.param(kind, marks=() if kind == "folder" else pytest.mark.server) for kind in KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    return KINDS[request.param](tmp_path)


def test_an_object_is_there_until_it_is_deleted(store):
    assert not store.has("photos/a/1")
    store.put("photos/a/1", b"first")
    store.put("photos/a/1", b"second")
    assert store.get("photos/a/1") == b"second"
    assert store.has("photos/a/1")
    assert not store.has("photos/a")
    assert store.size("photos/a/1") >= len(b"second")
    store.delete(["photos/a/1", "photos/a/never"])
    assert not store.has("photos/a/1")
    for ask in (store.get, store.size):
        with pytest.raises(NotFound, match="is not in"):
            ask("photos/a/1")


def test_a_prefix_is_a_folder_and_not_the_beginning_of_a_name(store):
    names = {"photos/a/1", "photos/a/2", "photos/ab/1", "snapshots/a"}
    for name in names:
        store.put(name, name.encode())
    assert set(store.names("photos/a/")) == {"photos/a/1", "photos/a/2"}
    assert set(store.names("photos/")) == names - {"snapshots/a"}
    assert store.names("nothing/") == []
    store.delete_prefix("photos/a/")
    store.delete_prefix("nothing/")
    assert set(store.names("photos/")) == {"photos/ab/1"}
    assert store.get("snapshots/a") == b"snapshots/a"


def test_what_is_directly_below_a_prefix(store):
    for name in ("photos/a/1", "photos/a/2", "photos/b/c/1", "photos/3", "index/d/1"):
        store.put(name, b"one")
    assert sorted(store.folders("photos/")) == ["a", "b"]
    assert store.folders("photos/b/") == ["c"]
    assert store.folders("nothing/") == []


def test_the_beginning_of_an_object_is_as_it_is_in_its_place(store):
    store.put("photos/a/1", b"an object")
    inner = getattr(store, "_store", store)
    whole = inner.get("photos/a/1")
    assert store.begin("photos/a/1", 2) == whole[:2]
    assert store.begin("photos/a/1", 10_000) == whole
    with pytest.raises(NotFound, match="is not in"):
        store.begin("photos/a/2", 2)


def test_a_folder_says_when_an_object_was_last_written(tmp_path):
    store = FolderStore(tmp_path)
    store.put("photos/a/1", b"one")
    for _ in range(2):
        os.utime(tmp_path / "photos/a/1", (1000, 1000))
        assert store.times("photos/") == {"photos/a/1": datetime(1970, 1, 1, 0, 16, 40, tzinfo=UTC)}
        # The same bytes once more are a new object.
        store.put("photos/a/1", b"one")
        assert store.times("photos/")["photos/a/1"].year > 2000
    assert store.times("nothing/") == {}


@pytest.mark.parametrize(
    ("about", "time"),
    [
        ({"LastModified": datetime(2026, 3, 1, 9, tzinfo=UTC)}, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ({"mtime": datetime(2026, 3, 1, 9, tzinfo=UTC)}, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ({"mtime": datetime(2026, 3, 1, 9)}, datetime(2026, 3, 1, 9, tzinfo=UTC)),  # noqa: DTZ001 - a file system's
        ({"mtime": 1000.5}, datetime(1970, 1, 1, 0, 16, 40, 500_000, tzinfo=UTC)),
        ({"mtime": "yesterday"}, None),
        ({"created": datetime(2026, 3, 1, 9, tzinfo=UTC)}, None),
        ({}, None),
    ],
)
def test_a_bucket_says_when_an_object_was_last_written_or_leaves_it_out(about, time):
    store = BucketStore("s3://bucket/prefix")
    store._system = Listing({"bucket/prefix/photos/a/1": about})
    assert store.times("photos/") == ({} if time is None else {"photos/a/1": time})


class Listing:
    """A file system that knows something about its files."""

    def __init__(self, files: dict[str, dict[str, object]]) -> None:
        self.files = files

    def find(self, _path: str, *, detail: bool) -> dict[str, dict[str, object]]:
        assert detail
        return self.files


def test_a_large_file_goes_there_and_back(store, tmp_path):
    here, back = tmp_path / "here", tmp_path / "new" / "back"
    back.parent.mkdir()
    here.write_bytes(LARGE)
    store.upload("snapshots/a", here)
    store.download("snapshots/a", back)
    assert back.read_bytes() == LARGE
    assert store.get("snapshots/a") == LARGE
    assert [path.name for path in back.parent.iterdir()] == ["back"]
    assert {path.name for path in tmp_path.iterdir()} <= {"here", "new", "objects"}


def test_a_download_that_fails_leaves_the_file_as_it_was(store, tmp_path):
    back = tmp_path / "back"
    back.write_bytes(b"before")
    with pytest.raises(NotFound):
        store.download("snapshots/none", back)
    assert back.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} <= {"back", "objects"}


@pytest.mark.server
def test_a_damaged_download_leaves_the_file_as_it_was(tmp_path):
    inner, here, back = in_memory(), tmp_path / "here", tmp_path / "back"
    store = EncryptedStore(inner, KEY)
    here.write_bytes(LARGE)
    back.write_bytes(b"before")
    store.upload("snapshots/a", here)
    inner.put("snapshots/a", inner.get("snapshots/a")[:-1])
    with pytest.raises(ObjectDamaged):
        store.download("snapshots/a", back)
    assert back.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == {"here", "back"}


@pytest.mark.server
def test_what_was_written_before_the_key_is_read_and_the_rest_is_not_in_the_clear():
    inner = in_memory()
    inner.put("a", b"before the key")
    store = EncryptedStore(inner, KEY)
    store.put("b", b"after the key")
    assert (store.get("a"), store.get("b")) == (b"before the key", b"after the key")
    assert b"after" not in inner.get("b")
    store.put("a", store.get("a"))
    assert b"before" not in inner.get("a")


class Failing:
    """A file system that raises what it is given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> object:
        def fail(*_args: object, **_named: object) -> None:
            raise self.error

        return fail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("secret"), "refuses access"),
        (type("NoCredentialsError", (Exception,), {})("secret"), r"refuses access \(NoCredentialsError\)"),
        (OSError(28, "secret"), r"cannot be used \(ENOSPC\)"),
        (ValueError("https://key:secret@host"), r"cannot be used \(ValueError\)"),
    ],
)
def test_an_error_of_the_bucket_is_a_sentence_without_its_words(error, said, tmp_path):
    store = BucketStore("s3://bucket/prefix")
    store._system = Failing(error)
    calls = [
        lambda: store.put("a", b""),
        lambda: store.get("a"),
        lambda: store.has("a"),
        lambda: store.names("a/"),
        lambda: store.folders("a/"),
        lambda: store.times("a/"),
        lambda: store.begin("a", 1),
        lambda: store.delete(["a"]),
        lambda: store.delete_prefix("a/"),
        lambda: store.download("a", tmp_path / "a"),
        lambda: store.upload("a", tmp_path / "a"),
        store.check,
    ]
    for call in calls:
        with pytest.raises(StorageError, match=rf"^s3://bucket/prefix {said}") as raised:
            call()
        assert "secret" not in raised.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.server
def test_a_batch_that_the_bucket_did_not_delete_is_an_error(monkeypatch):
    store = in_memory()
    store.put("photos/a/1", b"kept")
    monkeypatch.setattr(store._files, "rm", lambda _paths: None)
    with pytest.raises(StorageError, match=r"still has 1 object"):
        store.delete_prefix("photos/a/")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "objects").write_text("in the way")
    store = FolderStore(tmp_path / "objects", "the folder /mnt/shared")
    with pytest.raises(StorageError, match=r"^A file in the folder /mnt/shared cannot be written \(Not a directory\)"):
        store.put("photos/a", b"")
    with pytest.raises(StorageError, match=r"^The folder /mnt/shared is not writable"):
        store.check()


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    store = FolderStore(tmp_path)
    store.put("a", b"before")
    monkeypatch.setattr("os.fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StorageError, match="No space left on device"):
        store.put("a", b"after")
    assert store.get("a") == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
