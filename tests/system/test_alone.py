"""Nothing leaves the machine: every attempt to reach another one, from any library, is seen by Python's own audit hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_server import fake_server
from tests.system.test_cli import reply

ROOT = Path(__file__).parents[2]
CACHE = os.environ.get("PERSONA_CACHE_DIR") or str(Path("~/.cache/personavlm").expanduser())
RUN = """
import json, sys
reached = []
def hook(event, args):
    if event == "socket.connect":
        reached.append(str(args[1]))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        reached.append(str(args[0]))
sys.addaudithook(hook)
from app.cli import main
try:
    main()
finally:
    print(json.dumps(reached), file=sys.stderr)
"""


@pytest.mark.parametrize("words", [("ask", "I have a dog called Rex", "--wait"), ("memory", "list"), ("doctor",)])
def test_a_turn_with_the_real_embedder_reaches_no_other_machine(tmp_path, monkeypatch, words):
    monkeypatch.setenv("HOME", str(tmp_path))
    with fake_server() as server:
        server.reply = reply
        monkeypatch.setenv("PERSONA_LLM_BASE_URL", server.url)
        monkeypatch.setenv("PERSONA_CACHE_DIR", CACHE)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        done = subprocess.run(
            [sys.executable, "-c", RUN, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
        )
    reached = json.loads(done.stderr.splitlines()[-1])
    assert [one for one in reached if "127.0.0.1" not in one and one != "localhost"] == [], done.stderr
    if words[0] == "ask":
        assert done.returncode == 0, done.stderr
        assert reached, "the model server was asked: the hook sees what is reached"
