"""`langgraph dev` without a network: our graphs run over its HTTP API, on the real embedded model; threads on a scripted one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fake_server import fake_server

pytestmark = pytest.mark.langgraph_dev

ROOT = Path(__file__).parents[2]
DOG, PERU, CHILE = "I have a dog called Rex.", "What is the capital of Peru?", "And of Chile?"


@contextmanager
def served(folder, **settings):
    """Run the server in a folder of its own: it keeps its threads there, and goes on with runs that a kill broke off."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PERSONA_DATA_DIR": str(folder / "data"),
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        **settings,
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                Path(sys.executable).parent / "langgraph", "dev", "--no-browser", "--no-reload",
                "--port", str(port), "--config", ROOT / "langgraph.json",
            ],
            cwd=folder, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(2_400):
                assert process.poll() is None, (folder / "log").read_text()[-3000:]
                try:
                    if httpx.get(f"{url}/ok", timeout=60).status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.5)
            else:
                pytest.fail((folder / "log").read_text()[-3000:])
            yield url
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def server(folder):
    model = {
        "PERSONA_LLM_MODEL": "smollm2-135m",
        "PERSONA_MAX_NEW_TOKENS": "96",
        "PERSONA_LLM_CONTEXT": "8192",
        "PERSONA_LLM_THREADS": "1",
        "PERSONA_ASK_CONSENT": "each",
    }
    with served(folder, **model) as url:
        yield url


@pytest.fixture(scope="module", params=["true", "false"], ids=["strict", "default"])
def scripted(request, tmp_path_factory):
    """A server whose model answers at once, in both modes of LangGraph's serialiser.

    It warns of each type that it was not told of, and in strict mode hands out a dictionary instead.
    """
    folder = tmp_path_factory.mktemp("scripted")
    with fake_server() as model:
        settings = {"PERSONA_LLM_BASE_URL": model.url, "PERSONA_LLM_MODEL": "fake-model"}
        with served(folder, LANGGRAPH_STRICT_MSGPACK=request.param, **settings) as url:
            yield url
    log = (folder / "log").read_text()
    assert "unregistered type" not in log
    assert "Blocked deserialization" not in log


def run(url, graph, given, thread=None, checkpoint=None, **context):
    body = {"assistant_id": graph, "input": given, "context": {"user_id": "studio", **context}}
    if checkpoint is not None:
        body["checkpoint"] = checkpoint
    place = f"/threads/{thread}" if thread else ""
    response = httpx.post(f"{url}{place}/runs/wait", json=body, timeout=600)
    assert response.status_code == 200, response.text
    answer = json.loads(response.text)
    assert "__error__" not in answer, answer
    return answer


def new_thread(url):
    return httpx.post(f"{url}/threads", json={}, timeout=600).json()["thread_id"]


def checkpoints(url, thread, text):
    """The checkpoints of the turn that says `text`, newest first."""
    history = httpx.post(f"{url}/threads/{thread}/history", json={"limit": 100}, timeout=600).json()
    return [
        one for one in history if one["values"].get("text") == text or (one["values"].get("turn") or {}).get("text") == text
    ]


def talk(url, user):
    """What counts of a user's turns, as a run in a new thread finds it in the last hour."""
    told = run(url, "respond", {"text": "Hello?"}, new_thread(url), user_id=user, off_the_record=True)
    return [turn["text"] for turn in told["recent"]]


@pytest.mark.parametrize("graph", ["respond", "persona"])
def test_each_input_of_a_thread_is_a_turn_of_its_own(scripted, graph):
    """Three turns, a re-run from every checkpoint of one, and an edit, as Studio and a chat page do it."""
    url = scripted
    user, thread = f"in {graph}", new_thread(url)
    for text in (DOG, PERU, CHILE):
        said = run(url, graph, {"text": text}, thread, user_id=user)
        assert (said["turn"]["text"], said["turn"]["state"]) == (text, "answered")
        assert said["turn"]["trace"]["steps"] == said["steps"]
    assert talk(url, user) == [DOG, PERU, CHILE]
    for snapshot in checkpoints(url, thread, PERU):
        run(url, graph, None, thread, snapshot["checkpoint"], user_id=user)
        assert talk(url, user) == [DOG, PERU, CHILE], snapshot["next"]
    [before] = [one for one in checkpoints(url, thread, DOG) if one["next"] == ["recall"] and one["values"]["text"] == DOG][:1]
    edited = run(url, graph, {"text": "I have a cat called Tom."}, thread, before["parent_checkpoint"], user_id=user)
    assert edited["turn"]["text"] == "I have a cat called Tom."
    assert talk(url, user) == ["I have a cat called Tom.", PERU, CHILE]
    run(url, graph, {"text": "And of Cuba?"}, thread, user_id=user)
    assert talk(url, user) == ["I have a cat called Tom.", PERU, CHILE, "And of Cuba?"]


