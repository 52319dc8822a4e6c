"""A reply has the processor first: background work waits between its steps, and not for ever."""

from __future__ import annotations

import threading

import pytest

from memory.core import priority
from memory.core.priority import behind, give_way, gives_way, model_speaks, replying, stays


@pytest.fixture
def reply():
    """Somebody's reply is being made, in another thread, until the test says that it waits for its model, or ends."""
    states = {"made": threading.Event(), "waits": threading.Event(), "waiting": threading.Event(), "ends": threading.Event()}

    def make() -> None:
        with replying():
            states["made"].set()
            states["waits"].wait(600)
            with model_speaks():
                states["waiting"].set()
                states["ends"].wait(600)

    thread = threading.Thread(target=make)
    thread.start()
    states["made"].wait(600)
    yield states
    for state in states.values():
        state.set()
    thread.join()


def test_background_work_waits_for_a_reply(reply, monkeypatch):
    monkeypatch.setattr(priority, "_MAX_WAIT_S", 600.0)
    # The reply comes to wait for its model once background work waits for it.
    wait = priority._processor.wait

    def waited_for(timeout):
        reply["waits"].set()
        return wait(timeout)

    monkeypatch.setattr(priority._processor, "wait", waited_for)
    with behind():
        assert give_way()
    assert reply["waits"].is_set()


def test_it_has_the_processor_while_the_model_speaks(reply):
    reply["waits"].set()
    reply["waiting"].wait(600)
    with behind():
        assert not give_way()


def test_it_does_not_wait_for_ever(reply, monkeypatch):
    monkeypatch.setattr(priority, "_MAX_WAIT_S", 0.02)
    with behind():
        assert give_way()
    assert not reply["ends"].is_set(), "the reply is still being made"


def test_nobody_else_waits(reply):
    assert not give_way()
    with replying():
        assert not give_way()


def test_whoever_holds_what_a_reply_may_wait_for_does_not_wait_for_it(reply):
    with behind():
        with stays():
            assert not give_way()
        assert gives_way()


def test_a_model_that_speaks_to_no_reply_changes_nothing():
    with model_speaks():
        pass
    with behind(), model_speaks():
        assert not give_way()


def test_a_reply_that_fails_lets_go():
    with pytest.raises(ValueError, match="no"), replying(), model_speaks():
        raise ValueError("no")
    with behind():
        assert not give_way()
