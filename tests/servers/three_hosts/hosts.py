"""A host: the program's own commands on a data folder of its own, over the same servers as the others."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.api_process import ROOT, environment

_POLL_S = 0.1
BOUND_S = 180.0
_CLI = [sys.executable, "-m", "app.cli"]


@dataclass
class Host:
    """One host.

    Attributes:
        name: Its name.
        folder: Its data folder; the logs of its programs are beside it.
        settings: Variables of its environment.
        address: Where it listens.
        prefix: What its commands begin with, such as a network namespace.
        also: More programs of this host, as words after `persona`.
        port: Where it listens; 0: a free port, which it keeps.
        metrics_key: The id of the key that may read its numbers.
        processes: Its programs.
    """

    name: str
    folder: Path
    settings: Mapping[str, str]
    address: str = "127.0.0.1"
    prefix: Sequence[str] = ()
    also: Sequence[Sequence[str]] = ()
    port: int = 0
    metrics_key: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where its API answers."""
        return f"http://{self.address}:{self.port}"

    @property
    def logs(self) -> list[Path]:
        """What its programs wrote."""
        return sorted(self.folder.parent.glob(f"{self.folder.name}.*.log"))

    def start(self) -> None:
        """Start its programs; `wait` says when they answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port(self.address if not self.prefix else "127.0.0.1")
        api = ["api", "--host", self.address, "--port", str(self.port), "--rate", "1000000", "--metrics-key", self.metrics_key]
        for words in (api, *self.also):
            with Path(f"{self.folder}.{words[0]}.log").open("ab") as log:
                self.processes.append(
                    subprocess.Popen(
                        [*self.prefix, *_CLI, *words],
                        cwd=ROOT,
                        env=self.environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
                )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its programs."""
        return environment(self.folder, **self.settings)

    def run(self, *words: str) -> str:
        """Run one command of the program, and return what it printed."""
        done = subprocess.run(
            [*self.prefix, *_CLI, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait(self) -> float:
        """Wait until it is ready; returns after how many seconds."""
        began = time.monotonic()
        while not self.is_ready():
            assert all(one.poll() is None for one in self.processes), self.said()
            assert time.monotonic() - began < BOUND_S, self.said()
            time.sleep(_POLL_S)
        return time.monotonic() - began

    def is_ready(self) -> bool:
        """Return whether it says that it would answer a message."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=3) as answer:
                return bool(json.load(answer)["status"] == "ready")
        except (OSError, ValueError):
            return False

    def kill(self) -> None:
        """End its programs at once, as a power cut would."""
        for one in self.processes:
            one.kill()
        for one in self.processes:
            one.wait()
        self.processes.clear()

    def stop(self) -> list[int]:
        """Let its programs end; returns their exit codes."""
        for one in self.processes:
            one.send_signal(signal.SIGTERM)
        codes = [one.wait(timeout=60) for one in self.processes]
        self.processes.clear()
        return codes

    def said(self) -> str:
        """Return the end of its logs."""
        return "\n".join(f"{self.name}: {one.name}: {one.read_text()[-3000:]}" for one in self.logs)


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def ahead(seconds: int) -> dict[str, str]:
    """Return variables that set a process's clock ahead by libfaketime; empty if it is not on this machine."""
    named = os.environ.get("PERSONA_TEST_FAKETIME")
    found = [Path(named)] if named else sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        return {}
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME": f"+{seconds}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # It would read the environment every 10 seconds, and crash if another thread sets a variable at that moment.
        "FAKETIME_CACHE_DURATION": "1000000000",
    }
