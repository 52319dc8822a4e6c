"""`persona api` as a process of its own on loopback, with a model server that the test scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
_LISTENING = "listening on "


@dataclass
class Running:
    """A server that answers.

    Attributes:
        url: Its base URL.
        process: The process.
    """

    url: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(model_url: str, data: Path, *options: str, **more: str) -> Iterator[Running]:
    """Run `persona api --port 0`; it is ended at the end.

    Args:
        model_url: The model server.
        data: The data folder.
        options: More options of the command.
        more: More variables of its environment.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "api", "--port", "0", *options],
        cwd=data.parent, env=environment(data, PERSONA_LLM_BASE_URL=model_url, **more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        yield Running(_url(process.stderr), process)
    finally:
        process.terminate()
        process.wait()
        if process.stderr:
            process.stderr.close()


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a program of ours on a data folder: the settings of the person who runs the tests do not count."""
    known = {
        name: value for name, value in os.environ.items() if not name.startswith("PERSONA_") or name == "PERSONA_CACHE_DIR"
    }
    return {**known, "PERSONA_DATA_DIR": str(data), "PYTHONPATH": str(ROOT), "TZ": "UTC", **more}


def _url(lines: IO[str]) -> str:
    said = []
    for line in lines:
        said.append(line)
        if line.startswith(_LISTENING):
            return line.removeprefix(_LISTENING).strip()
    raise AssertionError(f"the server ended: {''.join(said)}")
