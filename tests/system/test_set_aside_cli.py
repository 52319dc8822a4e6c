"""What the command line says of messages that the model did not do, and how they are tried again."""

from __future__ import annotations

import json

import pytest

from tests.fake_server import fake_server
from tests.system.test_cli import persona, read, reply
from tests.system.test_refused import BAD, refusing

__all__ = ["persona"]


@pytest.fixture
def server():
    with fake_server() as running:
        running.reply = reply
        yield running


def say(persona, *words, user="me"):
    for minute, text in enumerate(words):
        read(persona("ask", text, "--user", user, "--time", f"2026-03-01 09:{minute:02}", "--json"))


def test_the_message_and_the_reason_are_named_and_it_is_tried_again(persona, server):
    say(persona, "I have a dog", f"{BAD} shouts", "I have a cat")
    server.refuses = refusing(400, "content_filter: too loud")
    code, out, _ = persona("work")
    assert code == 0
    assert "2026-03-01 09:01 (Sunday)" in out
    assert f'"{BAD} shouts"' in out
    assert "HTTP 400: content_filter: too loud" in out
    assert "`persona work --retry` tries again" in out
    [memory] = [finding for finding in json.loads(persona("doctor", "--json")[1]) if finding["what"] == "memory"]
    assert memory["state"] == "off"
    assert BAD in memory["detail"]
    listed = read(persona("work", "--json"))
    assert listed["done"] == 0
    assert [one["step"] for one in listed["set_aside"]] == ["personality", "semantic"]
    server.refuses = lambda _body: None
    again = read(persona("work", "--retry", "--json"))
    assert (again["tried_again"], again["done"], again["set_aside"]) == (2, 1, [])
    assert len(read(persona("memory", "list", "--kind", "semantic", "--json"))) == 3
    assert persona("work", "--retry")[1].startswith("Nothing was set aside.")


def test_of_several_people_no_words_are_shown_without_asking_for_one(persona, server):
    say(persona, f"{BAD} shouts", user="ada")
    say(persona, "I sail", user="bob")
    server.refuses = refusing(400, f"filtered: {BAD}")
    out = persona("work")[1] + persona("doctor")[1] + persona("work", "--json")[1]
    assert "ada" in out
    assert "2026-03-01 09:00" in out
    assert "HTTP 400" in out
    assert BAD not in out
    assert BAD in persona("work", "--user", "ada")[1]
    assert "Set aside" not in persona("work", "--user", "bob")[1]


def test_ask_and_ingest_say_it_when_they_wait(persona, server, tmp_path):
    server.refuses = refusing(400, "no")
    code, out, err = persona("ask", f"{BAD} shouts", "--time", "2026-03-01 09:00", "--wait")
    assert (code, out) == (0, "He is Rex.\n")
    assert BAD in err
    assert "HTTP 400" in err
    code, _, err = persona("ask", "Hello", "--time", "2026-03-01 09:10", "--wait")
    assert (code, err) == (0, ""), "once, and not with each message"
    line = {"time": "2026-03-02 09:00", "user": f"{BAD} sings", "assistant": "I see."}
    (tmp_path / "talk.jsonl").write_text(json.dumps(line))
    code, _, err = persona("ingest", str(tmp_path / "talk.jsonl"), "--user", "me", "--wait")
    assert code == 0
    assert f"{BAD} sings" in err
    assert f"{BAD} shouts" not in err


def test_a_wrong_key_sets_nothing_aside(persona, server):
    say(persona, "I have a dog")
    server.refuses = lambda _body: (401, "invalid key", {})
    code, _, err = persona("work")
    assert code == 1
    assert "401" in err or "key" in err
    server.refuses = lambda _body: None
    assert read(persona("work", "--json"))["done"] == 1


def test_a_wrong_key_after_the_reply_leaves_the_reply(persona, server):
    server.refuses = lambda body: (401, "invalid key", {}) if "decision" in str(body["messages"][0]) else None
    code, out, err = persona("ask", "I have a dog", "--time", "2026-03-01 09:00", "--wait")
    assert (code, out) == (1, "He is Rex.\n")
    assert "The reply is saved, but the message is not in memory yet" in err
