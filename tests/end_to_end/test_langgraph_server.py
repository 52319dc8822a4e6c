"""`langgraph dev` without a network: all four graphs run over its HTTP API, on the real embedded model."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("studio")
    environment = {
        **os.environ,
        "PERSONA_DATA_DIR": str(folder / "data"),
        "PERSONA_LLM_MODEL": "smollm2-135m",
        "PERSONA_MAX_NEW_TOKENS": "96",
        "PERSONA_LLM_CONTEXT": "8192",
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "langgraph", "dev", "--no-browser", "--no-reload", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(240):
                try:
                    if httpx.get(f"{url}/ok", timeout=2).status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.5)
            else:
                pytest.fail((folder / "log").read_text()[-3000:])
            yield url
        finally:
            process.terminate()
            process.wait(30)


def run(url, graph, given, **context):
    body = {"assistant_id": graph, "input": given, "context": {"user_id": "studio", **context}}
    response = httpx.post(f"{url}/runs/wait", json=body, timeout=300)
    assert response.status_code == 200, response.text
    answer = json.loads(response.text)
    assert "__error__" not in answer, answer
    return answer


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
    thread = httpx.post(f"{server}/threads", json={}, timeout=30).json()["thread_id"]
    url = f"{server}/threads/{thread}"
    given = {"text": "I was diagnosed with diabetes last week."}
    stopped = httpx.post(f"{url}/runs/wait", json={**body, "input": given}, timeout=300).json()
    [asked] = stopped["__interrupt__"]
    assert asked["value"]["topic"] == "health"
    assert "May it be remembered?" in asked["value"]["question"]
    assert httpx.get(url, timeout=30).json()["status"] == "interrupted"
    done = httpx.post(f"{url}/runs/wait", json={**body, "command": {"resume": "approve"}}, timeout=300).json()
    assert "__interrupt__" not in done
    assert httpx.get(url, timeout=30).json()["status"] == "idle"
    asks = {"assistant_id": "respond", "context": {**body["context"], "time": "2031-03-01 09:00"}}
    later = httpx.post(f"{server}/runs/wait", json={**asks, "input": {"text": "My diagnosis?"}}, timeout=300).json()
    assert "diabetes" in json.dumps(later["turn"]["trace"]["memories"])


def test_each_opens_with_a_form_of_its_input_and_context(server):
    for assistant in httpx.post(f"{server}/assistants/search", json={}, timeout=30).json():
        schemas = httpx.get(f"{server}/assistants/{assistant['assistant_id']}/schemas", timeout=30).json()
        assert schemas["input_schema"]["properties"], assistant["name"]
        assert "user_id" in schemas["context_schema"]["properties"], assistant["name"]
