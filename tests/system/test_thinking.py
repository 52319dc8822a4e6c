"""Models that think, on servers without grammars: their facts and traits are learnt, and what a thought cut off is said."""

from __future__ import annotations

import logging

import pytest

from tests.system.test_refused import OPEN, facts, open_service, reply, said, server, step, tell

__all__ = ["open_service", "server"]

LONG = 900
"""Tokens of a thought: more than the output of any step may have."""
QUOTES = 'Perhaps "decision": false?\n"reason": "nothing"\n"decision": false\n"content": null\n'


def thinks_for(tokens, tell=lambda _body: True):
    """A model that thinks for so many tokens, told apart by its server, where `tell` says so."""

    def answer(body):
        if not tell(body):
            return "", reply(body), "stop"
        if body["max_tokens"] <= tokens:
            return "Let me see. " * 20, "", "length"
        return "Let me see.", reply(body), "stop"

    return answer


def inline(tokens, opened="<think>\n"):
    """The same, with the thought in the content."""

    def answer(body):
        thought = f"{opened}{QUOTES}Let me see.\n"
        return ("", thought, "length") if body["max_tokens"] <= tokens else ("", f"{thought}</think>\n\n{reply(body)}", "stop")

    return answer


def learnt(service):
    return facts(service), [point.inferred.openness for point in service.memory.personality.history("ada")]


def background(server):
    return [body for body in server.bodies if step(body) != "reply"]


@pytest.mark.parametrize(
    "answer", [thinks_for(LONG), inline(LONG), inline(0), inline(LONG, opened="Okay, so the user writes\n"), thinks_for(0)]
)
def test_facts_and_traits_are_learnt(server, open_service, caplog, answer):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron")
    tell(service, "Hello again", day=2)
    server.thinks = answer
    service.wait()
    assert learnt(service) == (["I bake bread", "I keep a heron", "Hello again"], [5, 5, 5])
    assert service.memory.memories.profile("ada").values() == {"name": "Ada"}
    assert [one.summary for one in service.memory.memories.entries("ada", kind="episodic")] == ["They talked."]
    assert service.memory.refusals.count() == 0
    assert caplog.text.count("the model thinks before it writes") <= 2, "once for messages, once for sessions"
    assert "heron" not in caplog.text


def test_room_is_given_at_once_when_the_model_is_known_to_think(server, open_service):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron")
    server.thinks = thinks_for(LONG)
    service.wait()
    second = [body["max_tokens"] for body in background(server) if "heron" in said(body) and step(body) != "change"]
    assert len(second) == 2
    assert all(limit > LONG for limit in second)


@pytest.mark.parametrize("kind", ["vllm", "llamacpp", "someone"])
def test_thinking_is_switched_off_where_the_server_can(server, open_service, kind):
    server.owner = kind
    server.thinks = thinks_for(LONG, lambda body: body.get("chat_template_kwargs", {}).get("enable_thinking", True))
    service = open_service()
    tell(service, "I bake bread")
    service.wait()
    tell(service, "I keep a heron", "I sail", day=2)
    server.bodies.clear()
    service.wait()
    assert learnt(service) == (["I bake bread", "I keep a heron", "I sail"], [5, 5, 5])
    assert all(body["chat_template_kwargs"]["enable_thinking"] is False for body in background(server))


def test_thinking_is_switched_off_by_effort_too(server, open_service):
    server.thinks = thinks_for(LONG, lambda body: body.get("reasoning_effort") not in ("none", "low"))
    service = open_service()
    tell(service, "I bake bread", "I keep a heron", "I sail")
    service.wait()
    assert learnt(service)[0] == ["I bake bread", "I keep a heron", "I sail"]
    assert background(server)[-1]["reasoning_effort"] == "none"


def test_a_server_and_model_that_do_not_think_are_told_nothing(server, open_service):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron")
    service.wait()
    assert not any({"chat_template_kwargs", "reasoning_effort"} & set(body) for body in server.bodies)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Unrecognized request argument supplied: chat_template_kwargs", 400),
        ("[{'type': 'extra_forbidden', 'msg': 'Extra inputs are not permitted'}]", 422),
    ],
)
def test_a_field_that_the_server_refuses_is_left_out_from_then_on(server, open_service, words, status):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron", "I sail")
    server.thinks = thinks_for(LONG)
    server.refuses = lambda body: (status, words, {}) if "chat_template_kwargs" in body else None
    service.wait()
    assert learnt(service) == (["I bake bread", "I keep a heron", "I sail"], [5, 5, 5])
    assert 1 <= sum("chat_template_kwargs" in body for body in server.bodies) <= 2, "two steps ask at the same time"
    assert service.memory.refusals.count() == 0


def test_an_effort_that_the_model_does_not_know_is_replaced(server, open_service):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron", "I sail")
    server.thinks = thinks_for(LONG)
    words = "Unsupported value: 'reasoning_effort' does not support 'none' with this model."
    server.refuses = lambda body: (400, words, {}) if body.get("reasoning_effort") == "none" else None
    service.wait()
    assert learnt(service)[0] == ["I bake bread", "I keep a heron", "I sail"]
    assert background(server)[-1]["reasoning_effort"] == "low"


def test_a_thought_without_end_is_said_and_tried_again_when_asked_for(server, open_service, caplog):
    caplog.set_level(logging.INFO)
    service = open_service()
    tell(service, "I bake bread", "I keep a heron")
    server.thinks = thinks_for(10**9)
    service.wait()
    aside = service.memory.refusals.set_aside("ada")
    assert [(one.text, one.step, one.cause) for one in aside] == [
        (text, name, "thought") for text in ("I bake bread", "I keep a heron") for name in ("personality", "semantic")
    ]
    from app import set_aside

    lines = set_aside.told(aside, own=True)
    assert sum("Switch the model's thinking off" in line for line in lines) == 1
    assert "bread" not in caplog.text
    server.thinks = None
    service.memory.refusals.retry()
    service.wait()
    assert learnt(service) == (["I bake bread", "I keep a heron"], [5, 5])


def test_what_a_content_filter_ends_is_set_aside(server, open_service):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron")
    server.thinks = lambda body: ("", "", "content_filter") if "bread" in said(body) else ("", reply(body), "stop")
    service.wait()
    assert facts(service) == ["I keep a heron"]
    assert {one.text for one in service.memory.refusals.set_aside()} == {"I bake bread"}


def test_a_grammar_that_binds_inside_the_thought(server, open_service):
    service = open_service()
    tell(service, "I bake bread")
    server.thinks = lambda body: (reply(body), "", "stop")
    service.wait()
    assert learnt(service) == (["I bake bread"], [5])
    assert OPEN


def test_room_for_a_thought_is_less_where_the_window_is_smaller_than_it_seemed(server, open_service):
    service = open_service()
    tell(service, "I bake bread", "I keep a heron")
    server.thinks = thinks_for(LONG)
    words = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."
    server.refuses = lambda body: (400, words, {}) if body.get("max_tokens", 0) > 3_000 else None
    service.wait()
    assert learnt(service) == (["I bake bread", "I keep a heron"], [5, 5])
    assert service.memory.refusals.count() == 0
