"""Photos in a bucket: received on one host, shown on another, encrypted there, and gone when they are forgotten."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest
from PIL import Image

from app.doctor import examine
from app.settings import Settings
from memory.core.errors import InvalidInput, NotFound, StorageError
from memory.core.records import user_key
from memory.hosts.orphans import MARK
from memory.memory import Memory
from memory.objects.bucket import BucketStore
from memory.objects.opening import open_store
from memory.objects.store import ObjectStore
from memory.photos.image_file import Picture, read_picture
from tests.fakes import WordEmbedder
from tests.servers.conftest import Stores

pytestmark = pytest.mark.server

KEY, OTHER = bytes(range(32)).hex(), bytes(32).hex()


def picture(shade: int = 90) -> Picture:
    out = io.BytesIO()
    Image.effect_noise((640, 480), shade).save(out, "JPEG", quality=90)
    return read_picture(out.getvalue())


def opened(stores: Stores, objects: ObjectStore, folder: str) -> Memory:
    """Open the memory on a host: its folder is its own, the servers are everybody's."""
    return Memory(
        stores.folder.parent / folder, WordEmbedder(),
        database_url=stores.database_url, chroma_url=stores.chroma_url, objects=objects,
    )  # fmt: skip


def told(memory: Memory, user: str, text: str, shown: Picture) -> str:
    """Receive a message with a picture and answer it; returns the turn's id."""
    return memory.journal.finish(memory.receive(user, text, [shown]).id, "I see.").id


@pytest.fixture
def alone(bucket: str, tmp_path: Path):
    """A memory on this machine alone, with its photos in the bucket."""
    with Memory(tmp_path / "data", WordEmbedder(), objects=open_store(bucket, KEY)) as memory:
        yield memory


def test_a_photo_that_one_host_received_is_shown_on_another(stores, bucket, user):
    sent = picture()
    with opened(stores, open_store(bucket, KEY), "one") as one, opened(stores, open_store(bucket, KEY), "two") as two:
        turn = one.receive(user, "Look at this.", [sent])
        assert turn.images == (sent.photo.id,)
        assert two.photos.original(user, sent.photo.id) == sent.full
        assert two.photos.for_model(user, sent.photo.id) == sent.small
        assert [photo.id for photo in two.photos.list(user)] == [sent.photo.id]
        for folder in ("one", "two"):
            assert not (stores.folder.parent / folder / "photos").exists()


def test_the_bucket_has_not_a_piece_of_the_picture(bucket, alone):
    sent = picture()
    alone.receive("ada", "Look at this.", [sent])
    raw = BucketStore(bucket)
    names = raw.names("photos/")
    assert set(names) == {f"photos/{user_key('ada')}/{sent.photo.id}{end}" for end in ("", ".small")}
    kept = b"".join(map(raw.get, names))
    assert len(kept) > len(sent.full) + len(sent.small)
    for data in (sent.full, sent.small):
        assert not any(data[start : start + 16] in kept for start in range(0, len(data) - 16, 16))
    assert b"JFIF" not in kept


def test_a_forgotten_photo_is_gone_from_the_bucket_and_others_stay(bucket, alone):
    first, second = picture(), picture(40)
    turn = told(alone, "ada", "Look at this.", first)
    told(alone, "ada", "And at that.", second)
    receipt = alone.forget("ada", turn, now=True)
    assert receipt.is_clean
    assert {name.rpartition("/")[2][:64] for name in BucketStore(bucket).names("photos/")} == {second.photo.id}
    with pytest.raises(NotFound, match=r"is not in s3://persona-.*/memory any more"):
        alone.photos.original("ada", first.photo.id)


def test_a_deleted_user_leaves_nothing_in_the_bucket(bucket, alone):
    alone.receive("ada", "Look at this.", [picture()])
    alone.receive("bob", "And at that.", [picture(40)])
    BucketStore(bucket).put(f"photos/{user_key('ada')}/{'0' * 64}", b"what a killed process left")
    alone.delete_user("ada")
    assert not any(alone.left_of("ada").values())
    assert {name.split("/")[1] for name in BucketStore(bucket).names("photos/")} == {user_key("bob")}


def test_a_receipt_counts_what_the_bucket_still_has(bucket, alone, monkeypatch):
    turn = told(alone, "ada", "Look at this.", picture())
    monkeypatch.setattr(BucketStore, "delete", lambda _self, _names: None)
    receipt = alone.forget("ada", turn, now=True)
    assert receipt.found["pictures"] == 1


def test_an_archive_takes_photos_from_the_bucket_and_back(bucket, alone, tmp_path):
    sent = picture()
    alone.receive("ada", "Look at this.", [sent])
    alone.export_user("ada", tmp_path / "ada.zip")
    alone.delete_user("ada")
    alone.import_user(tmp_path / "ada.zip")
    assert alone.photos.original("ada", sent.photo.id) == sent.full
    assert len(BucketStore(bucket).names("photos/")) == 2


