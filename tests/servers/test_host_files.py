"""The index files of a host are a cache: loaded from the object store, saved behind, purged on every host, within a limit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update

from memory.core.query import Query
from memory.core.records import user_key
from memory.memory import Memory
from memory.objects.folder import FolderStore
from memory.storage.host_list import HostList
from memory.storage.host_schema import host_processes, hosts, purge_acks, purges, snapshots
from memory.storage.schema import metadata
from memory.storage.server_time import ServerTime
from tests.fakes import WordEmbedder

pytestmark = pytest.mark.server
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
SECRET = "Zazuquill"


@pytest.fixture
def objects(tmp_path):
    return FolderStore(tmp_path / "bucket")


@pytest.fixture
def host(stores, tmp_path, objects):
    """Opens a host by its name: a folder of its own, the same journal, Chroma and object store."""
    with ExitStack() as opened:

        def _open(name: str, **options) -> Memory:
            urls = {"database_url": stores.database_url, "chroma_url": stores.chroma_url}
            return opened.enter_context(Memory(tmp_path / name, WordEmbedder(), objects=objects, **urls, **options))

        yield _open


def lived(memory: Memory, user: str, count: int = 220) -> str:
    """A history that is long enough for a copy; returns the turn with the secret."""
    for number in range(count):
        memory.ingest_turn(user, START + timedelta(minutes=number), f"On day {number} I counted {number} swans.", "I see.")
    turn = memory.ingest_turn(user, START + timedelta(minutes=count), f"My heron is called {SECRET}.", "I see.")
    memory.index(user)
    return turn.id


def asked(memory: Memory, user: str, text: str) -> str:
    return str(memory.search_jointly(user, Query(text, text, START + timedelta(days=30))).memories)


def until(done, times: int = 300) -> None:
    for _ in range(times):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError


def saved(memory: Memory, user: str) -> None:
    until(lambda: not memory._host_files._saving.is_waiting(user))
    assert memory._host_files.copies.count(user_key(user)) == 1


def left_in(folder, secret: str = SECRET) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


class TestCopies:
    def test_a_host_that_does_not_know_a_person_loads_the_copy(self, host, user):
        one, other = host("one"), host("other")
        lived(one, user)
        saved(one, user)
        embedded = []
        other._indexer._embedder = Counting(embedded)
        assert SECRET in asked(other, user, "heron")
        until(lambda: not other._indexes.follower.is_waiting(user))
        assert other._indexes.search.count(user) == 221
        assert not embedded
        assert SECRET in asked(other, user, "heron")

    def test_what_changed_after_the_copy_is_read_from_the_journal(self, host, user):
        one = host("one")
        lived(one, user)
        saved(one, user)
        one.ingest_turn(user, START + timedelta(days=2), "My newt is called Quorlim.", "I see.")
        other = host("other")
        other.index(user)
        assert "Quorlim" in asked(other, user, "newt")
        assert other._indexes.search.position(user) == Copy.position(one, user)

    def test_a_damaged_copy_is_not_used(self, host, user, objects):
        one = host("one")
        lived(one, user)
        saved(one, user)
        [name] = objects.names(f"index/{user_key(user)}/")
        objects.put(name, objects.get(name)[:5000])
        other = host("other")
        assert other.index(user) == 221
        assert SECRET in asked(other, user, "heron")

    def test_a_copy_of_another_layout_is_not_used(self, host, user):
        one = host("one")
        lived(one, user)
        saved(one, user)
        with one._database.write() as connection:
            connection.execute(update(snapshots).values(made="another"))
        assert not host("other")._host_files.copies.load(user)

    def test_a_newer_copy_replaces_the_older_one(self, host, user):
        one = host("one")
        lived(one, user)
        saved(one, user)
        for number in range(210):
            one.ingest_turn(user, START + timedelta(days=1, minutes=number), f"I saw {number} ducks.", "I see.")
        one.index(user)
        saved(one, user)
        with one._database.read() as connection:
            assert connection.execute(select(snapshots.c.number)).scalars().all() == [431]

    def test_a_copy_that_is_uploaded_while_something_is_purged_is_deleted(self, host, user):
        one = host("one")
        turn_id = lived(one, user)
        saved(one, user)
        with one._database.write() as connection:
            connection.execute(update(snapshots).values(number=0))
        copies, upload = one._host_files.copies, one._host_files.copies._objects.upload

        def _purged_meanwhile(name, file):
            upload(name, file)
            one.forget(user, turn_id, now=True)
            upload(name, file)

        copies._objects.upload = _purged_meanwhile
        assert not copies.save(user)
        assert copies.count(user_key(user)) == 0

    def test_what_a_killed_process_left_of_a_copy_is_deleted(self, host, user):
        one = host("one")
        folder = one._indexes.search.files.folder
        ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
        for process in (int(ended.stdout), os.getpid()):
            (folder / f"copy-{process}-x").mkdir()
        one._host_files.copies.sweep()
        assert [path.name for path in folder.glob("copy-*")] == [f"copy-{os.getpid()}-x"]
        (folder / f"copy-{os.getpid()}-x").rmdir()


class TestPurges:
    def test_every_host_alive_removes_it_before_the_receipt_is_given(self, host, user, tmp_path):
        one, other = host("one"), host("other")
        turn_id = lived(one, user)
        saved(one, user)
        assert SECRET in asked(other, user, "heron")
        until(lambda: not other._indexes.follower.is_waiting(user))
        assert left_in(tmp_path / "other")
        receipt = one.forget(user, turn_id, now=True)
        assert {one.state for one in receipt.hosts} == {"purged"}
        assert len(receipt.hosts) == 2
        assert receipt.is_clean, receipt.found
        assert not left_in(tmp_path)
        assert SECRET not in asked(other, user, "heron")

    def test_a_host_that_is_down_is_named_and_purges_at_its_next_start(self, stores, host, user, tmp_path, objects):
        one = host("one")
        turn_id = lived(one, user)
        urls = {"database_url": stores.database_url, "chroma_url": stores.chroma_url}
        with Memory(tmp_path / "other", WordEmbedder(), objects=objects, **urls) as other:
            other.index(user)
        receipt = one.forget(user, turn_id, now=True)
        assert sorted(one.state for one in receipt.hosts) == ["down", "purged"]
        assert receipt.is_clean
        assert left_in(tmp_path / "other")
        assert one.counts.purges_waiting() == 1
        host("other")
        assert not left_in(tmp_path)
        assert {one.state for one in one.receipts(user)[-1].hosts} == {"purged"}
        assert one.counts.purges_waiting() == 0

    def test_a_person_who_is_deleted_is_on_no_host(self, host, user, tmp_path):
        one, other = host("one"), host("other")
        lived(one, user)
        saved(one, user)
        other.index(user)
        one.delete_user(user)
        assert not any(one.left_of(user).values())
        assert not list((tmp_path / "other").rglob(f"{user_key(user)}*"))
        assert not left_in(tmp_path)

    def test_a_deletion_names_a_host_that_is_down_until_it_has_started_again(self, stores, host, user, tmp_path, objects):
        one = host("one")
        lived(one, user, 3)
        urls = {"database_url": stores.database_url, "chroma_url": stores.chroma_url}
        with Memory(tmp_path / "other", WordEmbedder(), objects=objects, **urls) as other:
            other.index(user)
        one.delete_user(user)
        assert sorted(one.state for one in one.deletion.hosts_of(user)) == ["down", "purged"]
        assert one.left_of(user)["hosts"] == 1
        assert [one.purges for one in HostList(one._database).all() if not one.processes] == [1]
        assert left_in(tmp_path / "other")
        with one._database.read() as connection:
            named = [table for table in metadata.sorted_tables if user in str(connection.execute(select(table)).all())]
        assert named == [], "the person's name is in no table"
        host("other")
        assert {one.state for one in one.deletion.hosts_of(user)} == {"purged"}
        assert not any(one.left_of(user).values())
        assert not left_in(tmp_path)

    def test_a_person_who_came_back_is_told_by_the_last_deletion(self, host, user):
        one = host("one")
        for _ in range(2):
            lived(one, user, 3)
            one.delete_user(user)
        host("other")
        assert [one.state for one in one.deletion.hosts_of(user)] == ["purged"]
        assert one.deletion.hosts_of("nobody") == []

    def test_a_host_that_kept_no_files_leaves_no_trace_and_one_that_did_stays(self, stores, host, user, tmp_path, objects):
        one = host("one")
        lived(one, user, 3)
        urls = {"database_url": stores.database_url, "chroma_url": stores.chroma_url}
        for name, indexes in (("looks", False), ("serves", True)):
            with Memory(tmp_path / name, WordEmbedder(), objects=objects, **urls) as other:
                assert other.journal.users()
                if indexes:
                    other.index(user)
            assert len(HostList(one._database).all()) == 1 + indexes
        assert not list((tmp_path / "looks" / "shared-words").iterdir())

    def test_a_copy_that_another_host_makes_before_it_has_purged_does_not_stay(self, host, user, tmp_path, monkeypatch):
        one, other = host("one"), host("other")
        turn_id = lived(one, user)
        saved(one, user)
        other.index(user)
        purges = one._host_files.purges
        wait = purges.wait

        def _after_a_copy(purge_id):
            assert other._host_files.copies.save(user)
            assert left_in(tmp_path / "bucket")
            return wait(purge_id)

        monkeypatch.setattr(purges, "wait", _after_a_copy)
        receipt = one.forget(user, turn_id, now=True)
        assert receipt.is_clean, receipt
        assert not left_in(tmp_path)

    def test_a_copy_without_it_is_not_counted_as_left(self, host, user, tmp_path, monkeypatch):
        one = host("one")
        turn_id = lived(one, user)
        saved(one, user)
        wait = one._host_files.purges.wait
        monkeypatch.setattr(one._host_files.purges, "wait", lambda name: (one._host_files.copies.save(user), wait(name))[1])
        receipt = one.forget(user, turn_id, now=True)
        assert one._host_files.copies.count(user_key(user)) == 1
        assert receipt.is_clean, receipt.found
        assert not left_in(tmp_path)

    def test_the_servers_statistics_have_no_word_of_it(self, host, user):
        one = host("one")
        lived(one, user)
        with one._database.write() as connection:
            connection.execute(text("ANALYZE"))
            words = ("text", "reply", "error", "speaker", "key", "reason", "name")
            kept = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND attname = ANY(:names) AND tablename = ANY(:tables)"
            tables = ["turns", "memories", "outputs", "refusals", "work", "imports"]
            assert connection.execute(text(kept), {"names": list(words), "tables": tables}).scalar_one() == 0

    def test_a_host_that_is_newer_than_a_purge_is_not_waited_for(self, host, user):
        one = host("one")
        turn_id = lived(one, user, 3)
        one.forget(user, turn_id, now=True)
        host("other")
        assert [one.state for one in one.receipts(user)[-1].hosts] == ["purged"]

    def test_a_host_that_was_removed_from_the_registry_comes_back_without_its_files(
        self, host, user, stores, tmp_path, objects
    ):
        one = host("one")
        lived(one, user, 3)
        urls = {"database_url": stores.database_url, "chroma_url": stores.chroma_url}
        with Memory(tmp_path / "other", WordEmbedder(), objects=objects, **urls) as other:
            other.index(user)
            host_id = other.hosts.host_id
        with one._database.write() as connection:
            for table, column in (
                (hosts, hosts.c.id),
                (host_processes, host_processes.c.host_id),
                (purge_acks, purge_acks.c.host_id),
            ):
                connection.execute(delete(table).where(column == host_id))
        assert left_in(tmp_path / "other")
        host("other")
        assert not left_in(tmp_path / "other")

    def test_purges_that_all_have_acknowledged_are_not_kept_for_good(self, host, user):
        one = host("one")
        turn_id = lived(one, user, 3)
        one.forget(user, turn_id, now=True)
        with one._database.write() as connection:
            connection.execute(update(purges).values(at=ServerTime(-100_000)))
            connection.execute(update(hosts).values(since=ServerTime(-200_000)))
        one.forget(user, one.journal.turns(user)[0].id, now=True)
        with one._database.read() as connection:
            assert len(connection.execute(select(purges)).all()) == 1


def test_the_least_recently_used_files_go_first(host, user):
    one = host("one", index_limit=1)
    for number in range(3):
        lived(one, f"{user} {number}", 2)
    assert one._host_files.tidy() == 2
    assert one._indexes.search.files.has(f"{user} 2")
    assert SECRET in asked(one, f"{user} 0", "heron")


class Counting(WordEmbedder):
    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self.texts = texts

    def embed(self, texts):
        self.texts += texts
        return super().embed(texts)


class Copy:
    @staticmethod
    def position(memory: Memory, user: str):
        memory.index(user)
        return memory._indexes.search.position(user)
