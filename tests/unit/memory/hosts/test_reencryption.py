"""Another key: what was encrypted with an older one, or with none, is encrypted with the first, and nothing that was forgotten comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from app.cli import app
from app.factory import open_journal
from app.settings import Settings
from memory.core import clock
from memory.core.errors import InvalidInput, KeyMissing
from memory.core.records import user_key
from memory.hosts import reencryption
from memory.hosts.orphans import MARK
from memory.hosts.reencryption import Reencrypted, reencrypt
from memory.objects.encrypted_store import EncryptedStore
from memory.photos.store import PhotoStore, objects_of
from memory.storage.engine import Database
from memory.storage.host_schema import snapshots
from tests.unit.memory.hosts.test_orphans import Bucket, picture

pytestmark = pytest.mark.server

OLD, NEW, LOST = bytes(32), bytes(range(32)), bytes(range(100, 132))


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path / "bucket")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield database
    database.close()


def kept(database: Database, bucket: Bucket, *shades: int, keys: tuple[bytes, ...] = (OLD,)) -> list[str]:
    """Keep pictures with some keys; returns their ids."""
    store = PhotoStore(EncryptedStore(bucket, *keys), database)
    sent = [picture(shade) for shade in shades]
    for one in sent:
        store.keep("ada", one)
    return [one.photo.id for one in sent]


def done(database: Database, bucket: Bucket, *keys: bytes) -> Reencrypted:
    return reencrypt(database, EncryptedStore(bucket, *keys), lambda _done, _left: None)


def test_afterwards_the_new_key_alone_reads_everything(bucket, database):
    ids = [*kept(database, bucket, 10, 20), *kept(database, bucket, 30, keys=()), *kept(database, bucket, 40, keys=(NEW, OLD))]
    EncryptedStore(bucket, OLD).put(MARK, b"whose")
    assert done(database, bucket, NEW, OLD) == Reencrypted(rewritten=6, current=2)
    with_new, with_old = (PhotoStore(EncryptedStore(bucket, key), database) for key in (NEW, OLD))
    for shade, photo_id in zip((10, 20, 30, 40), ids, strict=True):
        assert with_new.original("ada", photo_id) == picture(shade).full
        assert with_new.for_model("ada", photo_id) == picture(shade).small
        with pytest.raises(KeyMissing, match="another key"):
            with_old.original("ada", photo_id)
    assert EncryptedStore(bucket, NEW).get(MARK) == b"whose"


def test_a_second_time_nothing_is_written(bucket, database):
    kept(database, bucket, 10, 20)
    done(database, bucket, NEW, OLD)
    before = {name: bucket.get(name) for name in bucket.names("")}
    assert done(database, bucket, NEW, OLD) == Reencrypted(current=4)
    assert {name: bucket.get(name) for name in bucket.names("")} == before


def test_it_can_be_interrupted_and_repeated(bucket, database, monkeypatch):
    monkeypatch.setattr(reencryption, "_BATCH", 1)
    kept(database, bucket, 10, 20, 30)
    told = []

    def _until_the_second(looked_at: int, left: int) -> None:
        told.append((looked_at, left))
        if looked_at == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reencrypt(database, EncryptedStore(bucket, NEW, OLD), _until_the_second)
    assert told == [(1, 2), (2, 1)]
    assert done(database, bucket, NEW, OLD) == Reencrypted(rewritten=2, current=4)


def test_what_cannot_be_read_is_counted_and_stays_as_it_was(bucket, database):
    [lost, damaged, _] = [*kept(database, bucket, 10, keys=(LOST,)), *kept(database, bucket, 20, 30)]
    name = objects_of("ada", damaged)[0]
    bucket.put(name, bucket.get(name)[:-1])
    before = {name: bucket.get(name) for name in (name, *objects_of("ada", lost))}
    assert done(database, bucket, NEW, OLD) == Reencrypted(rewritten=3, unreadable=3)
    assert {name: bucket.get(name) for name in before} == before


def test_a_picture_that_is_lost_is_no_obstacle(bucket, database):
    [lost] = kept(database, bucket, 10)
    bucket.delete([objects_of("ada", lost)[0]])
    assert done(database, bucket, NEW, OLD) == Reencrypted(rewritten=1)


def test_what_is_forgotten_meanwhile_does_not_come_back(bucket, database):
    [forgotten, stays] = kept(database, bucket, 10, 20)
    store = PhotoStore(bucket, database)
    names, read = objects_of("ada", forgotten), bucket.get

    def _forgotten_after_the_reading(name: str) -> bytes:
        data = read(name)
        if name == names[0]:
            store.discard("ada", forgotten)
        return data

    bucket.get = _forgotten_after_the_reading
    done(database, bucket, NEW, OLD)
    assert set(bucket.names("photos/")) == set(objects_of("ada", stays))


def test_an_upload_without_its_row_yet_is_not_touched(bucket, database):
    sent = picture()
    PhotoStore(EncryptedStore(bucket, OLD), database).put_files("ada", sent.photo.id, sent.full, sent.small)
    assert done(database, bucket, NEW, OLD) == Reencrypted()
    assert len(bucket.names("photos/")) == 2


def test_copies_of_index_files_with_an_older_key_are_deleted(bucket, database):
    key = user_key("ada")
    names = {number: f"index/{key}/{number * 32}" for number in ("1", "2", "3")}
    for number, its in {"1": OLD, "2": NEW, "3": OLD}.items():
        EncryptedStore(bucket, its).put(names[number], b"an index")
        values = {"user_key": key, "host_id": "h", "made": "m", "era": "e", "number": 1, "bytes": 1, "at": clock.instant()}
        with database.write() as connection:
            connection.execute(insert(snapshots).values(**values, name=names[number], whole=number != "3"))
    assert done(database, bucket, NEW, OLD) == Reencrypted(copies=1)
    # The third is being uploaded: its host is not disturbed.
    assert set(bucket.names("index/")) == {names["2"], names["3"]}
    with database.read() as connection:
        assert set(connection.execute(select(snapshots.c.name)).scalars()) == {names["2"], names["3"]}


def test_without_a_key_nothing_is_written_in_the_clear(bucket, database):
    kept(database, bucket, 10)
    with pytest.raises(InvalidInput, match="Set PERSONA_OBJECTS_KEY"):
        done(database, bucket)


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _set(self, bucket, monkeypatch):
        monkeypatch.setenv("PERSONA_PHOTOS_URL", f"file://{bucket.folder}")
        monkeypatch.setenv("PERSONA_OBJECTS_KEY", f"{NEW.hex()}, {OLD.hex()}")
        self.bucket = bucket
        database = open_journal(Settings())
        kept(database, bucket, 10)
        database.close()

    def run(self, *words: str):
        return CliRunner().invoke(app, ["hosts", "reencrypt", *words])

    def test_it_says_what_it_did(self):
        ended = self.run()
        assert ended.exit_code == 0
        assert ended.stdout.startswith(
            "2 objects were encrypted with the first key, and 0 were already. 0 copies of index files"
        )
        assert json.loads(self.run("--json").stdout) == {"rewritten": 0, "current": 2, "unreadable": 0, "copies": 0}

    def test_what_cannot_be_read_is_an_exit_code_and_no_key_is_named(self, monkeypatch):
        monkeypatch.setenv("PERSONA_OBJECTS_KEY", f"{NEW.hex()},{LOST.hex()}")
        ended = self.run("--json")
        assert ended.exit_code == 1
        assert json.loads(ended.stdout)["unreadable"] == 2
        assert "2 objects are as they were" in ended.stderr
        assert not any(key.hex() in ended.output for key in (NEW, OLD, LOST))

    def test_without_an_object_store_it_says_what_to_set(self, monkeypatch):
        for name in ("PERSONA_PHOTOS_URL", "PERSONA_OBJECTS_KEY"):
            monkeypatch.delenv(name)
        ended = self.run()
        assert ended.exit_code == 1
        assert isinstance(ended.exception, InvalidInput)
        assert "Set PERSONA_PHOTOS_URL and PERSONA_OBJECTS_KEY" in ended.exception.message
