"""Structured logs: one object a line, and no word or name of a person in any of them, over a whole turn."""

from __future__ import annotations

import io
import json
import logging

import pytest

from app.operations import logs, request_ids
from app.operations.start import as_service
from app.settings import Settings
from memory.core.errors import PersonaError
from tests.fakes import ScriptedChat, answer, fact

NAME, WORD, REPLY = "zorrilla", "quagmirewort", "flummoxberry"


@pytest.fixture
def written():
    """What is logged as JSON while the test runs."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in logs._OURS}
    stream = io.StringIO()
    logs.write_json(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], level, levels = before[0], before[1], before[2]
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def test_a_line_has_the_time_the_level_the_facts_and_the_request(written):
    with request_ids.working_for("request-1"):
        logging.getLogger("app.any").warning("So it is: %s", 5, extra=logs.facts(seconds=1.5))
    [line] = written()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning", "logger": "app.any", "message": "So it is: 5", "request_id": "request-1", "seconds": 1.5,
    }  # fmt: skip


def test_of_an_error_only_its_kind_is_written(written):
    try:
        int(WORD)
    except ValueError:
        logging.getLogger("memory.any").exception("failed")
    assert written()[0]["error"] == "ValueError"
    assert WORD not in str(written())


def test_libraries_are_heard_from_warnings_on(written):
    logging.getLogger("httpx").info("GET http://somewhere")
    logging.getLogger("httpx").warning("slow")
    assert [line["message"] for line in written()] == ["slow"]


def test_without_the_setting_nothing_changes():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    as_service(Settings())
    assert (root.handlers[:], root.level) == before


def test_a_whole_turn_logs_no_word_and_no_name_of_the_person(serve, written):
    chat = ScriptedChat({"reasoning": answer(f"{REPLY}!"), "semantic": fact(f"The user grows {WORD}.", WORD)})
    service = serve(chat)
    list(service.stream(NAME, f"I grow {WORD} at {NAME}'s.", time="2026-03-01 09:00"))
    service.wait()
    chat.script["reasoning"] = RuntimeError(f"{WORD} broke")
    with pytest.raises(PersonaError):
        list(service.stream(NAME, f"Where do I grow {WORD}?", time="2026-03-02 09:00"))
    service.memory.forget(NAME, service.memory.journal.turns(NAME)[0].id, now=True)
    said = json.dumps(written())
    assert [line["outcome"] for line in written() if line["message"].startswith("reply")] == ["answered", "failed"]
    assert any(line["message"] == "step done" for line in written())
    for canary in (NAME, WORD, REPLY):
        assert canary not in said


@pytest.mark.api
def test_a_request_and_the_threads_of_its_reply_log_its_id(serve, written):
    from starlette.testclient import TestClient

    from app.api.server import build

    service = serve(ScriptedChat({"reasoning": answer(REPLY)}))
    sent = {"x-request-id": "request-of-ada-1", "x-other": NAME}
    with TestClient(build(service), base_url="http://127.0.0.1:8600", client=("127.0.0.1", 50_000)) as client:
        body = {"messages": [{"role": "user", "content": f"Hello {WORD}"}]}
        found = client.post(f"/v1/chat/completions?user={NAME}", json=body, headers=sent)
        other = client.get(f"/api/v1/memories/{WORD}?user={NAME}")
    assert found.headers["x-request-id"] == "request-of-ada-1"
    assert len(other.headers["x-request-id"]) == 32
    by_id = [line["message"] for line in written() if line.get("request_id") == "request-of-ada-1"]
    assert by_id == ["reply answered", "POST /v1/chat/completions"]
    assert {line["route"] for line in written() if line["message"].startswith("GET")} == {"/api/v1/memories/{entry_id}"}
    for canary in (NAME, WORD, REPLY):
        assert canary not in json.dumps(written())


@pytest.mark.api
def test_a_refused_request_has_an_id_too(serve):
    from starlette.testclient import TestClient

    from app.api.server import build

    with TestClient(build(serve(ScriptedChat({}))), base_url="http://elsewhere.example", client=("127.0.0.1", 1)) as client:
        found = client.get("/api/v1/memories")
    assert (found.status_code, len(found.headers["x-request-id"])) == (421, 32)
