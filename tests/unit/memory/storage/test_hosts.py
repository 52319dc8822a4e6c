"""The registry knows the hosts and which of their processes live, and lets all processes go by one clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select

from memory.core import clock
from memory.core.errors import StorageError
from memory.storage import hosts as registry
from memory.storage.engine import Database
from memory.storage.host_schema import host_processes, hosts, purge_acks
from memory.storage.hosts import DEAD_AFTER_S, Hosts
from memory.storage.server_time import ServerTime
from tests.unit.memory.storage.several import Process, unseen


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.setattr("memory.storage.hosts._INTERVAL_S", 3600.0)
    opened = Database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield opened
    opened.close()


def rows(database, table):
    with database.read() as connection:
        return connection.execute(select(table)).all()


def test_a_host_keeps_its_id_and_its_processes_have_their_own(database, tmp_path):
    first, second = Hosts(database, tmp_path), Hosts(database, tmp_path)
    assert first.host_id == second.host_id == (tmp_path / "host-id").read_text()
    assert first.process_id != second.process_id
    assert [row.id for row in rows(database, hosts)] == [first.host_id]
    assert first.living() == {first.process_id, second.process_id}
    assert first.living_hosts() == {first.host_id}
    first.close()
    assert second.living() == {second.process_id}
    second.close()
    assert rows(database, host_processes) == []
    assert [row.id for row in rows(database, hosts)] == [first.host_id], "a host that is down is still a host"


def test_a_host_without_files_leaves_with_its_last_process_and_nothing_waits_for_it(database, tmp_path):
    first, second = Hosts(database, tmp_path), Hosts(database, tmp_path)
    first.has_files = second.has_files = lambda: False
    with database.write() as connection:
        connection.execute(insert(purge_acks).values(purge_id="1", host_id=first.host_id, at=clock.instant()))
    first.close()
    assert [row.id for row in rows(database, hosts)] == [second.host_id], "another process of it is alive"
    second.close()
    assert [rows(database, table) for table in (hosts, host_processes, purge_acks)] == [[], [], []]
    again = Hosts(database, tmp_path)
    assert (again.is_new, again.host_id) == (True, first.host_id)
    again.close()


def test_a_process_that_was_cut_off_while_its_host_left_brings_it_back(database, tmp_path):
    cut_off, other = Hosts(database, tmp_path), Hosts(database, tmp_path)
    other.has_files = lambda: False
    with database.write() as connection:
        connection.execute(delete(host_processes).where(host_processes.c.id == cut_off.process_id))
    other.close()
    assert rows(database, hosts) == []
    cut_off.beat()
    assert [row.id for row in rows(database, hosts)] == [cut_off.host_id]
    cut_off.close()


def test_processes_that_start_at_once_agree_on_the_id(tmp_path):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(registry._host_id(tmp_path))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["host-id"]


def test_a_damaged_id_is_named(tmp_path):
    (tmp_path / "host-id").write_text("half an")
    with pytest.raises(StorageError, match="host-id"):
        registry._host_id(tmp_path)


def test_a_process_that_is_not_seen_is_dead_until_it_is_seen_again(database, tmp_path):
    one, other = (Process.begin(database, tmp_path / name) for name in ("a", "b"))
    unseen(database, other, DEAD_AFTER_S + 1)
    assert one.hosts.living() == {one.hosts.process_id}
    assert one.hosts.living_hosts() == {one.hosts.host_id}
    other.hosts.beat()
    assert one.hosts.living() == {one.hosts.process_id, other.hosts.process_id}
    one.end()
    other.end()


def test_a_host_that_starts_removes_its_own_dead_processes_and_those_of_yesterday(database, tmp_path):
    own, others, long_dead = (Process.begin(database, tmp_path / name) for name in ("a", "b", "c"))
    for process, seconds in ((own, DEAD_AFTER_S + 1), (others, DEAD_AFTER_S + 1), (long_dead, 100_000)):
        unseen(database, process, seconds)
    again = Process.begin(database, tmp_path / "a")
    left = {row.id for row in rows(database, host_processes)}
    assert left == {others.hosts.process_id, again.hosts.process_id}
    # It was cut off, and not dead.
    own.hosts.beat()
    assert own.hosts.process_id in again.hosts.living()
    for process in (own, others, long_dead, again):
        process.end()


def test_the_databases_clock_is_in_utc(database):
    with database.read() as connection:
        now, later = connection.execute(select(ServerTime().label("now"), ServerTime(90).label("later"))).one()
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    assert timedelta(seconds=89.9) < later - now < timedelta(seconds=90.1)


def test_a_wrong_clock_is_corrected_while_the_registry_is_open(database, tmp_path, monkeypatch):
    own = clock.machine_time
    monkeypatch.setattr(clock, "machine_time", lambda: own() + timedelta(minutes=5))
    opened = Hosts(database, tmp_path)
    assert abs(clock.instant() - own()) < timedelta(seconds=2)
    assert abs(clock.now("Asia/Tokyo") - own()) < timedelta(seconds=2)
    opened.close()
    assert clock.instant() - own() > timedelta(minutes=4)


def test_a_clock_that_is_right_is_left_alone(database, tmp_path):
    opened = Hosts(database, tmp_path)
    assert clock._correction == timedelta(0)
    opened.close()
