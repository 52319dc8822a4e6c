"""One memory program in a process of its own, which answers requests through `driver.py`."""

from __future__ import annotations

import json
import os
import select
import subprocess
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

from app.models import weights
from evals.peers import installed
from memory.core.errors import PersonaError

_PATIENCE_S = 600
"""No single request may take longer."""
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Nothing is looked for on the network, and nobody is told."""
_CHARACTERS = 300
"""The longest reason that is told."""


class Failed(PersonaError):
    """A program ended with an error."""


class PeerProcess:
    """Starts a program, and sends it one request at a time.

    Args:
        name: One of `installed.PEERS`, or `installed.OURS`.
        model: The folder of the text embedder.
        folder: The folder for what it stores, its home folder included; created when missing.

    Raises:
        Failed: It cannot be started.
    """

    def __init__(self, name: str, model: Path, folder: Path) -> None:
        self.folder = folder
        self._name = name
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        self._errors = TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            installed.command(name, model, folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(home, ours=name == installed.OURS),
            cwd=home,
        )
        # Both are pipes.
        self._requests: Any = self._process.stdin
        self._answers: Any = self._process.stdout
        try:
            self.about = self._answer()
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def add(self, user: str, text: str, time: datetime) -> float:
        """Store a text, and return the seconds until it can be found.

        Raises:
            Failed: It ended with an error.
        """
        return float(self._ask({"do": "add", "user": user, "text": text, "at": time.isoformat()})["seconds"])

    def search(self, user: str, question: str, limit: int) -> tuple[list[str], float]:
        """Return the best texts for a question, and the seconds of that; its embedding is included.

        Raises:
            Failed: It ended with an error.
        """
        found = self._ask({"do": "search", "user": user, "question": question, "limit": limit})
        return found["texts"], float(found["seconds"])

    def delete(self, user: str, text: str) -> None:
        """Delete a text that this process stored.

        Raises:
            Failed: It ended with an error.
        """
        self._ask({"do": "delete", "user": user, "text": text})

    def close(self) -> int:
        """Close the program, and return its peak memory in MB.

        Raises:
            Failed: It ended with an error.
        """
        peak = int(self._ask({"do": "close"})["peak_mb"])
        self._requests.close()
        self._process.wait(timeout=_PATIENCE_S)
        return peak

    def kill(self) -> None:
        """End this process as a crash would, with no chance to write anything; nothing happens if it has ended."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for one in (self._requests, self._answers, self._errors):
            with suppress(BrokenPipeError):
                one.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except BrokenPipeError:
            raise Failed(self._told("it ended without an answer")) from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        if not select.select([self._answers], [], [], _PATIENCE_S)[0]:
            raise Failed(f"{self._name} did not answer within {_PATIENCE_S} seconds.")
        line = self._answers.readline()
        if not line:
            raise Failed(self._told("it ended without an answer"))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(self._told(answer["error"]))
        return answer

    def _told(self, reason: str) -> str:
        self._errors.seek(0)
        told = self._errors.read().decode(errors="replace").strip().splitlines()
        if reason == "it ended without an answer" and told:
            reason = told[-1]
        # Where the folders lie is of this machine alone.
        first = reason.replace(str(self.folder), "…").splitlines()[0]
        return f"{self._name} ended with an error: {first[:_CHARACTERS]}"


def _environment(home: Path, *, ours: bool) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    quiet = {**kept, **_QUIET, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    # Another program gets no setting of this one, and this one finds its packages and its models.
    root = Path(__file__).parents[2]
    return quiet | ({"PYTHONPATH": str(root), "PERSONA_CACHE_DIR": str(weights.models_folder().parent)} if ours else {})
