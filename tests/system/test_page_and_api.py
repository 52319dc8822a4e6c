"""`persona page --api`: the page and the API are one program over one data folder."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx
import pytest

from tests.api_process import environment
from tests.fake_server import fake_server
from tests.system.test_openai_client import reply

pytestmark = pytest.mark.api


@pytest.fixture
def model():
    with fake_server() as running:
        running.reply = reply
        yield running


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def start(folder, model, *options):
    env = environment(folder / "data", PERSONA_LLM_BASE_URL=model.url, PYTHONUNBUFFERED="1")
    command = [sys.executable, "-m", "app.cli", "page", "--headless", "--port", str(free_port()), *options]
    return subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def said_until(process, words):
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return line
    raise AssertionError(f"the page ended: {said}")


def test_programs_talk_to_the_memory_of_the_open_page_and_ctrl_c_ends_both(model, tmp_path):
    process = start(tmp_path, model, "--api", "--api-port", str(free_port()))
    try:
        url = said_until(process, "Programs connect to").split()[3]
        page = said_until(process, "URL: ").split()[-1]
        with httpx.Client(trust_env=False, timeout=120) as client:
            assert client.get(f"{page}/_stcore/health").text == "ok"
            body = {"model": "persona", "messages": [{"role": "user", "content": "I play the cello."}]}
            answer = client.post(f"{url}/v1/chat/completions", json=body)
            assert answer.json()["choices"][0]["message"]["content"] == "You said: I play the cello."
            turns = client.get(f"{url}/api/v1/turns").json()["items"]
            assert [turn["text"] for turn in turns] == ["I play the cello."]
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    assert "Traceback" not in said


def test_a_port_of_the_api_that_is_taken_is_said_and_nothing_is_served(model, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = start(tmp_path, model, "--api", "--api-port", str(other.getsockname()[1]))
        said = process.communicate()[0]
    assert process.returncode == 1
    assert "The API cannot listen on port" in said
    assert "persona page --api --api-port PORT" in said
    assert "Traceback" not in said


def test_the_page_uses_the_service_that_was_opened_before_it():
    from app.ui import layout

    class Service:
        closed = 0

        def close(self):
            self.closed += 1

    opened = Service()
    layout.program.opened = opened
    try:
        assert layout.open_replies().service is opened
        assert layout.program.opened is None
    finally:
        layout.open_replies.clear()
    assert opened.closed == 1
