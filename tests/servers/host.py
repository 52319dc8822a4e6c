"""The other end of `tests.servers.host_process`: starts a host, tells it what to do, and hears what it tells."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOUND_S = 90.0


class Host:
    """A process on a folder of its own."""

    def __init__(self, stores, folder: Path, name: str, ahead_s: float = 0) -> None:
        self.folder = folder
        self.name = name
        self.process_id: object = None
        folder.mkdir()
        arguments = [str(folder), stores.database_url, stores.chroma_url, name, str(ahead_s)]
        self._errors = (folder / "errors").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.host_process", *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        self._told: queue.Queue[dict[str, object]] = queue.Queue()
        self._before: list[dict[str, object]] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def do(self, what: str, **more: str) -> None:
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()

    def hears(self, **which: object) -> dict[str, object]:
        """Return the next thing that it tells with these values (None: any value); other things stay to be heard."""
        ends = time.monotonic() + BOUND_S
        while True:
            for told in self._before:
                if all(name in told and value in (None, told[name]) for name, value in which.items()):
                    self._before.remove(told)
                    return told
            try:
                self._before.append(self._told.get(timeout=max(0.0, ends - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"{self.name}: no {which}; {(self.folder / 'errors').read_text()[-2000:]}") from None

    def says(self, user: str, said: str) -> dict[str, object]:
        self.do("say", user=user, text=said)
        return self.hears(said=said)

    def hold(self, step: str) -> None:
        (self.folder / f"hold-{step}").touch()

    def let_go(self, step: str) -> None:
        (self.folder / f"hold-{step}").unlink()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        self._listening.join()
        for pipe in (self.process.stdin, self.process.stdout, self._errors):
            with suppress(BrokenPipeError):
                pipe.close()


def until(true: Callable[[], object]) -> float:
    """Wait until something is true; returns after how many seconds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < BOUND_S
        time.sleep(0.05)
    return time.monotonic() - began
