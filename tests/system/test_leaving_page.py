"""Leaving the page: what `persona page` says on the terminal, and that no model keeps the process alive."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.opened import FINISHING
from tests.fake_server import fake_server
from tests.system.test_cli import reply

PROGRAM = """
import signal, sys, threading
import app.factory
from pathlib import Path
from tests.fakes import WordEmbedder
app.factory.build_embedder = lambda _settings: WordEmbedder()
from app.ui import program
from app.ui.layout import open_replies
from streamlit.web import cli

def served(options, **_more):
    # In the place of Streamlit's server: somebody comes, and says something; a signal ends it.
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    service = open_replies().service
    service.greet("me")
    for said in sys.argv[1:]:
        list(service.stream("me", said))
    print("Open.", flush=True)
    while not ended.wait(0.1):
        pass  # as an event loop: a signal that another thread received wakes nobody else

cli.main = served
program.run(Path("page.py"), 8501, headless=True, fetch=False)
"""
LEFT = "Your last message is not in memory yet; it will be remembered at the next start.\n"


class Silent:
    """A server that replies, and says nothing to background work until it is let go."""

    def __init__(self, server):
        self.asked, self.go = threading.Event(), threading.Event()
        server.reply = self.answer

    def answer(self, body):
        if "<answer>" not in str(body["messages"]):
            self.asked.set()
            assert self.go.wait(600)
        return reply(body)


@pytest.fixture
def server():
    with fake_server() as running:
        yield running


@pytest.fixture
def silent(server):
    scripted = Silent(server)
    yield scripted
    scripted.go.set()


class Page:
    """`persona page` on a terminal of its own."""

    def __init__(self, server, folder, *said):
        self.leader, follower = pty.openpty()
        environment = {
            **os.environ, "PERSONA_LLM_BASE_URL": server.url, "PERSONA_DATA_DIR": str(folder / "data"), "TERM": "dumb",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *said],
            stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=folder, start_new_session=True,
        )  # fmt: skip
        os.close(follower)
        self.seen = ""

    def until(self, words):
        while words not in self.seen:
            self.seen += os.read(self.leader, 4096).decode()
        return self

    def end(self):
        try:
            while more := os.read(self.leader, 4096):
                self.seen += more.decode()
        except OSError:
            pass
        os.close(self.leader)
        return self.process.wait(), self.seen.replace("\r\n", "\n")


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_leaves_at_once_and_names_what_is_left(server, silent, tmp_path, name):
    page = Page(server, tmp_path, "I have a dog").until("Open.")
    assert silent.asked.wait(600)
    page.process.send_signal(name)
    page.until(FINISHING).process.send_signal(name)
    code, seen = page.end()
    assert code == 130, seen
    assert seen.endswith(LEFT)
    assert "failed" not in seen
    assert "Traceback" not in seen


def test_what_is_quick_is_finished_and_nothing_is_left_to_say(server, silent, tmp_path):
    page = Page(server, tmp_path, "I have a dog").until("Open.")
    assert silent.asked.wait(600)
    page.process.send_signal(signal.SIGINT)
    page.until(FINISHING)
    silent.go.set()
    code, seen = page.end()
    assert (code, "not in memory" in seen, "failed" in seen) == (0, False, False), seen


def test_a_port_that_is_taken_is_said_first(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "app.cli", "page", "--headless", "--port", str(port)]
        environment = {**os.environ, "PERSONA_DATA_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is in use. If the page is already open, it is at http://127.0.0.1:{port}.")
    assert f"`persona page --port {port + 1}`" in done.stderr
    assert "opens" not in done.stderr
