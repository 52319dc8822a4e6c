"""Objects that no row names: removed a day later, from the store of this journal alone, and never while they are uploaded."""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import insert, select, update

from memory.core import clock
from memory.core.errors import StorageError
from memory.core.records import user_key
from memory.hosts.orphans import MARK, Orphans, remove_unknown
from memory.objects.folder import FolderStore
from memory.photos.image_file import Picture, read_picture
from memory.photos.store import PhotoStore, objects_of
from memory.storage import user_rows
from memory.storage.engine import Database
from memory.storage.host_schema import shared_settings, snapshots
from memory.storage.schema import photos

ADA, NOBODY = user_key("ada"), user_key("nobody")
LEFT = "0" * 64


def picture(shade: int = 90) -> Picture:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 20, 20)).save(out, "JPEG")
    return read_picture(out.getvalue())


class Bucket(FolderStore):
    """A folder whose files can be older than they are, and whose writing can meet something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "the bucket")
        self.folder = folder
        self.meanwhile = lambda _name: None

    def put(self, name: str, data: bytes) -> None:
        super().put(name, data)
        self.meanwhile(name)

    def age(self, *names: str, hours: float = 25) -> None:
        for name in names:
            os.utime(self.folder / name, (time.time() - hours * 3600,) * 2)

    def left(self, *names: str) -> list[str]:
        """Write what a killed host left a day ago."""
        for name in names:
            super().put(name, b"left")
        self.age(*names)
        return list(names)


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path / "bucket")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'journal.db'}")
    with database.write() as connection:
        user_rows.ensure(connection, "ada")
    yield database
    database.close()


@pytest.fixture
def store(database: Database, bucket: Bucket) -> PhotoStore:
    return PhotoStore(bucket, database)


@pytest.fixture
def orphans(database: Database, bucket: Bucket) -> Orphans:
    """Looks through a store that it has met before."""
    found = Orphans(database, bucket)
    looked(found)
    due(database)
    return found


def due(database: Database) -> None:
    with database.write() as connection:
        its = update(shared_settings).where(shared_settings.c.name == "orphans due")
        connection.execute(its.values(value="2000-01-01T00:00:00+00:00"))


def looked(orphans: Orphans) -> None:
    while orphans.remove_some():
        pass


def copied(database: Database, name: str, *, whole: bool, days: int = 0) -> str:
    values = {"user_key": ADA, "host_id": "h", "made": "m", "era": "e", "number": 1, "bytes": 1}
    with database.write() as connection:
        at = clock.instant() - timedelta(days=days)
        connection.execute(insert(snapshots).values(**values, name=name, whole=whole, at=at))
    return name


def test_what_no_row_names_is_removed_a_day_later(bucket, database, store, orphans):
    sent = picture()
    store.keep("ada", sent)
    kept = [*objects_of("ada", sent.photo.id), bucket.left(copied(database, f"index/{ADA}/{'1' * 32}", whole=True))[0]]
    bucket.age(*kept)
    bucket.left(f"photos/{ADA}/{LEFT}", f"photos/{ADA}/{LEFT}.small", f"photos/{ADA}/tmpx1.part", f"index/{ADA}/{'2' * 32}")
    bucket.left(f"photos/{NOBODY}/{LEFT}", f"index/{NOBODY}/{'3' * 32}")
    looked(orphans)
    assert set(bucket.names("")) == {*kept, MARK}


def test_what_is_younger_than_a_day_stays_until_it_is_older(bucket, database, orphans):
    [name] = bucket.left(f"photos/{NOBODY}/{LEFT}")
    bucket.age(name, hours=23)
    looked(orphans)
    assert bucket.has(name)
    bucket.age(name)
    due(database)
    looked(orphans)
    assert not bucket.has(name)


def test_a_file_of_the_operator_is_no_object_of_ours(bucket, orphans):
    names = bucket.left(f"photos/{ADA}/notes.txt", "photos/README/0", f"photos/{ADA}/a/{LEFT}", f"other/{ADA}/{LEFT}", "README")
    looked(orphans)
    assert set(bucket.names("")) == {*names, MARK}


def test_a_forgotten_picture_stays_as_long_as_it_can_be_brought_back(bucket, database, store, orphans):
    sent = picture()
    store.keep("ada", sent)
    bucket.age(*objects_of("ada", sent.photo.id))
    with database.write() as connection:
        connection.execute(update(photos).values(hidden_at=clock.instant()))
    looked(orphans)
    assert store.on_disk("ada", sent.photo.id)


def test_the_first_look_at_a_store_only_marks_it(bucket, database):
    names = bucket.left(f"photos/{NOBODY}/{LEFT}")
    first = Orphans(database, bucket)
    looked(first)
    assert set(bucket.names("")) == {*names, MARK}
    assert not first.is_due()


def test_nothing_is_removed_from_the_store_of_another_journal(bucket, database, orphans, tmp_path, caplog):
    names = bucket.left(f"photos/{NOBODY}/{LEFT}")
    mark = bucket.get(MARK)
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    for _ in range(2):
        looked(Orphans(other, bucket))
        due(other)
    other.close()
    assert set(bucket.names("")) == {*names, MARK}
    assert bucket.get(MARK) == mark
    [said, _] = caplog.messages
    assert "the bucket has the mark of another journal" in said
    looked(orphans)
    assert bucket.names("") == [MARK]


def test_a_store_that_says_no_times_is_left_alone(bucket, orphans, monkeypatch):
    names = bucket.left(f"photos/{NOBODY}/{LEFT}")
    monkeypatch.setattr(bucket, "times", lambda _prefix: {})
    looked(orphans)
    assert set(bucket.names("")) == {*names, MARK}


def test_one_of_all_hosts_looks_and_none_again_on_that_day(bucket, database, orphans):
    other = Orphans(database, bucket)
    assert orphans.is_due()
    bucket.left(f"photos/{NOBODY}/{LEFT}")
    assert orphans.remove_some()
    assert not other.is_due()
    assert not other.remove_some()
    assert bucket.has(f"photos/{NOBODY}/{LEFT}")
    looked(orphans)
    assert not orphans.is_due()
    with database.read() as connection:
        until = connection.execute(select(shared_settings.c.value).where(shared_settings.c.name == "orphans due")).scalar_one()
    assert until[:10] == (clock.instant() + timedelta(days=1)).isoformat()[:10]


def test_after_a_failure_it_is_due_again_within_the_hour(bucket, database, orphans, monkeypatch):
    bucket.left(f"photos/{NOBODY}/{LEFT}")
    with monkeypatch.context() as broken:
        broken.setattr(bucket, "folders", lambda _prefix: (_ for _ in ()).throw(StorageError("The bucket is down.")))
        with pytest.raises(StorageError):
            looked(orphans)
    # The queue tries again at once: the store is not asked.
    assert not orphans.remove_some()
    with database.read() as connection:
        until = connection.execute(select(shared_settings.c.value).where(shared_settings.c.name == "orphans due")).scalar_one()
    assert until < (clock.instant() + timedelta(hours=2)).isoformat()
    due(database)
    looked(orphans)
    assert bucket.names("photos/") == []


def test_without_an_object_store_it_is_never_due(database):
    assert not Orphans(database, None).is_due()
    assert not Orphans(database, None).remove_some()


def test_many_are_removed_in_batches_and_each_batch_is_a_part(bucket, orphans):
    bucket.left(*(f"photos/{NOBODY}/{number:064x}" for number in range(50)))
    parts = 0
    counts = []
    while orphans.remove_some():
        parts += 1
        counts.append(len(bucket.names("photos/")))
    assert counts == [50, 30, 10, 0]
    assert parts == 4


def test_a_copy_that_was_never_whole_is_removed_with_its_row(bucket, database, orphans):
    old = copied(database, f"index/{ADA}/{'1' * 32}", whole=False, days=2)
    new = copied(database, f"index/{ADA}/{'2' * 32}", whole=False)
    bucket.left(old, new)
    looked(orphans)
    assert bucket.names("index/") == [new]
    with database.read() as connection:
        assert list(connection.execute(select(snapshots.c.name)).scalars()) == [new]


def test_a_picture_of_a_first_message_that_never_came_is_removed_with_its_row(bucket, database, store, orphans):
    sent = picture()
    store.keep("bob", sent)
    looked(orphans)
    assert [photo.id for photo in store.list("bob")] == [sent.photo.id]
    with database.write() as connection:
        connection.execute(update(photos).values(received_at=clock.instant() - timedelta(days=2)))
    bucket.age(*objects_of("bob", sent.photo.id))
    due(database)
    looked(orphans)
    assert store.list("bob") == []
    assert bucket.names("photos/") == []


@pytest.mark.parametrize("person", ["ada", "bob"])
def test_an_upload_that_meets_the_removal_is_written_again(bucket, database, store, orphans, person):
    sent = picture()
    names = bucket.left(*objects_of(person, sent.photo.id))
    met = []

    def _removed(name: str) -> None:
        if name == names[1] and not met:
            met.append(name)
            whose = "ada" if person == "ada" else None
            assert remove_unknown(database, bucket, user_key(person), names, whose) == 2

    bucket.meanwhile = _removed
    store.keep(person, sent)
    assert met
    assert (store.original(person, sent.photo.id), store.for_model(person, sent.photo.id)) == (sent.full, sent.small)


@pytest.mark.parametrize("person", ["ada", "bob"])
def test_what_got_its_row_after_the_look_stays(bucket, database, store, person):
    sent = picture()
    names = bucket.left(*objects_of(person, sent.photo.id))
    store.keep(person, sent)
    assert remove_unknown(database, bucket, user_key(person), names, "ada" if person == "ada" else None) == 0
    assert store.original(person, sent.photo.id) == sent.full


def test_an_object_that_is_sent_again_is_new_again(bucket, store, orphans):
    sent = picture()
    store.put_files("ada", sent.photo.id, sent.full, sent.small)
    bucket.age(*objects_of("ada", sent.photo.id))
    store.put_files("ada", sent.photo.id, sent.full, sent.small)
    looked(orphans)
    assert store.on_disk("ada", sent.photo.id)


def test_it_says_how_many_and_no_name(bucket, orphans, caplog):
    caplog.set_level(logging.INFO)
    bucket.left(f"photos/{NOBODY}/{LEFT}", f"photos/{ADA}/{LEFT}")
    looked(orphans)
    assert caplog.messages == ["2 object(s) that no row named were removed"]
