"""A pull over real connections, in processes of their own: broken lines, a kill, two at once, a hub that is slow or full."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

COMMIT = "c0ffee" * 6 + "c0ff"
WEIGHTS = bytes(range(256)) * 40_000
"""Ten megabytes."""
PULL = f"""
from app.models import catalogue, transfer, weights
from app.models.catalogue import File, Model

class Told(transfer.Plain):
    def moved(self, name, done, total):
        if done > 1_000_000 and not self._tenths:
            self._tenths.add(name)
            self.note("A megabyte is here.")

catalogue.CATALOGUE["tiny"] = Model("tiny", "chat", "MIT", "For tests.", (File("tiny.gguf", {len(WEIGHTS)}),), "tiny.gguf", hub="us/tiny")
print(weights.pull("tiny", Told()).model)
"""


class Hub(ThreadingHTTPServer):
    """A model hub with one file, whose lines break after so many bytes, or wait there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.resets: list[int] = []
        self.waits_after: int | None = None
        self.waiting = threading.Event()
        self.go_on = threading.Event()
        self.ranges: list[str | None] = []
        self.agents: set[str] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.agents.add(self.headers["User-Agent"])
        if self.path.startswith("/api/models/"):
            lfs = {"sha256": hashlib.sha256(WEIGHTS).hexdigest(), "size": len(WEIGHTS), "pointerSize": 130}
            file = {"rfilename": "tiny.gguf", "size": len(WEIGHTS), "blobId": "b", "lfs": lfs}
            self.answer(200, json.dumps({"id": "us/tiny", "sha": COMMIT, "siblings": [file]}).encode())
            return
        wanted = self.headers["Range"]
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.answer(206 if wanted else 200, WEIGHTS[start:])

    def answer(self, status: int, data: bytes) -> None:
        hub = self.server
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        reset = hub.resets.pop(0) if hub.resets and len(data) > 10_000 else None
        for place in range(0, len(data), 1 << 16):
            if reset is not None and place >= reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            if hub.waits_after is not None and place >= hub.waits_after:
                hub.waiting.set()
                hub.go_on.wait()
            self.wfile.write(data[place : place + (1 << 16)])

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def pulling(hub: Hub, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that pulls from there; killed at the end where it still runs."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}", "PERSONA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", PULL]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def pull(hub: Hub, cache: Path) -> str:
    """Pull, and return what was said meanwhile."""
    with pulling(hub, cache) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert Path(out.strip()).read_bytes() == WEIGHTS
    return err


def test_lines_that_are_reset_are_gone_on_with(hub: Hub, tmp_path: Path) -> None:
    hub.resets = [3_000_000, 4_000_000]
    said = pull(hub, tmp_path)
    assert said.count("The connection broke. Continuing from ") == 2
    assert "http" not in said, "nobody's address"
    assert hub.ranges[0] is None
    assert all(wanted.startswith("bytes=") for wanted in hub.ranges[1:])


def test_a_pull_that_is_killed_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.waits_after = 5_000_000
    with pulling(hub, tmp_path) as process:
        assert process.stderr
        assert "A megabyte is here.\n" in process.stderr
        process.kill()
        process.wait()
    part = tmp_path / "models" / "tiny" / "tiny.gguf.part"
    here = part.stat().st_size
    assert 1_000_000 < here < len(WEIGHTS)
    hub.waits_after = None
    hub.go_on.set()
    said = pull(hub, tmp_path)
    assert hub.ranges == [None, f"bytes={here}-"]
    assert f"{here / 1e6:.0f} MB of 10 MB are already downloaded. Continuing from there." in said


def test_a_second_pull_waits_for_the_first(hub: Hub, tmp_path: Path) -> None:
    hub.waits_after = 5_000_000
    with pulling(hub, tmp_path) as first:
        assert hub.waiting.wait(120)
        with pulling(hub, tmp_path) as second:
            assert second.stderr
            assert second.stderr.readline() == "Another process is pulling tiny. Waiting for it.\n"
            hub.waits_after = None
            hub.go_on.set()
            assert second.communicate()[0] == first.communicate()[0]
    assert len(hub.ranges) == 1, "it is downloaded once"


def test_nothing_is_reported_to_the_hub_and_no_second_copy_is_kept(hub: Hub, tmp_path: Path) -> None:
    pull(hub, tmp_path)
    assert not any(word in agent for agent in hub.agents for word in ("torch", "persona", "session")), hub.agents
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert [path for path in left if not path.endswith(".lock")] == ["models/tiny/manifest.json", "models/tiny/tiny.gguf"]
