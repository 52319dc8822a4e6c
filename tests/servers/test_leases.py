"""One person, one order, on any host: real processes on a real PostgreSQL, killed, cut off, and with a clock that is wrong."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from memory.storage.engine import Database
from memory.storage.host_schema import leases
from memory.storage.schema import turns
from memory.storage.server_time import ServerTime
from tests.servers.host import Host, until

pytestmark = pytest.mark.server


@pytest.fixture
def start(stores, tmp_path) -> Iterator[Callable[..., Host]]:
    """Starts hosts; the first one makes the tables."""
    with stores.open():
        pass
    hosts: list[Host] = []

    def make(*names: str, **ahead_s: float) -> list[Host]:
        new = [Host(stores, tmp_path / name, name, ahead_s.get(name, 0)) for name in names]
        hosts.extend(new)
        for host in new:
            host.process_id = host.hears(ready=host.name)["process"]
        return new

    yield make
    for host in hosts:
        host.end()


@pytest.fixture
def journal(stores, start) -> Iterator[Database]:
    database = Database(stores.database_url)
    yield database
    database.close()


def states(journal: Database, user: str) -> list[tuple[str, str]]:
    with journal.read() as connection:
        query = select(turns.c.text, turns.c.state).where(turns.c.user_id == user).order_by(turns.c.seq)
        return [(said, state) for said, state in connection.execute(query)]


def facts(stores, user: str) -> list[str]:
    """The keywords of what was extracted, which name the host that did it."""
    with stores.open() as memory:
        return [" ".join(one.keywords) for one in memory.memories.entries(user, kind="semantic")]


def test_a_killed_hosts_step_is_taken_over(stores, start, journal, user):
    first, second = start("first", "second")
    first.hold("semantic")
    second.hold("semantic")
    first.says(user, "Message one")
    # Which of the two hosts does the step is not known before.
    killed, other = (first, second) if holder(journal, "work", user, first) else (second, first)
    killed.hears(asked="semantic")
    killed.process.kill()
    began = time.monotonic()
    other.hears(asked="semantic", about="Message one")
    assert time.monotonic() - began < 30
    other.let_go("semantic")
    until(lambda: not queued(journal))
    assert facts(stores, user) == [other.name]


def queued(journal: Database) -> int:
    with journal.read() as connection:
        return connection.execute(text("SELECT count(*) FROM work")).scalar_one()


def test_a_killed_hosts_reply_holds_the_next_one_up_for_seconds_alone(start, journal, user):
    first, second = start("first", "second")
    first.hold("reasoning")
    first.do("say", user=user, text="Message one")
    first.hears(asked="reasoning")
    first.process.kill()
    began = time.monotonic()
    told = second.says(user, "Message two")
    assert time.monotonic() - began < 25
    assert told["reply"] == "I saw Message two."
    assert states(journal, user) == [("Message one", "failed"), ("Message two", "answered")]


def test_a_reply_waits_for_that_of_the_message_before_it_on_another_host(start, journal, user):
    first, second = start("first", "second")
    # From here on it answers at once.
    second.says(f"{user} too", "Message zero")
    first.hold("reasoning")
    first.do("say", user=user, text="Message one")
    first.hears(asked="reasoning")
    second.do("say", user=user, text="Message two")
    for number in range(3):
        assert "reply" in second.says(f"{user} too", f"Message other-{number}"), "other people do not wait"
    assert states(journal, user) == [("Message one", "received"), ("Message two", "received")]
    first.let_go("reasoning")
    assert first.hears(said="Message one")["reply"] == "I saw Message one."
    assert second.hears(said="Message two")["reply"] == "I saw Message one Message two."


def test_what_a_host_was_cut_off_from_is_not_committed_late(stores, start, journal, user):
    first, second = start("first", "second")
    first.hold("semantic")
    second.hold("semantic")
    first.says(user, "Message one")
    cut_off, other = (first, second) if holder(journal, "work", user, first) else (second, first)
    cut_off.hears(asked="semantic")
    cut_off.process.send_signal(signal.SIGSTOP)
    other.hears(asked="semantic")
    # It wakes up while the other one is still at it, and its model answers at once.
    cut_off.let_go("semantic")
    cut_off.process.send_signal(signal.SIGCONT)
    until(lambda: lost(cut_off) == 1)
    other.let_go("semantic")
    until(lambda: not queued(journal))
    assert facts(stores, user) == [other.name]
    with journal.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM personality")).scalar_one() == 1


def lost(host: Host) -> object:
    host.do("counts")
    return host.hears(leases_lost=None)["leases_lost"]


def holder(journal: Database, purpose: str, user: str, host: Host) -> bool:
    """Return whether a host has a lease, once somebody has it."""
    found: list[str] = []

    def is_held() -> bool:
        with journal.read() as connection:
            query = select(leases.c.holder).where(leases.c.user_id == user, leases.c.purpose == purpose)
            found[:] = connection.execute(query.where(leases.c.until > ServerTime())).scalars()
        return bool(found)

    until(is_held)
    return found[0] == host.process_id


def test_a_late_reply_of_a_host_that_was_cut_off_is_refused(start, journal, user):
    first, second = start("first", "second")
    first.hold("reasoning")
    first.do("say", user=user, text="Message one")
    first.hears(asked="reasoning")
    first.process.send_signal(signal.SIGSTOP)
    second.hold("reasoning")
    second.do("say", user=user, text="Message two")
    second.hears(asked="reasoning")
    first.let_go("reasoning")
    first.process.send_signal(signal.SIGCONT)
    assert first.hears(said="Message one")["error"] == "lease_lost"
    second.let_go("reasoning")
    assert second.hears(said="Message two")["reply"] == "I saw Message two."
    assert states(journal, user) == [("Message one", "failed"), ("Message two", "answered")]
    # It can be sent again, and this host goes on as before.
    assert first.says(user, "Message three")["reply"] == "I saw Message two Message three."


def test_a_clock_that_is_five_minutes_ahead_dates_messages_as_the_others(start, journal, user):
    right, ahead = start("right", "ahead", ahead=300)
    for number in range(4):
        (right, ahead)[number % 2].says(user, f"Message {number}")
    with journal.read() as connection:
        rows = connection.execute(
            select(turns.c.at, turns.c.received_at, ServerTime().label("now")).order_by(turns.c.seq)
        ).all()
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    for row in rows:
        assert row.now - row.received_at < timedelta(minutes=4)
        assert abs(row.received_at - row.at) < timedelta(seconds=5)
        assert row.received_at <= row.now + timedelta(seconds=5)
    ahead.do("clock")
    told = ahead.hears(instant=None)
    differs = datetime.fromisoformat(str(told["machine"])) - datetime.fromisoformat(str(told["instant"]))
    assert abs(differs - timedelta(minutes=5)) < timedelta(seconds=5)
    # Work that was put off, and its next try, go by the same clock.
    until(lambda: not queued(journal))


def test_three_hosts_keep_the_order_of_a_persons_messages(start, journal, user):
    hosts = start("first", "second", "third")
    people = [f"{user} {letter}" for letter in "ab"]
    for number in range(6):
        for host in hosts:
            for name in people:
                host.do("say", user=name, text=f"Message {host.name}-{number}")
    for number in range(6):
        for host in hosts:
            for _ in people:
                assert "reply" in host.hears(said=f"Message {host.name}-{number}")
    until(lambda: not queued(journal))
    for name in people:
        with journal.read() as connection:
            rows = connection.execute(select(turns).where(turns.c.user_id == name).order_by(turns.c.seq)).all()
        assert [row.seq for row in rows] == list(range(1, 19))
        assert {row.state for row in rows} == {"answered"}
        assert [row.at for row in rows] == sorted(row.at for row in rows)
        for before, row in itertools.pairwise(rows):
            assert before.text in row.reply, "every reply sees the message before it"
