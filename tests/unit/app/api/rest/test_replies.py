"""Replies in progress: stopped by their person alone, and waited for without a thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes import ScriptedChat, answer
from tests.unit.app.api.rest.conftest import Caller

pytestmark = pytest.mark.api


class Halfway:
    """A gate that lets some pieces of a reply through, says so, and waits; as a context, until the end at the latest."""

    def __init__(self, pieces):
        self.left, self.reached, self.open = pieces, threading.Event(), threading.Event()

    def wait(self, timeout):
        self.left -= 1
        if self.left < 0:
            self.reached.set()
            self.open.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open.set()


@pytest.fixture
def halfway():
    return Halfway(40)


@pytest.fixture
def client(serve, connect, halfway):
    return connect(serve(ScriptedChat({"reasoning": answer("word " * 400)}, gate=halfway)))


def test_a_reply_is_stopped_and_what_was_written_is_kept(client, halfway):
    ada, bob = Caller(client, "ada"), Caller(client, "bob")
    with ThreadPoolExecutor(1) as pool, halfway:
        waiting = pool.submit(ada, "POST", "/turns", {"text": "Talk to me."})
        halfway.reached.wait()
        [running] = ada("GET", "/turns")["items"]
        assert running["state"] == "received"
        assert bob.fails(404, "POST", f"/turns/{running['id']}/stop") == f"There is no turn {running['id']!r}."
        told = ada("POST", f"/turns/{running['id']}/stop")
        halfway.open.set()
        stopped = waiting.result()
    assert told == {
        "id": running["id"], "stopped": True, "message": "The reply stops. The part that is written becomes the reply.",
    }  # fmt: skip
    assert stopped["id"] == running["id"]
    assert stopped["state"] == "stopped"
    assert stopped["reply"].startswith("word word")
    assert len(stopped["reply"]) < 400
    assert ada("GET", f"/turns/{running['id']}")["reply"] == stopped["reply"]


def test_a_reply_that_is_not_written_here_is_not_stopped(client, halfway):
    halfway.open.set()
    ada = Caller(client, "ada")
    sent = ada("POST", "/turns", {"text": "Talk to me."})
    told = ada("POST", f"/turns/{sent['id']}/stop")
    assert (told["stopped"], told["message"]) == (
        False, "No reply to this message is being written, so there is nothing to stop.",
    )  # fmt: skip
    elsewhere = client.app.state.service.memory.receive("ada", "Hi")
    told = ada("POST", f"/turns/{elsewhere.id}/stop")
    assert (told["stopped"], told["message"].partition(",")[0]) == (False, "Another program writes this reply")
    assert ada("GET", f"/turns/{sent['id']}") == sent


def test_nothing_is_deleted_while_a_reply_is_written(client, halfway):
    ada = Caller(client, "ada")
    with ThreadPoolExecutor(1) as pool, halfway:
        waiting = pool.submit(ada, "POST", "/turns", {"text": "Talk to me."})
        halfway.reached.wait()
        sentence = ada.fails(400, "DELETE", "/me", name="ada")
        halfway.open.set()
        assert waiting.result()["state"] == "answered"
    assert sentence.startswith("A reply is being written. Stop it (`POST /api/v1/turns/{id}/stop`)")
    assert ada("DELETE", "/me", name="ada")["removed"]["turns"] == 1


def test_no_thread_waits_for_a_reply_that_is_written_again(client, halfway):
    ada = Caller(client, "ada")
    halfway.left = 1_000
    sent = ada("POST", "/turns", {"text": "Talk to me."})
    halfway.left = 40
    with ThreadPoolExecutor(1) as pool, halfway:
        waiting = pool.submit(ada, "POST", f"/turns/{sent['id']}/again")
        halfway.reached.wait()
        ours = [one.name for one in threading.enumerate() if one.name.startswith("persona")]
        halfway.open.set()
        assert waiting.result()["state"] == "answered"
    assert ours == ["persona-reply"]
