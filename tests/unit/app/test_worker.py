"""Who is told of new work looks for it: of one user, or of all; nothing is missed, nothing is done twice."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from app.worker import Worker
from memory.core.errors import ModelUnavailable, StorageError
from memory.imports.lines import ImportedLine
from memory.imports.service import Source
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.unit.memory.stores.test_journal import at


@pytest.fixture
def memory(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as opened:
        yield opened


class Done:
    """Strikes each piece of work, and remembers which."""

    def __init__(self, memory):
        self.memory, self.items, self.lock = memory, [], threading.Condition()

    def __call__(self, item):
        with self.memory._database.write() as connection:
            from memory.storage import work_queue

            work_queue.done(connection, item.user_id, item.kind, item.subject)
        with self.lock:
            self.items.append((item.user_id, item.subject))
            self.lock.notify_all()

    def come(self, count):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.items) >= count, 600)
        return self.items


def idle(worker):
    """Wait until a worker has looked for work and found none."""
    while worker._all or worker._handed_out:
        time.sleep(0.01)


def say(memory, user, count=1):
    last = memory.journal.last_time(user) or at("2026-03-01 09:00")
    return [memory.ingest_turn(user, last + timedelta(minutes=one), f"Word {one}", "I see.").id for one in range(1, count + 1)]


@pytest.fixture
def working(memory):
    started = []

    def start(do, at_once=4):
        worker = Worker(memory, do, at_once)
        worker.start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.close()


def test_what_waits_at_the_start_is_done_for_everybody(memory, working):
    said = {user: say(memory, user, 3) for user in ("ada", "bob", "cleo")}
    done = Done(memory)
    working(done)
    items = done.come(9)
    assert sorted(items) == sorted((user, turn) for user, turns in said.items() for turn in turns)
    for user, turns in said.items():
        assert [turn for name, turn in items if name == user] == turns


def test_one_user_s_news_is_enough(memory, working, monkeypatch):
    monkeypatch.setattr("app.worker._POLL_S", 60.0)
    done = Done(memory)
    worker = working(done)
    idle(worker)
    turns = say(memory, "ada", 2)
    worker.notify("ada")
    assert done.come(2) == [("ada", turn) for turn in turns]


def test_news_of_many_wait_for_a_place(memory, working, monkeypatch):
    monkeypatch.setattr("app.worker._POLL_S", 60.0)
    done = Done(memory)
    worker = working(done, at_once=1)
    idle(worker)
    said = [(user, turn) for user in ("ada", "bob", "cleo") for turn in say(memory, user)]
    for user, _ in said:
        worker.notify(user)
    assert sorted(done.come(3)) == sorted(said)


def test_what_failed_is_tried_again_when_it_is_due(memory, working, monkeypatch):
    monkeypatch.setattr("app.worker._POLL_S", 0.05)
    monkeypatch.setattr("memory.storage.work_queue._FIRST_DELAY_S", 0.1)
    done, failed = Done(memory), []

    def fails_once(item):
        if not failed:
            failed.append(item)
            raise ModelUnavailable("It is down.")
        done(item)

    working(fails_once)
    turns = say(memory, "ada")
    assert done.come(1) == [("ada", turns[0])]


def test_the_end_does_not_wait_for_a_model_that_says_nothing(memory, working, monkeypatch):
    monkeypatch.setattr("app.worker._LAST_STEP_S", 0.1)
    began, ends = threading.Event(), threading.Event()

    def silent(_item):
        began.set()
        ends.wait(600)
        memory.memories.entries("ada")

    worker = working(silent)
    say(memory, "ada")
    worker.notify("ada")
    assert began.wait(600)
    worker.close()
    assert not ends.is_set(), "the model still says nothing"
    assert memory.work.count("ada") == 1
    ends.set()


def test_what_is_left_behind_can_write_no_more(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        say(memory, "ada")
    with pytest.raises(StorageError, match="closed"):
        memory.work.save_output("ada", "1", "semantic", "It came late.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("cannot schedule new futures after interpreter shutdown"), []),
        (RuntimeError("can't create new thread at interpreter shutdown"), []),
        (RuntimeError("dictionary changed size during iteration"), ["background work failed (RuntimeError)"]),
    ],
)
def test_a_step_that_python_s_end_breaks_off_is_no_failure(memory, caplog, error, said):
    Worker(memory, print)._say(error)
    assert [record.getMessage() for record in caplog.records] == said


def test_a_step_that_runs_when_its_import_is_paused_ends_and_no_other_begins(memory, working):
    lines = [ImportedLine(at("2025-03-01 09:00") + timedelta(hours=2 * one), f"Word {one}", "Ok", "a") for one in range(3)]
    name = memory.imports.write("ada", memory.imports.begin("ada", Source("x", "y"), lines, "sessions").id).id
    runs, go_on = threading.Event(), threading.Event()
    done = Done(memory)

    def waits(item):
        runs.set()
        assert go_on.wait(600)
        done(item)

    worker = working(waits)
    assert runs.wait(600)
    memory.imports.reading.pause(name)
    go_on.set()
    done.come(1)
    idle(worker)
    turn = say(memory, "ada")
    worker.notify("ada")
    assert done.come(2)[1:] == [("ada", turn[0])]
    assert worker.drain("ada") == 0
    memory.imports.reading.resume(name)
    worker.notify("ada")
    assert len(done.come(5)) == 5
