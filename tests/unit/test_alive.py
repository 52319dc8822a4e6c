"""A stream that may fall silent is never waited for without a sign of life."""

from __future__ import annotations

import contextvars
import itertools
import threading

import pytest

from app.alive import alive


def test_items_come_in_order_and_the_end_ends_it():
    assert list(itertools.chain(*alive(lambda: iter("abc"), 5.0))) == ["a", "b", "c"]


def test_an_error_is_raised_after_what_came_before_it():
    def broken():
        yield "a"
        msg = "cut"
        raise OSError(msg)

    seen = []
    with pytest.raises(OSError, match="cut"):
        seen.extend(itertools.chain(*alive(broken, 5.0)))


def test_silence_is_heard_and_can_be_left():
    speak = threading.Event()
    closed = threading.Event()

    def silent():
        try:
            speak.wait(20)
            yield "late"
            yield "later"
        finally:
            closed.set()

    stream = alive(silent, 0.01)
    assert list(itertools.islice(stream, 3)) == [None, None, None]
    stream.close()
    speak.set()
    assert closed.wait(20)


def test_the_callers_context_is_seen():
    name = contextvars.ContextVar("name")
    name.set("ada")
    assert list(alive(lambda: iter([name.get()]), 5.0)) == [["ada"]]
