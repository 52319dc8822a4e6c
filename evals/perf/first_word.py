"""From a clone to the first word, step by step, for several commits in turn: `python3 evals/perf/first_word.py [COMMIT…]`.

Each run is a fresh clone with its own environment and without derived model files; pip's cache and the models are the
machine's. It needs Python and git.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_POLL_S = 0.05
_MESSAGE = "Hello! I have a dog called Biscuit."

_FIRST_WORD = f"""
import sys, time
from app.service import PersonaService
service = PersonaService.from_settings()
if hasattr(service, "prepare"):
    service.prepare("me")
time.sleep(float(sys.argv[1]))
sent = time.perf_counter()
for event in service.stream("me", {_MESSAGE!r}):
    if type(event).__name__ == "AnswerDelta":
        print(f"{{time.perf_counter() - sent:.1f}} after it was sent", flush=True)
        break
import os
os._exit(0)
"""
"""What the page does, without the page: opens the service, and sends a message after some seconds of typing."""

_PAGE_AND_TURN = f"""
from pathlib import Path
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("streamlit_app.py", default_timeout=600).run()
page = page.chat_input[0].set_value({_MESSAGE!r}).run()
import time
while not any("Biscuit is a fine dog" in one.value for one in page.markdown):
    time.sleep(0.2)
    page = page.run()
[peak] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(int(peak) // 1024, "MB", flush=True)
import os
os._exit(0)
"""
_REPLY = (
    '{"choices": [{"index": 0, "delta": {"content": "<think>Plain.</think>\\n<answer>Biscuit is a fine dog.</answer>"}%s}]}'
)


class _Model(BaseHTTPRequestHandler):
    """A model server that always gives the same reply."""

    def do_GET(self) -> None:
        self._say(
            "application/json", '{"object": "list", "data": [{"id": "fixed", "object": "model", "max_model_len": 16384}]}'
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        ending = _REPLY % ', "finish_reason": "stop"'
        self._say("text/event-stream", f"data: {ending}\n\ndata: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _say(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def measure(commit: str, folder: Path, typing_s: float) -> dict[str, float]:
    """Measure one commit in a new folder; returns seconds by step, and megabytes."""
    clone, took = folder / "clone", {}

    def step(name: str, do: Callable[[], object]) -> None:
        began = time.perf_counter()
        do()
        took[name] = time.perf_counter() - began
        sys.stderr.write(f"  {name}: {took[name]:.1f} s\n")

    models = Path(os.environ.get("PERSONA_CACHE_DIR") or Path.home() / ".cache/personavlm").expanduser() / "models"
    (folder / "cache").mkdir()
    (folder / "cache/models").symlink_to(models)
    own = {"PERSONA_DATA_DIR": str(folder / "data"), "PERSONA_CACHE_DIR": str(folder / "cache")}
    environment = {**os.environ, **own}
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)

    def run(*command: str, more: dict[str, str] | None = None) -> str:
        done = subprocess.run(  # noqa: S603 - commands of our own
            command, cwd=clone, env=environment | (more or {}), capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(command[:4])} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def fetch() -> None:
        subprocess.run(["git", "clone", "--quiet", str(_ROOT), str(clone)], check=True)  # noqa: S603, S607 - git of the path
        run("git", "checkout", "--quiet", commit)

    python = str(clone / ".venv/bin/python")
    step("clone", fetch)
    step("install", lambda: run("make", ".venv/.ready"))
    took["environment, MB"] = int(run("du", "-sm", ".venv").split()[0])
    step("models", lambda: run(".venv/bin/persona", "models", "pull"))
    step("page answers", lambda: _page(clone, environment))
    said = ""

    def first_word() -> None:
        nonlocal said
        said = run(python, "-c", _FIRST_WORD, str(typing_s))

    step("first word", first_word)
    took["first word after it was sent"] = float(said.split(maxsplit=1)[0])
    with ThreadingHTTPServer(("127.0.0.1", 0), _Model) as model:
        threading.Thread(target=model.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{model.server_address[1]}/v1"
        more = {"PERSONA_LLM_BASE_URL": url, "PERSONA_DATA_DIR": str(folder / "other")}
        took["page and one turn, MB"] = int(run(python, "-c", _PAGE_AND_TURN, more=more).split()[0])
        model.shutdown()
    took["clone to page"] = sum(took[name] for name in ("clone", "install", "models", "page answers"))
    took["clone to first word"] = took["clone to page"] + took["first word"]
    return took


def _page(clone: Path, environment: dict[str, str]) -> None:
    """Start the page as `make chat` does, wait until it answers, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [".venv/bin/streamlit", "run", "streamlit_app.py", f"--server.port={port}", "--server.headless=true"]
    with subprocess.Popen(command, cwd=clone, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as page:  # noqa: S603
        while True:
            if page.poll() is not None:
                sys.exit("The page ended.")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=10):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(_POLL_S)
        page.terminate()


def main() -> None:
    """Measure the commits in turn, and print their medians side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commits", nargs="*", default=["HEAD"], help="what to measure, in turn; HEAD when left out")
    parser.add_argument("--runs", type=int, default=1, help="how often")
    parser.add_argument("--typing", type=float, default=0.0, help="seconds from the open page to the first message")
    asked = parser.parse_args()
    runs: dict[str, list[dict[str, float]]] = {commit: [] for commit in asked.commits}
    for _ in range(asked.runs):
        for commit in asked.commits:
            sys.stderr.write(f"{commit}:\n")
            with tempfile.TemporaryDirectory(prefix="first-word-") as folder:
                runs[commit].append(measure(commit, Path(folder), asked.typing))
    names = list(next(iter(runs.values()))[0])
    width = max(map(len, names))
    sys.stdout.write(f"{'':{width}}  {'  '.join(f'{commit[:10]:>10}' for commit in runs)}\n")
    for name in names:
        values = [statistics.median(run[name] for run in done) for done in runs.values()]
        sys.stdout.write(f"{name:{width}}  {'  '.join(f'{value:10.1f}' for value in values)}\n")


if __name__ == "__main__":
    main()
