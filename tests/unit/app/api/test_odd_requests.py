"""Requests that real clients send by a slip, or again: a clear answer, and each message once."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest

from app.api.chat.requests import Message, asked
from memory.core.errors import InvalidInput, ModelUnavailable
from tests.unit.app.api.test_chat import URL, ask, opened, said, scripted, user

pytestmark = pytest.mark.api
__all__ = ["opened"]


def test_a_first_message_that_a_client_repeats_after_a_failure_is_one_message(serve, connect):
    model = scripted("Nice!")
    model.script["reasoning"] = [ModelUnavailable("No model server answers.")] * 2 + model.script["reasoning"]
    service = serve(model)
    client = connect(service)
    for _ in range(2):
        assert client.post(URL, json={"messages": [user("I was born in May.")]}).status_code == 503
    assert ask(client, user("I was born in May.")) == "Nice!"
    assert said(service) == [("I was born in May.", "Nice!")]


def test_a_first_message_that_was_answered_is_another_one_the_second_time(opened):
    service, client = opened("One.", "Two.")
    ask(client, user("Hi"))
    ask(client, user("Hi"))
    assert said(service) == [("Hi", "One."), ("Hi", "Two.")]


def test_words_that_were_answered_before_are_part_of_the_message_in_a_new_conversation(opened, monkeypatch):
    service, client = opened("A city.", "The capital of France.")
    ask(client, user("Tell me about Paris."))
    # An hour later: what has just been sent may be the same message.
    monkeypatch.setattr("memory.stores.threads.clock.SESSION_GAP", -timedelta(hours=1))
    ask(client, user("Tell me about Paris."), user("In one sentence."))
    assert said(service)[-1] == ("Tell me about Paris.\nIn one sentence.", "The capital of France.")


def test_a_replaced_reply_is_stopped_at_once(serve, connect):
    service = serve(scripted("One.", "Two."), work=False)
    service.models._chat.gate = gate = threading.Event()
    stopped = threading.Event()
    stop = service.stop
    service.stop = lambda *given: stopped.set() or stop(*given)
    client = connect(service)
    chat, found = {"x-openwebui-chat-id": "c1"}, []
    journaled = threading.Semaphore(0)
    receive = service.memory.receive

    def received(*given, **more):
        turn = receive(*given, **more)
        journaled.release()
        return turn

    service.memory.receive = received
    threads = []
    for text in ("A", "B"):
        threads.append(
            threading.Thread(
                target=lambda text=text: found.append(client.post(URL, json={"messages": [user(text)]}, headers=chat))
            )
        )
        threads[-1].start()
        assert journaled.acquire(timeout=60)
    assert stopped.wait(60)
    gate.set()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in found) == [200, 410]


def test_tools_and_refusals_of_another_model_are_no_obstacle():
    history = [
        Message(role="user", content="What is the weather?"),
        Message(role="assistant", content=None, tool_calls=[{"id": "1"}]),
        Message(role="tool", content="12 degrees"),
        Message(role="assistant", content=[{"type": "refusal", "refusal": "I cannot say."}]),
        Message(role="user", content="And here?"),
    ]
    assert asked(history).history == (("What is the weather?", "I cannot say."),)


def test_half_a_character_in_the_history_is_replaced(opened):
    service, client = opened("Hello!")
    body = '{"messages": [{"role": "user", "content": "a\\ud800b"}, {"role": "assistant", "content": "x\\udc00"}, {"role": "user", "content": "Hi"}]}'
    assert client.post(URL, content=body, headers={"content-type": "application/json"}).status_code == 200
    assert said(service)[-1][0] == "Hi"


def test_a_picture_part_with_an_odd_text_is_no_failure(opened):
    _, client = opened()
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}, "text": 5}
    found = client.post(URL, json={"messages": [{"role": "user", "content": [part]}]})
    assert found.status_code == 400


def test_a_forgotten_content_type_is_named(opened):
    _, client = opened()
    found = client.post(URL, content='{"messages": []}', headers={"content-type": "application/x-www-form-urlencoded"})
    assert found.status_code == 400
    assert "Content-Type: application/json" in found.json()["error"]["message"]


def test_broken_json_is_said_of_the_body(opened):
    _, client = opened()
    found = client.post(URL, content="{", headers={"content-type": "application/json"})
    assert found.json()["error"]["message"] == "The request is not valid. body: it is no valid JSON."


@pytest.mark.parametrize("given", ["x", [1], {"a": 1}, {"type": "json_object"}])
def test_a_form_of_answer_that_cannot_be_given_is_refused(opened, given):
    _, client = opened()
    found = client.post(URL, json={"messages": [user("Hi")], "response_format": given})
    assert found.json()["error"]["param"] == "response_format"


def test_a_message_of_nothing_is_refused(opened):
    service, client = opened()
    assert client.post(URL, json={"messages": [user("\x00 \x00")]}).status_code == 400
    assert said(service) == []


def test_a_failure_inside_says_where_and_nothing_about_the_person(serve, connect, caplog, monkeypatch):
    service = serve(scripted())

    def broken(_user, text, *_given, **_more):
        raise ValueError(text)

    monkeypatch.setattr(service.memory, "receive", broken)
    client = connect(service)
    with caplog.at_level(logging.ERROR, "app.api.failures"):
        try:
            found = client.post(URL, json={"messages": [user("I keep a heron.")]})
        except ValueError:
            found = None
    told = "".join(one.getMessage() for one in caplog.records if one.name == "app.api.failures")
    assert "heron" not in told
    assert "ValueError" in told
    assert "receive" in told
    if found is not None:
        assert "ValueError" in found.json()["error"]["message"]


def test_years_at_the_end_of_the_calendar_are_refused(opened):
    service, client = opened()
    for time in ("9999-12-31T12:00:00Z", "0001-01-01T12:00:00Z"):
        found = client.post("/api/v1/turns", json={"text": "Hi", "time": time})
        assert found.status_code == 400
        assert "1000 to 9000" in found.json()["error"]["message"]
    assert said(service) == []


def test_invalid_bytes_in_the_name_of_a_user_are_refused(serve, connect):
    service = serve(scripted())
    secret = service.memory.api_keys.create("home", trusts_headers=True)[1]
    headers = {"authorization": f"Bearer {secret}", "x-openwebui-user-id": "%ff"}
    found = connect(service).post(URL, json={"messages": [user("Hi")]}, headers=headers)
    assert found.status_code == 400
    assert "not valid UTF-8" in found.json()["error"]["message"]


def test_an_empty_message_list_of_tools_alone_has_no_message():
    with pytest.raises(InvalidInput):
        asked([Message(role="tool", content="x")])
