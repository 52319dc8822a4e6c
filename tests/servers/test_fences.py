"""One order for the writes of a person, and none under a lease that was taken over: several hosts on a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from memory.core.errors import LeaseLost, StorageError
from memory.memory import Memory
from memory.storage import fences
from memory.storage.engine import Database
from memory.storage.host_schema import host_processes
from memory.storage.hosts import Hosts
from memory.storage.leases import Leases
from memory.storage.schema import turns, users
from memory.storage.server_time import ServerTime
from tests.fakes import WordEmbedder
from tests.servers.host import until

pytestmark = pytest.mark.server


@contextmanager
def processes(stores, tmp_path, number: int) -> Iterator[list[tuple[Database, Hosts, Leases]]]:
    """Several hosts within this process."""
    with stores.open():
        pass
    made = []
    for count in range(number):
        folder = tmp_path / f"host{count}"
        folder.mkdir()
        database = Database(stores.database_url)
        hosts = Hosts(database, folder)
        made.append((database, hosts, Leases(database, hosts)))
    yield made
    for database, hosts, held in made:
        held.close()
        hosts.close()
        database.close()


def age(database: Database, process_id: str, seconds: float) -> None:
    """Let a process have been seen for the last time some seconds ago, and its leases as well."""
    with database.write() as connection:
        seen = update(host_processes).where(host_processes.c.id == process_id)
        connection.execute(seen.values(seen=ServerTime(-seconds)))


def test_a_lease_is_held_by_one_and_taken_over_with_a_higher_fence(stores, tmp_path):
    with processes(stores, tmp_path, 2) as [(database, hosts, one), (_, _, other)]:
        first = one.take("ada", "work")
        assert first is not None
        assert one.take("ada", "work") is None, "nor by another thread of its holder"
        assert other.take("ada", "work") is None
        assert other.is_elsewhere("ada", "work")
        assert other.take("ada", "reply") is not None
        assert other.take("bob", "work") is not None
        # Its holder is dead: it is free at once.
        age(database, hosts.process_id, 13)
        second = other.take("ada", "work")
        assert second is not None
        assert second.fence == first.fence + 1
        hosts.beat()
        # What the first holder gives back, or renews, is not its own any more.
        one.give_back(first)
        assert other.is_elsewhere("ada", "work") is False
        with database.read() as connection:
            fences.check(connection, second)
        other.give_back(second)
        third = one.take("ada", "work")
        assert third is not None
        assert third.fence == second.fence + 1


def test_several_that_take_a_lease_at_once_do_not_all_get_it(stores, tmp_path):
    with processes(stores, tmp_path, 6) as made:
        got: list[object] = []
        threads = [threading.Thread(target=lambda one=held: got.append(one.take("ada", "work"))) for _, _, held in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(lease is not None for lease in got) == 1


def test_nothing_is_committed_under_a_lease_that_was_taken_over(stores, tmp_path):
    with processes(stores, tmp_path, 2) as [(database, hosts, one), (_, _, other)]:
        with database.write() as connection:
            connection.execute(users.insert().values(id="ada", created_at=datetime.now(UTC)))
        lease = one.take("ada", "work")
        name = update(users).where(users.c.id == "ada").values(sensitive="each")
        with fences.under(lease), database.write("ada") as connection:
            connection.execute(name)
        age(database, hosts.process_id, 13)
        assert other.take("ada", "work") is not None
        with pytest.raises(LeaseLost), fences.under(lease), database.write("ada") as connection:
            connection.execute(name.values(sensitive="off"))
        # Somebody else's rows, and what is written without a lease, as when the person edits something.
        with fences.under(lease), database.write("bob"):
            pass
        with database.write("ada"):
            pass
        with database.read() as connection:
            assert connection.execute(select(users.c.sensitive)).scalar_one() == "each"


def test_a_lease_is_not_taken_over_between_a_check_and_its_commit(stores, tmp_path):
    with processes(stores, tmp_path, 2) as [(database, hosts, one), (other_database, _, other)]:
        with database.write() as connection:
            connection.execute(users.insert().values(id="ada", created_at=datetime.now(UTC)))
        lease = one.take("ada", "work")
        age(database, hosts.process_id, 13)
        got: list[object] = []
        taking = threading.Thread(target=lambda: got.append(other.take("ada", "work")))
        with fences.under(lease), database.write("ada"):
            taking.start()
            until(lambda: waiting_for_locks(other_database))
            assert not got
        taking.join()
        assert got[0] is not None


def waiting_for_locks(database: Database) -> int:
    with database.glance() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return connection.execute(text(query)).scalar_one()


def test_two_writers_of_a_person_do_not_wait_for_each_other(stores, user):
    """Each changes two messages, in opposite order: with the rows' own locks alone, the database would end one of them."""
    with stores.open() as memory:
        ids = [memory.journal.finish(memory.receive(user, said).id, "Yes.").id for said in ("one", "two")]
        database: Database = memory._database
        begun: list[str] = []
        failed: list[Exception] = []

        def change(order: list[str]) -> None:
            try:
                with database.write(user) as connection:
                    for place, turn_id in enumerate(order):
                        if place:
                            begun.append(order[0])
                            until(lambda: len(begun) == 2 or waiting_for_locks(database))
                        again = update(turns).where(turns.c.id == turn_id).values(revision=turns.c.revision + 1)
                        connection.execute(again)
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=change, args=(order,)) for order in (ids, ids[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed


def test_hosts_know_who_lives(stores, tmp_path):
    with processes(stores, tmp_path, 2) as [(database, one, _), (_, other, _)]:
        assert {one.process_id, other.process_id} <= one.living()
        assert {one.host_id, other.host_id} <= one.living_hosts()
        assert one.host_id != other.host_id
        age(database, other.process_id, 13)
        assert other.process_id not in one.living()
        assert other.host_id not in one.living_hosts()
        other.beat()
        assert other.process_id in one.living()


def test_what_is_cut_off_in_a_transaction_does_not_keep_the_person_locked(stores, user, monkeypatch):
    monkeypatch.setattr(fences, "_LOCK", fences._LOCK.with_only_columns(
        fences.func.set_config("idle_in_transaction_session_timeout", "200ms", True)
    ))  # fmt: skip
    with stores.open() as memory:
        memory.receive(user, "one")
        stuck: Database = memory._database
        with pytest.raises(StorageError, match="PERSONA_DATABASE_URL"), stuck.write(user) as connection:
            # It does nothing for longer than the server allows.
            memory.receive(user, "two")
            connection.execute(select(users.c.id))
        assert [turn.text for turn in memory.journal.turns(user)] == ["one", "two"]


def test_a_memory_on_one_machine_has_no_leases(tmp_path):
    with Memory(tmp_path / "alone", WordEmbedder()) as memory:
        assert memory.leases is None
        assert memory.hosts is None
