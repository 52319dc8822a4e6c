"""After SIGTERM: not ready first, replies get some seconds, and the process ends within ten, whatever the model does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from memory.memory import Memory
from tests.api_process import environment, serving
from tests.fake_server import fake_server
from tests.fakes import WordEmbedder

pytestmark = pytest.mark.api
LIMIT_S = 10.0
HI = {"messages": [{"role": "user", "content": "I play the cello."}]}


class Silent:
    """A model that says nothing until it is let go."""

    def __init__(self, server):
        self.asked, self.go = threading.Event(), threading.Event()
        server.reply = self.answer

    def answer(self, _body):
        self.asked.set()
        assert self.go.wait(600)
        return "<think>Plain.</think>\n<answer>Since when?</answer>"


@pytest.fixture
def model():
    with fake_server() as running:
        silent = Silent(running)
        silent.url = running.url
        yield silent
        silent.go.set()


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def until(look, process):
    """What `look` returns once it is true; a process that ends meanwhile is an error."""
    for _ in range(1_200):
        try:
            if found := look():
                return found
        except httpx.HTTPError:
            pass
        assert process.poll() is None, "the process ended"
        time.sleep(0.1)
    raise AssertionError("it never came")


def ended(process, began):
    """The exit code and the seconds since the signal."""
    code = process.wait()
    return code, time.monotonic() - began


def turns(folder):
    with Memory(folder, WordEmbedder(), fresh_index="other embedder") as memory:
        return [(turn.text, turn.state.value) for turn in memory.journal.turns("me")]


def test_the_api_is_not_ready_while_a_reply_gets_its_last_seconds_and_a_silent_model_keeps_nothing(model, tmp_path):
    with (
        serving(model.url, tmp_path / "data") as server,
        httpx.Client(trust_env=False, timeout=120) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        assert client.get(f"{server.url}/ready").json()["status"] == "ready"
        asking = pool.submit(httpx.post, f"{server.url}/v1/chat/completions", json=HI, trust_env=False, timeout=120)
        assert model.asked.wait(120)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        found = until(lambda: (one := client.get(f"{server.url}/ready")).status_code == 503 and one, server.process)
        assert found.json() == {"status": "not_ready", "waits_for": "The server is stopping."}
        assert client.get(f"{server.url}/health").status_code == 200
        code, seconds = ended(server.process, began)
        asking.exception()
    assert seconds < LIMIT_S
    assert code in (0, 143)
    [(text, state)] = turns(tmp_path / "data")
    assert (text, state in ("failed", "stopped", "received")) == ("I play the cello.", True)


def test_a_reply_that_comes_in_time_is_whole(model, tmp_path):
    with serving(model.url, tmp_path / "data") as server, ThreadPoolExecutor(1) as pool:
        asking = pool.submit(httpx.post, f"{server.url}/v1/chat/completions", json=HI, trust_env=False, timeout=120)
        assert model.asked.wait(120)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        model.go.set()
        assert asking.result().json()["choices"][0]["message"]["content"] == "Since when?"
        code, seconds = ended(server.process, began)
    assert (code, seconds < LIMIT_S) == (0, True)
    assert turns(tmp_path / "data") == [("I play the cello.", "answered")]


def test_an_idle_api_ends_at_once(model, tmp_path):
    with serving(model.url, tmp_path / "data") as server:
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        code, seconds = ended(server.process, began)
    assert (code, seconds < LIMIT_S) == (0, True)


def start(folder, url, *command):
    env = environment(folder / "data", PERSONA_LLM_BASE_URL=url, PYTHONUNBUFFERED="1")
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *command],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def unremembered(tmp_path):
    """A folder with a message that is not remembered yet."""
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        memory.journal.finish(memory.receive("me", "I play the cello.").id, "Since when?")
    return tmp_path


@pytest.mark.parametrize("command", [("work", "--forever"), ("page", "--headless", "--port", "PORT")], ids=["work", "page"])
def test_a_worker_and_a_page_tell_monitors_and_end_while_the_model_says_nothing_to_a_step(model, unremembered, command):
    port = free_port()
    command = [str(free_port()) if word == "PORT" else word for word in command]
    process = start(unremembered, model.url, *command, "--health-port", str(port))
    try:
        with httpx.Client(trust_env=False, timeout=120) as client:
            ready = until(lambda: client.get(f"http://127.0.0.1:{port}/ready"), process)
            assert ready.json()["checks"]["journal"] == "ok"
            assert client.get(f"http://127.0.0.1:{port}/health").json() == {"status": "ok"}
            assert "persona_steps_pending 1.0" in client.get(f"http://127.0.0.1:{port}/metrics").text
            assert client.get(f"http://127.0.0.1:{port}/v1/models").status_code == 404
        assert model.asked.wait(120)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said = process.communicate()[0]
        seconds = time.monotonic() - began
    finally:
        process.kill()
        process.wait()
    assert seconds < LIMIT_S, said
    assert process.returncode in (0, 143), said
    assert "Traceback" not in said
    with Memory(unremembered / "data", WordEmbedder(), fresh_index="other embedder") as memory:
        assert memory.work.count("me") == 1


def test_a_worker_remembers_what_comes_later_and_ctrl_c_ends_it(model, tmp_path):
    model.go.set()
    process = start(tmp_path, model.url, "work", "--forever")
    try:
        for line in process.stdout:
            if line.startswith("Remembering for everybody"):
                break
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, "Traceback" in said) == (130, False), said


@pytest.mark.parametrize("words", [("--forever", "--user", "me"), ("--forever", "--json"), ("--health-port", "8601")])
def test_options_of_a_worker_that_cannot_be_meant_are_refused(model, tmp_path, words):
    process = start(tmp_path, model.url, "work", *words)
    said = process.communicate()[0]
    assert process.returncode == 1
    assert "--forever" in said
    assert "Traceback" not in said
