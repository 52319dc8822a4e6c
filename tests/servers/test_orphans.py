"""Hosts on one bucket remove what no row names: one of them, once a day, beside uploads that go on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from memory.core import clock
from memory.core.records import user_key
from memory.hosts.orphans import MARK, Orphans, remove_unknown
from memory.hosts.reencryption import Reencrypted, reencrypt
from memory.memory import Memory
from memory.objects.bucket import BucketStore
from memory.objects.encrypted_store import EncryptedStore
from memory.objects.opening import open_store
from memory.photos.store import objects_of
from memory.storage.host_schema import shared_settings, snapshots
from memory.storage.schema import photos
from memory.storage.shared_settings import settled
from tests.servers.test_objects import KEY, OTHER, opened, picture, told

pytestmark = pytest.mark.server
NOBODY, LEFT = user_key("nobody"), "0" * 64


class Aged(BucketStore):
    """A bucket in which some objects are a day older than they are."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.old: set[str] = set()
        self.meanwhile = lambda _name: None

    def put(self, name: str, data: bytes) -> None:
        super().put(name, data)
        self.old.discard(name)
        self.meanwhile(name)

    def left(self, *names: str) -> None:
        """Write what a host that was killed left a day ago."""
        for name in names:
            super().put(name, b"left")
        self.old.update(names)

    def times(self, prefix: str) -> dict[str, datetime]:
        return {name: at - timedelta(hours=25) * (name in self.old) for name, at in super().times(prefix).items()}


@pytest.fixture
def aged(bucket):
    return Aged(bucket)


@pytest.fixture
def hosts(stores, aged):
    keyed = EncryptedStore(aged, bytes.fromhex(KEY))
    with opened(stores, keyed, "one") as one, opened(stores, keyed, "two") as two:
        yield one, two


def due(memory: Memory) -> None:
    settled(memory._database, "orphans due", "")
    with memory._database.write() as connection:
        its = update(shared_settings).where(shared_settings.c.name == "orphans due")
        connection.execute(its.values(value="2000-01-01T00:00:00+00:00"))


def until(done, times: int = 600) -> None:
    for _ in range(times):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError


def kept_up(memory: Memory) -> None:
    """Do the upkeep of a host, with what it does behind."""
    memory.catch_up()
    until(lambda: not memory._host_files._removing.is_waiting(""))


def test_a_host_removes_what_another_one_left_when_it_was_killed(hosts, aged, user):
    one, two = hosts
    sent, key = picture(), user_key(user)
    told(one, user, "Look at this.", sent)
    mine = set(objects_of(user, sent.photo.id))
    kept_up(one)
    assert aged.has(MARK)
    assert not two._host_files.orphans.is_due()
    aged.left(f"photos/{key}/{LEFT}", f"photos/{key}/{LEFT}.small", f"photos/{NOBODY}/{LEFT}", f"index/{NOBODY}/{'1' * 32}")
    aged.left(unfinished := f"index/{key}/{'2' * 32}")
    values = {"user_key": key, "host_id": "h", "made": "m", "era": "e", "number": 1, "bytes": 1, "whole": False}
    with one._database.write() as connection:
        connection.execute(insert(snapshots).values(**values, name=unfinished, at=clock.instant() - timedelta(days=2)))
    aged.old |= mine
    BucketStore.put(aged, young := f"photos/{NOBODY}/{'3' * 64}", b"being uploaded")
    kept_up(one)
    assert len(aged.names("")) == 9  # not due: nobody looked
    due(one)
    kept_up(two)
    assert set(aged.names("")) == {*mine, young, MARK}
    with one._database.read() as connection:
        assert connection.execute(select(func.count()).select_from(snapshots)).scalar_one() == 0
    assert one.photos.original(user, sent.photo.id) == sent.full


def test_of_many_that_look_at_the_same_moment_one_does(hosts, aged):
    one, _ = hosts
    looks = [Orphans(one._database, aged) for _ in range(8)]
    for _ in range(2):  # the first time, there is no row yet
        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(lambda look: look._take_turn(), looks)) == [False] * 7 + [True]
        due(one)


def test_an_upload_waits_for_a_removal_and_is_written_again(hosts, aged, user):
    one, two = hosts
    sent = picture()
    one.receive(user, "Hello.")
    aged.left(*(names := objects_of(user, sent.photo.id)))
    is_there, goes_on = threading.Event(), threading.Event()
    remove, deleted = aged.delete, []

    def _late(gone) -> None:
        """Delete only when the upload has written both: this is inside the removal."""
        goes_on.set()
        assert is_there.wait(30)
        deleted.extend(gone)
        remove(gone)

    aged.delete = _late
    aged.meanwhile = lambda name: is_there.set() if name == names[1] else None
    removal = threading.Thread(target=remove_unknown, args=(two._database, aged, user_key(user), names, user))
    removal.start()
    assert goes_on.wait(30)
    told(one, user, "Look at this.", sent)
    removal.join()
    assert sorted(deleted) == sorted(names)
    assert two.photos.original(user, sent.photo.id) == sent.full
    assert two.photos.for_model(user, sent.photo.id) == sent.small


def test_an_archive_that_meets_a_removal_has_its_pictures(hosts, aged, user, tmp_path):
    one, two = hosts
    sent = picture()
    told(one, user, "Look at this.", sent)
    one.export_user(user, tmp_path / "a.zip")
    one.delete_user(user)
    aged.left(*(names := objects_of(user, sent.photo.id)))
    met = []

    def _removed(name: str) -> None:
        if name == names[1] and not met:
            met.append(remove_unknown(two._database, aged, user_key(user), names, None))

    aged.meanwhile = _removed
    one.import_user(tmp_path / "a.zip")
    assert met == [2]
    assert two.photos.original(user, sent.photo.id) == sent.full


def test_many_uploads_at_once_do_not_wait_for_each_other(hosts, user):
    one, two = hosts
    settled(one._database, "object removals", "0")
    sent = [picture(10 + number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: (one, two)[n % 2].photos.keep(f"{user} {n}", sent[n]), range(6)))
    with one._database.read() as connection:
        assert connection.execute(select(func.count()).select_from(photos)).scalar_one() == 6


def test_a_new_key_comes_to_a_bucket_while_hosts_serve(hosts, aged, bucket, user):
    one, _ = hosts
    sent = picture()
    told(one, user, "Look at this.", sent)
    kept_up(one)
    keys = f"{OTHER},{KEY}"
    done = reencrypt(one._database, open_store(bucket, keys), lambda _done, _left: None)
    assert done == Reencrypted(rewritten=2)
    assert reencrypt(one._database, open_store(bucket, keys), lambda _done, _left: None) == Reencrypted(current=2)
    one.photos._objects = open_store(bucket, OTHER)
    assert one.photos.original(user, sent.photo.id) == sent.full
    assert Orphans(one._database, open_store(bucket, OTHER))._a_day_ago(open_store(bucket, OTHER)) is not None


def test_a_bucket_says_its_times_and_folders(bucket):
    store = open_store(bucket, KEY)
    store.put("photos/a/1", b"one")
    store.put("photos/b/c/1", b"two")
    assert sorted(store.folders("photos/")) == ["a", "b"]
    assert store.folders("nothing/") == []
    [(name, at)] = store.times("photos/a/").items()
    assert name == "photos/a/1"
    assert abs(at - clock.instant()) < timedelta(minutes=1)
    assert store.begin("photos/a/1", 7) == b"PERSENC"
    BucketStore(bucket).put("photos/a/2", b"")
    assert not store.is_current("photos/a/2")
