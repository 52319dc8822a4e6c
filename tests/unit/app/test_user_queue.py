"""A person's jobs run one after another; where they have places, in the order of their places, however they arrive."""

from __future__ import annotations

import threading

from app.user_queue import Job, UserQueue


class Ran:
    """Remembers what ran, and lets a job wait until it is let go."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.free = threading.Event()

    def job(self, name: str, place: int | None = None, *, waits: bool = False, may_start=lambda: True) -> Job:
        def run() -> None:
            if waits:
                self.free.wait(600)
            self.names.append(name)

        return Job(run, place, may_start)


def test_jobs_without_a_place_run_as_they_come():
    lines, ran = UserQueue(4), Ran()
    for name in "abc":
        lines.submit("ada", ran.job(name, waits=name == "a"))
    ran.free.set()
    assert lines.close(600)
    assert ran.names == ["a", "b", "c"]


def test_an_earlier_place_goes_first_though_it_comes_later():
    lines, ran = UserQueue(4), Ran()
    lines.submit("ada", ran.job("first", 1, waits=True))
    lines.submit("ada", ran.job("seven", 7))
    lines.submit("ada", ran.job("off the record"))
    lines.submit("ada", ran.job("five", 5))
    lines.submit("ada", ran.job("nine", 9))
    ran.free.set()
    assert lines.close(600)
    assert ran.names == ["first", "five", "seven", "off the record", "nine"]


def test_a_job_that_waits_lets_an_earlier_one_through():
    """Two messages that arrive at once may be queued in the wrong order; the later one must not wait for the one behind it."""
    lines, ran = UserQueue(4), Ran()
    asked = threading.Event()

    def after_five() -> bool:
        asked.set()
        return "five" in ran.names

    lines.submit("ada", ran.job("six", 6, may_start=after_five))
    assert asked.wait(600)
    lines.submit("ada", ran.job("five", 5))
    assert lines.close(600)
    assert ran.names == ["five", "six"]


def test_a_job_that_waits_takes_no_place_from_others():
    lines, ran = UserQueue(1), Ran()
    lines.submit("ada", ran.job("ada", 1, may_start=lambda: "bob" in ran.names))
    lines.submit("bob", ran.job("bob", 1))
    assert lines.close(600)
    assert ran.names == ["bob", "ada"]
