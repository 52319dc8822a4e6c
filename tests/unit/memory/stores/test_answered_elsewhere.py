"""Where several processes share a journal, a message is left to the process that received it while that process lives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from memory.core import clock
from memory.core.records import TurnState
from memory.memory import Memory
from memory.storage.schema import turns
from tests.fakes import WordEmbedder
from tests.unit.memory.storage.several import Process, share, unseen

LONG_AGO = timedelta(minutes=11)


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr("memory.storage.hosts._INTERVAL_S", 3600.0)
    with Memory(tmp_path / "data", WordEmbedder(), asks=False) as opened:
        share(opened)
        yield opened


@pytest.fixture
def other(memory, tmp_path):
    """Another process; its messages are stored as its own."""
    mine = memory._database.process_id
    process = Process.begin(memory._database, tmp_path / "other")
    memory._database.process_id = mine
    yield process
    process.end()


def received(memory, other, user="ada", text="Hello."):
    memory._database.process_id, mine = other.hosts.process_id, memory._database.process_id
    turn = memory.receive(user, text)
    memory._database.process_id = mine
    return turn


def state(memory, turn):
    return memory.journal.turn(turn.id).state


def test_a_message_is_noted_as_its_process_s(memory):
    turn = memory.receive("ada", "Hello.")
    again = memory.journal.replace(turn.id)
    with memory._database.read() as connection:
        rows = dict(connection.execute(select(turns.c.id, turns.c.process_id)).all())
    assert rows == dict.fromkeys((turn.id, again.id), memory.hosts.process_id)


def test_on_one_machine_it_is_nobody_s(tmp_path):
    with Memory(tmp_path / "alone", WordEmbedder(), asks=False) as alone:
        alone.receive("ada", "Hello.")
        with alone._database.read() as connection:
            assert connection.execute(select(turns.c.process_id)).scalars().all() == [None]


def test_what_a_living_process_answers_is_left_to_it(memory, other):
    turn, own = received(memory, other), memory.receive("bob", "Hello.")
    assert memory.fail_interrupted() == 0
    unseen(memory._database, other, 13)
    assert memory.fail_interrupted() == 1
    assert state(memory, turn) is TurnState.FAILED
    assert state(memory, own) is TurnState.RECEIVED


def test_of_one_person_alone(memory, other):
    ada, bob = received(memory, other), received(memory, other, "bob")
    unseen(memory._database, other, 13)
    assert memory.fail_interrupted("bob") == 1
    assert state(memory, ada) is TurnState.RECEIVED
    assert state(memory, bob) is TurnState.FAILED


def test_what_takes_longer_than_any_reply_is_left_by_all(memory):
    turn = memory.receive("ada", "Hello.")
    with memory._database.write() as connection:
        connection.execute(update(turns).values(received_at=clock.instant() - LONG_AGO))
    assert memory.fail_interrupted() == 1
    assert state(memory, turn) is TurnState.FAILED


def test_a_message_that_names_no_process_is_nobody_s(memory):
    turn = memory.receive("ada", "Hello.")
    with memory._database.write() as connection:
        connection.execute(update(turns).values(process_id=None))
    assert memory.fail_interrupted() == 1
    assert state(memory, turn) is TurnState.FAILED


def test_a_reply_waits_for_the_message_before_it(memory, other):
    first = received(memory, other)
    second = memory.receive("ada", "And now?")
    before = memory.journal.before_reply(second)
    assert (before.waits, before.abandoned, before.state) == (True, False, TurnState.RECEIVED)
    assert not memory.journal.before_reply(first).waits
    unseen(memory._database, other, 13)
    before = memory.journal.before_reply(second)
    assert (before.waits, before.abandoned) == (False, True)
    other.hosts.beat()
    memory.journal.finish(first.id, "Hello!")
    before = memory.journal.before_reply(second)
    assert (before.waits, before.abandoned) == (False, False)
    assert memory.journal.before_reply(first).state is TurnState.ANSWERED


def test_an_archive_does_not_say_who_was_to_answer(memory, tmp_path):
    turn = memory.receive("ada", "Hello.")
    memory.journal.finish(turn.id, "Hello!")
    memory.export_user("ada", tmp_path / "ada.zip")
    memory.delete_user("ada")
    memory.import_user(tmp_path / "ada.zip")
    with memory._database.read() as connection:
        assert connection.execute(select(turns.c.process_id)).scalars().all() == [None]
