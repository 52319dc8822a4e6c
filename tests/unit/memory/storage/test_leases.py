"""A lease has one holder, ends when it is not renewed, and is free at once when its holder is dead."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from memory.core.errors import LeaseLost
from memory.storage import fences
from memory.storage.engine import Database
from memory.storage.host_schema import leases
from memory.storage.hosts import DEAD_AFTER_S
from memory.storage.leases import LASTS_S
from tests.unit.memory.storage.several import Process, unrenewed, unseen


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield opened
    opened.close()


@pytest.fixture
def two(database, tmp_path, monkeypatch):
    # Nothing beats by itself: the test says what time passes.
    monkeypatch.setattr("memory.storage.hosts._INTERVAL_S", 3600.0)
    processes = [Process.begin(database, tmp_path / name) for name in ("a", "b")]
    yield processes
    for process in processes:
        process.end()


def test_it_has_one_holder(two):
    one, other = two
    lease = one.leases.take("ada", "work")
    assert lease is not None
    assert one.leases.take("ada", "work") is None
    assert other.leases.take("ada", "work") is None
    assert other.leases.is_elsewhere("ada", "work")
    assert not one.leases.is_elsewhere("ada", "work")
    one.leases.give_back(lease)
    assert not other.leases.is_elsewhere("ada", "work")
    assert other.leases.take("ada", "work") is not None


def test_people_and_purposes_are_separate(two):
    one, other = two
    assert one.leases.take("ada", "work") is not None
    assert other.leases.take("ada", "reply") is not None
    assert other.leases.take("bob", "work") is not None


def test_a_name_in_another_form_is_the_same_person(two):
    one, other = two
    assert one.leases.take("Zoe\u0308", "work") is not None
    assert other.leases.take("Zo\u00eb", "work") is None


def test_each_beat_renews_it(two, database):
    one, other = two
    assert one.leases.take("ada", "work") is not None
    unrenewed(database, LASTS_S - 1)
    one.hosts.beat()
    with database.read() as connection:
        ends = connection.execute(select(leases.c.until)).scalar_one()
    unrenewed(database, 0)
    with database.read() as connection:
        assert abs((connection.execute(select(leases.c.until)).scalar_one() - ends).total_seconds()) < 5
    assert other.leases.take("ada", "work") is None


def test_it_ends_when_it_is_not_renewed(two, database):
    one, other = two
    first = one.leases.take("ada", "work")
    unrenewed(database, LASTS_S + 1)
    second = other.leases.take("ada", "work")
    assert second.fence == first.fence + 1


def test_it_is_free_at_once_when_its_holder_is_dead_or_gone(two, database):
    one, other = two
    first = one.leases.take("ada", "work")
    unseen(database, one, DEAD_AFTER_S - 3)
    assert other.leases.take("ada", "work") is None
    unseen(database, one, DEAD_AFTER_S + 1)
    second = other.leases.take("ada", "work")
    assert second.fence == first.fence + 1
    other.hosts.close()
    assert one.leases.take("bob", "work") is not None
    # Its thread here has not given back what it had of ada: that is no obstacle for the next process.
    assert one.leases._held[("ada", "work")] == first


def test_a_lease_that_was_taken_over_is_refused_and_not_given_back(two, database):
    one, other = two
    first = one.leases.take("ada", "work")
    unseen(database, one, DEAD_AFTER_S + 1)
    second = other.leases.take("ada", "work")
    with database.read() as connection:
        fences.check(connection, second)
        with pytest.raises(LeaseLost, match="took over"):
            fences.check(connection, first)
    one.hosts.beat()
    one.leases.give_back(first)
    with database.read() as connection:
        fences.check(connection, second)
    other.leases.give_back(second)
    third = one.leases.take("ada", "work")
    assert third.fence == second.fence + 1, "a fence is never used again"
    with database.read() as connection, pytest.raises(LeaseLost):
        fences.check(connection, second)


def test_threads_of_one_process_do_not_share_it(two):
    one, _ = two
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(one.leases.take("ada", "work"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lease is not None for lease in got) == 1


def test_the_end_gives_everything_back(two):
    one, other = two
    assert one.leases.take("ada", "work") is not None
    assert one.leases.take("ada", "reply") is not None
    one.leases.close()
    assert other.leases.take("ada", "work") is not None
    assert other.leases.take("ada", "reply") is not None


def test_one_machine_runs_no_statement_more_for_a_write(database):
    from sqlalchemy import event

    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    with fences.under(fences.Lease("ada", "work", "nobody", 1)), database.write("ada"):
        pass
    assert said == []
