"""The judge is asked over the wire; what fails three times is counted, and never stops a run."""

from __future__ import annotations

import asyncio

import pytest
from pytest_socket import enable_socket

from memory.core.errors import InvalidInput
from tests.fake_server import fake_server
from training.grpo.judge import JudgeClient, check
from training.recipes import Judge

pytestmark = pytest.mark.train


@pytest.fixture
def server():
    enable_socket()
    with fake_server() as running:
        yield running


def settings(url: str, **more: object) -> Judge:
    return Judge(url=url, model="judge", **more)


def test_a_number_is_a_score(server):
    server.reply = lambda _body: "8"
    judge = JudgeClient(settings(server.url))
    assert asyncio.run(judge("How good?")) == 0.8
    assert (judge.asked, judge.failed) == (1, 0)
    assert server.bodies[0]["temperature"] == 0.0


def test_the_second_try_may_succeed(server):
    replies = iter(["well", "9"])
    server.reply = lambda _body: next(replies)
    judge = JudgeClient(settings(server.url))
    assert asyncio.run(judge("How good?")) == 0.9
    assert judge.failed == 0


def test_three_failures_are_one_judgement_that_failed(server):
    server.reply = lambda _body: "I cannot say."
    judge = JudgeClient(settings(server.url))
    assert asyncio.run(judge("How good?")) is None
    assert (judge.asked, judge.failed, len(server.bodies)) == (1, 1, 3)
    assert "I cannot say." in judge.last_error


def test_a_server_that_refuses_is_a_judgement_that_failed(server):
    server.status = 500
    judge = JudgeClient(settings(server.url))
    assert asyncio.run(judge("How good?")) is None
    assert judge.failed == 1


def test_a_server_that_trickles_is_too_slow(server):
    server.reply = lambda _body: "8 " * 40
    server.pause_s = 0.2
    judge = JudgeClient(settings(server.url, timeout=0.5))
    assert asyncio.run(judge("How good?")) is None


def test_a_key_that_is_not_there_is_said_before_anything(monkeypatch):
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with pytest.raises(InvalidInput, match="JUDGE_KEY"):
        JudgeClient(settings("http://127.0.0.1:9/v1", key_from="JUDGE_KEY"))


def test_a_judge_is_tried_on_what_is_plain(server):
    server.reply = lambda body: "0" if "canary" in str(body["messages"]) else "10"
    found = asyncio.run(check(settings(server.url)))
    assert [one["scored"] for one in found] == [1.0, 0.0, 1.0]


def test_a_judge_that_is_not_there_is_said_to_be(server):
    server.status = 404
    with pytest.raises(InvalidInput, match=r"judge\.url"):
        asyncio.run(check(settings(server.url)))
