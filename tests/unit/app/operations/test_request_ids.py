"""A request's id: the caller's own where it is sane, and there in every thread that works for the request."""

from __future__ import annotations

import threading

import pytest

from app.operations import request_ids
from memory.core import spans


@pytest.mark.parametrize("sent", ["4bf92f3577b34da6a3ce929d0e0e4736", "req-2026:000.17/a=b", "x" * 128])
def test_a_sane_id_of_the_caller_is_kept(sent):
    assert request_ids.chosen(sent) == sent


@pytest.mark.parametrize(
    "sent", ["", "short", "ada lovelace", "x" * 129, "line\nbreak-12345", 'quote"12345678', "naïve-12345678"]
)
def test_any_other_is_replaced(sent):
    made = request_ids.chosen(sent)
    assert made != sent
    assert made != request_ids.chosen(sent)
    assert request_ids.chosen(made) == made


def test_another_thread_works_for_the_request_only_where_it_is_carried():
    seen = []

    def job():
        seen.append((request_ids.current(), spans.current()))

    span = object()
    with request_ids.working_for("request-1"), spans.inside(span):
        jobs = [request_ids.carried(job), job]
    for one in jobs:
        thread = threading.Thread(target=one)
        thread.start()
        thread.join()
    assert seen == [("request-1", span), ("", None)]
    assert request_ids.current() == ""


def test_nothing_else_of_the_thread_is_carried():
    from contextvars import ContextVar

    other = ContextVar("other", default="")
    seen = []
    other.set("a run that goes on here")
    job = request_ids.carried(lambda: seen.append(other.get()))
    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    assert seen == [""]
