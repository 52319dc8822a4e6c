"""Other programs for memory beside ours, each in an environment of its own that `make peers` installs."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.models import weights
from app.settings import Settings
from memory.core.errors import InvalidInput, ModelMissing, NotFound, PersonaError

NAMES = ("mem0",)
_SCRIPTS = Path(__file__).parents[1] / "peers"


def check(names: Sequence[str]) -> None:
    """Check that these peers are known and installed, with the text embedder that they share with us.

    Raises:
        InvalidInput: There is no such peer.
        NotFound: It is not installed, or the embedder is not one of the catalogue.
        ModelMissing: The embedder is not on this machine.
    """
    for name in names:
        if name not in NAMES:
            raise InvalidInput(f"--peers takes {', '.join(NAMES)}; not {name!r}.")
        if not _python(name).exists():
            raise NotFound(f"{name} is not installed. Run `make peers` in a checkout of this program.")
        _embedder()


def add(name: str, texts: Iterable[str]) -> dict[str, Any]:
    """Let a peer store texts, in a process of its own.

    Args:
        name: A peer that `check` accepts.
        texts: The texts, in the order of their time.

    Returns:
        `texts`: how many it stored; `seconds`, `peak_mb`, `disk_mb`, `threads` of its embedder, and its `version`.

    Raises:
        PersonaError: It ended with an error.
    """
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
        file, stored = Path(folder) / "texts.jsonl", Path(folder) / "stored"
        file.write_text("".join(f"{json.dumps(text)}\n" for text in texts), encoding="utf-8")
        stored.mkdir()
        # Isolated: what this program finds on its path is not for the other environment.
        command = [str(_python(name)), "-I", str(_SCRIPTS / name / "run.py"), str(file), str(_embedder()), str(stored)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PersonaError(f"{name} ended with an error: {reason}")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def _embedder() -> Path:
    name = Settings().text_embedder
    located = weights.located(name)
    if located is None:
        raise ModelMissing(f"The text embedder {name} is not on this machine. Run `persona models pull {name}`.")
    return located.model


def _python(name: str) -> Path:
    return weights.models_folder().parent / "peers" / name / "bin" / "python"
