"""What SIGTERM begins: when the server may close, and that the process ends even if something hangs."""

from __future__ import annotations

import threading

import pytest

from app.operations import stopping as module
from app.operations.stopping import Stopping


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_before_the_signal_nothing_ends():
    stopping = Stopping(clock=Clock())
    assert (stopping.begun, stopping.may_end(writes=False)) == (False, False)


@pytest.mark.parametrize(("announced", "idle_from"), [(False, 0.0), (True, 1.0)])
def test_without_a_reply_it_ends_at_once_or_when_the_load_balancer_knows(announced, idle_from):
    clock = Clock()
    stopping = Stopping(announced=announced, clock=clock, leave=lambda _code: None)
    stopping.begin()
    assert stopping.begun
    if idle_from:
        clock.now = idle_from - 0.01
        assert not stopping.may_end(writes=False)
    clock.now = idle_from
    assert stopping.may_end(writes=False)


def test_replies_in_progress_get_four_seconds():
    clock = Clock()
    stopping = Stopping(clock=clock, leave=lambda _code: None)
    stopping.begin()
    clock.now = 3.9
    assert not stopping.may_end(writes=True)
    clock.now = 4.0
    assert stopping.may_end(writes=True)


def test_a_process_that_hangs_is_left(monkeypatch):
    monkeypatch.setattr(module, "_LIMIT_S", 0.0)
    left, codes = threading.Event(), []

    def leave(code):
        codes.append(code)
        left.set()

    stopping = Stopping(leave=leave)
    stopping.begin()
    stopping.begin()
    assert left.wait(60)
    assert codes == [143]