def test_background_graphs_take_one_input_after_another_in_a_thread(scripted):
    user, ids = "background", []
    for day, text in enumerate((DOG, PERU, CHILE), start=1):
        said = run(scripted, "respond", {"text": text}, user_id=user, time=f"2026-03-0{day} 09:00")
        ids.append(said["turn"]["id"])
    thread = new_thread(scripted)
    for turn_id in ids:
        # The server may have remembered it before, in the background.
        done = run(scripted, "remember", {"turn_id": turn_id}, thread, user_id=user)
        assert (done["turn"]["id"], done["point"]["turn_id"]) == (turn_id, turn_id)
    thread = new_thread(scripted)
    for given, session in (({"session": 1}, 1), ({"session": 2}, 2), ({}, 3)):
        done = run(scripted, "consolidate", given, thread, user_id=user)
        assert (done["session"], [turn["id"] for turn in done["turns"]]) == (session, [ids[session - 1]])


def test_all_four_graphs_run_over_http(server):
    answered = run(server, "respond", {"text": "I have a dog called Rex."}, time="2026-03-01 09:00")
    assert answered["reply"]
    assert answered["turn"]["state"] == "answered"
    remembered = run(server, "remember", {"turn_id": answered["turn"]["id"]})
    assert set(remembered["point"]["scores"]) == {
        "openness",
        "conscientiousness",
        "extraversion",
        "agreeableness",
        "neuroticism",
    }
    assert run(server, "consolidate", {"session": 1})["topics"]
    whole = run(server, "persona", {"text": "Hello again."}, time="2026-03-09 09:00")
    assert whole["reply"]
    assert whole["remembered"] is True


def test_something_sensitive_is_asked_about_in_its_thread_and_the_thread_goes_on(server):
    """As Studio does it: a run in a thread stops at the question, and is resumed with the answer."""
    body = {"assistant_id": "persona", "context": {"user_id": "held", "reasoning": False}}
    thread = httpx.post(f"{server}/threads", json={}, timeout=600).json()["thread_id"]
    url = f"{server}/threads/{thread}"
    given = {"text": "I was diagnosed with diabetes last week."}
    stopped = httpx.post(f"{url}/runs/wait", json={**body, "input": given}, timeout=600).json()
    [asked] = stopped["__interrupt__"]
    assert asked["value"]["topic"] == "health"
    assert "May it be remembered?" in asked["value"]["question"]
    assert httpx.get(url, timeout=600).json()["status"] == "interrupted"
    done = httpx.post(f"{url}/runs/wait", json={**body, "command": {"resume": "approve"}}, timeout=600).json()
    assert "__interrupt__" not in done
    assert httpx.get(url, timeout=600).json()["status"] == "idle"
    asks = {"assistant_id": "respond", "context": {**body["context"], "time": "2031-03-01 09:00"}}
    later = httpx.post(f"{server}/runs/wait", json={**asks, "input": {"text": "My diagnosis?"}}, timeout=600).json()
    assert "diabetes" in json.dumps(later["turn"]["trace"]["memories"])


def test_each_opens_with_a_form_of_its_input_and_context(server):
    for assistant in httpx.post(f"{server}/assistants/search", json={}, timeout=600).json():
        schemas = httpx.get(f"{server}/assistants/{assistant['assistant_id']}/schemas", timeout=600).json()
        assert schemas["input_schema"]["properties"], assistant["name"]
        assert "user_id" in schemas["context_schema"]["properties"], assistant["name"]
