"""A long job says how far it has come: seldom, with its rate and what is left, and to a log file too."""

from __future__ import annotations

import io
import sys
import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app import progress
from app.progress import Pace


def test_a_line_comes_when_it_is_due_and_not_before():
    watched = Pace("remembering", "steps", began=100.0, every_s=30)
    assert watched.line(129.9, 5, 55) is None
    assert watched.line(130.0, 6, 54) == "remembering: 6 steps done, 54 left; 12 a minute; about 4 min to go"
    assert watched.line(159.9, 20, 40) is None
    assert watched.line(400.0, 20, 40) == "remembering: 20 steps done, 40 left; 4.0 a minute; about 10 min to go"


def test_what_nobody_knows_is_left_out():
    watched = Pace("indexing", "rows", began=0.0, every_s=10)
    assert watched.line(10, 0) == "indexing: 0 rows done; the first one takes 10 s so far"
    assert watched.line(120, 0, 7) == "indexing: 0 rows done, 7 left; the first one takes 2 min so far"
    assert watched.line(240, 8) == "indexing: 8 rows done; 2.0 a minute"
    assert watched.line(480, 8, 0) == "indexing: 8 rows done, 0 left; 1.0 a minute"


def test_hours_are_said_as_hours():
    assert "about 2 h 5 min to go" in (Pace("remembering", "steps", 0.0).line(60, 1, 125) or "")


@given(st.lists(st.floats(0, 50), max_size=80))
def test_never_two_lines_within_the_pause(waits):
    watched, now, said = Pace("remembering", "steps", 0.0, 30.0), 0.0, [0.0]
    for done, wait in enumerate(waits):
        now += wait
        if watched.line(now, done, 5) is not None:
            said.append(now)
    assert all(later - earlier >= 30.0 for earlier, later in pairwise(said))


class Heard(io.StringIO):
    """A log file that says when the first line has come."""

    def __init__(self):
        super().__init__()
        self.came = threading.Event()

    def write(self, text):
        wrote = super().write(text)
        self.came.set()
        return wrote


def test_a_log_file_hears_of_a_step_that_takes_long(monkeypatch):
    log = Heard()
    monkeypatch.setattr(sys, "stderr", log)
    with progress.shown("remembering", "steps", 3, every_s=0.01) as advance:
        assert log.came.wait(60), "though no step was done"
        advance(1, 2)
    assert log.getvalue().startswith("remembering: 0 steps done, 3 left; the first one takes 1 s so far\n")


def test_nothing_to_do_says_nothing(monkeypatch):
    log = Heard()
    monkeypatch.setattr(sys, "stderr", log)
    with progress.shown("remembering", "steps", 0, every_s=0.0) as advance:
        advance(0, 0)
    assert log.getvalue() == ""