def test_another_key_is_a_sentence_and_changes_nothing(bucket, alone, tmp_path):
    sent = picture()
    alone.receive("ada", "Look at this.", [sent])
    for key, said in ((OTHER, "encrypted with another key"), ("", "is encrypted")):
        alone.photos._objects = open_store(bucket, key)
        for show in (alone.photos.original, alone.photos.for_model):
            with pytest.raises(StorageError, match=said):
                show("ada", sent.photo.id)
        with pytest.raises(StorageError, match=said):
            alone.export_user("ada", tmp_path / f"{key}.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_a_small_copy_that_is_damaged_is_made_again_from_the_picture(bucket, alone):
    sent = picture()
    alone.receive("ada", "Look at this.", [sent])
    raw, name = BucketStore(bucket), f"photos/{user_key('ada')}/{sent.photo.id}.small"
    raw.put(name, raw.get(name)[:-1])
    assert alone.photos.for_model("ada", sent.photo.id) == sent.small
    raw.put(name.removesuffix(".small"), b"PERSENC")
    with pytest.raises(StorageError, match="is damaged"):
        alone.photos.original("ada", sent.photo.id)


def test_what_is_refused_leaves_nothing(bucket, alone):
    alone.receive("ada", "Hello.")
    with pytest.raises(InvalidInput):
        alone.receive("ada", "x" * 30_000, [picture()])
    assert BucketStore(bucket).names("photos/") == []
    assert alone.photos.list("ada") == []


def test_a_store_that_is_down_is_a_sentence_and_the_message_is_refused(alone, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    alone.photos._objects = open_store("s3://bucket/memory", KEY)
    with pytest.raises(StorageError, match=r"^The picture cannot be stored\. s3://bucket/memory cannot be used") as raised:
        alone.receive("ada", "Look at this.", [picture()])
    assert "127.0.0.1" not in raised.value.message
    assert alone.photos.list("ada") == []
    assert alone.journal.turns("ada") == []
    # Words alone need no bucket.
    assert alone.receive("ada", "Then without it.").text == "Then without it."


def test_a_store_that_comes_back_ends_what_was_begun(bucket, alone):
    turn = told(alone, "ada", "Look at this.", picture())
    there, alone.photos._objects = alone.photos._objects, Down()
    with pytest.raises(StorageError, match="cannot be used"):
        alone.forget("ada", turn, now=True)
    assert alone.receipts("ada") == []
    alone.photos._objects = there
    assert alone.purge_due() == 1
    assert [receipt.is_clean for receipt in alone.receipts("ada")] == [True]
    assert BucketStore(bucket).names("photos/") == []


class Down:
    """A store that is down."""

    def __getattr__(self, name: str) -> object:
        def fail(*_: object) -> None:
            raise StorageError("s3://bucket cannot be used (EndpointConnectionError).")

        return fail


def test_a_bucket_that_does_not_exist_is_named(bucket, alone):
    alone.photos._objects = open_store("s3://no-such-bucket/memory", KEY)
    with pytest.raises(StorageError, match="There is no bucket for s3://no-such-bucket/memory"):
        alone.receive("ada", "Look at this.", [picture()])


def test_many_threads_share_one_store(bucket):
    store, wrong = open_store(bucket, KEY), []

    def work(number: int) -> None:
        for turn in range(10):
            name, data = f"t/{number}/{turn}", os.urandom(5_000)
            store.put(name, data)
            if store.get(name) != data:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(store.names("t/")) == 80
    store.delete_prefix("t/")
    assert store.names("t/") == []


def test_what_another_host_writes_and_deletes_is_seen_at_once(bucket):
    one, two = open_store(bucket, KEY), open_store(bucket, KEY)
    assert two.names("photos/") == []
    one.put("photos/a", b"1")
    assert (two.names("photos/"), two.has("photos/a"), two.get("photos/a")) == (["photos/a"], True, b"1")
    one.delete(["photos/a"])
    assert (two.names("photos/"), two.has("photos/a")) == ([], False)


def test_a_large_file_goes_in_parts_and_back(bucket, tmp_path):
    store, here, back = open_store(bucket, KEY), tmp_path / "here", tmp_path / "back"
    here.write_bytes(os.urandom(40 * 2**20 + 3))
    store.upload("snapshots/a", here)
    store.download("snapshots/a", back)
    assert back.read_bytes() == here.read_bytes()
    assert store.size("snapshots/a") > here.stat().st_size
    assert {path.name for path in tmp_path.iterdir()} >= {"here", "back"}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_doctor_says_that_a_key_is_missing(bucket):
    def found(key: str) -> tuple[str, str]:
        [one] = [one for one in examine(Settings(photos_url=bucket, objects_key=key)) if one.what == "photo files"]
        return one.state, one.detail

    open_store(bucket, OTHER).put(MARK, b"a journal")
    assert found(f"{KEY},{OTHER}")[0] == "works"
    for key, sentence in ((KEY, "another key"), ("", "is encrypted. Set PERSONA_OBJECTS_KEY")):
        state, detail = found(key)
        assert (state, sentence in detail) == ("broken", True)


def test_doctor_asks_the_bucket_and_warns_of_old_versions(bucket, monkeypatch):
    def found() -> tuple[str, str]:
        [one] = [one for one in examine(Settings(photos_url=bucket, objects_key=KEY)) if one.what == "photo files"]
        return one.state, one.detail

    assert found() == ("works", f"in {bucket}, encrypted.")
    name = bucket.removeprefix("s3://").partition("/")[0]
    BucketStore(bucket)._files.call_s3("put_bucket_versioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    assert found()[0] == "off"
    assert "keeps old versions" in found()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    assert found() == (
        "broken",
        f"{bucket} cannot be used (EndpointConnectionError). Check that it is running and can be reached.",
    )
