"""A run of the indexer and a transaction never wait for each other."""

from __future__ import annotations

import threading

import pytest

from memory.core.records import TurnState
from memory.memory import Memory
from memory.storage.engine import Database
from tests.fakes import WordEmbedder


@pytest.fixture
def memory(tmp_path):
    with Memory(tmp_path / "data", WordEmbedder(), asks=False) as opened:
        yield opened


def said(memory: Memory, text: str, origin: str | None = None) -> str:
    turn = memory.receive("ada", text, origin=origin)
    memory.journal.finish(turn.id, "I see.")
    return turn.id


def runs_meanwhile(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> threading.Thread:
    """Start a run of the indexer that has its lock, and wants to write once a transaction of this thread is open."""
    is_open, has_lock = threading.Event(), threading.Event()
    write, embedded = Database.write, memory._indexer._embedded

    def _embedded(made):
        has_lock.set()
        assert is_open.wait(600)
        return embedded(made)

    def _write(self, user_id=None):
        if threading.current_thread() is threading.main_thread():
            is_open.set()
        return write(self, user_id)

    monkeypatch.setattr(memory._indexer, "_embedded", _embedded)
    monkeypatch.setattr(Database, "write", _write)
    run = threading.Thread(target=memory._indexer.run, args=("ada",))
    run.start()
    assert has_lock.wait(600)
    return run


def test_a_message_is_changed_while_the_indexer_runs(memory, monkeypatch):
    said(memory, "My heron is called Zazuquill.", "a place")
    monkeypatch.setattr(memory.threads, "_bring_up", lambda _: None)
    run = runs_meanwhile(memory, monkeypatch)
    assert memory.receive("ada", "My newt is called Quorlim.", origin="a place").text == "My newt is called Quorlim."
    run.join()


def test_something_is_forgotten_while_the_indexer_runs(memory, monkeypatch):
    turn_id = said(memory, "My heron is called Zazuquill.")
    run = runs_meanwhile(memory, monkeypatch)
    monkeypatch.setattr(memory, "index", lambda _: 0)
    memory.forget("ada", turn_id)
    run.join()
    assert memory.journal.turn(turn_id).state is TurnState.FORGOTTEN


def test_a_transaction_that_would_wait_for_the_indexer_is_a_fault_of_the_program(memory):
    said(memory, "My heron is called Zazuquill.")
    with memory._database.write("ada"), pytest.raises(RuntimeError, match="must not wait"):
        memory._indexer.run("ada")
    assert memory._indexer.run("ada") == 1


def test_other_threads_run_during_a_transaction(memory):
    said(memory, "My heron is called Zazuquill.")
    memory.index("ada")
    with memory._database.write("ada"):
        done: list[int] = []
        run = threading.Thread(target=lambda: done.append(memory._indexer.run("ada")))
        run.start()
        run.join()
    assert done == [0]
