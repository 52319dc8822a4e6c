"""How long other programs for memory take to store the texts of an import."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evals.peers import installed
from evals.peers.endurance import bytes_on_disk
from evals.peers.process import PeerProcess

NAMES = ("mem0",)
_USER = "ada"
_BEGIN = datetime(2016, 1, 1, 9, tzinfo=UTC)


def check(names: Sequence[str]) -> None:
    """Check that these programs are among `NAMES`, and as `installed.check` does."""
    installed.check(names, NAMES)


def add(name: str, texts: Iterable[str]) -> dict[str, Any]:
    """Let a program store texts, in a process of its own.

    Args:
        name: A program that `check` accepts.
        texts: The texts, in the order of their time.

    Returns:
        `texts`: how many it stored; `seconds`, `peak_mb`, `disk_mb`, `threads` of its embedder, and its `version`.

    Raises:
        Failed: It ended with an error.
    """
    with (
        tempfile.TemporaryDirectory(prefix="persona-bench-") as folder,
        PeerProcess(name, installed.embedder(), Path(folder)) as peer,
    ):
        seconds = [peer.add(_USER, text, _BEGIN + timedelta(minutes=number)) for number, text in enumerate(texts)]
        row = {"texts": len(seconds), "seconds": round(sum(seconds), 2), "peak_mb": peer.close()}
        disk = round(bytes_on_disk(Path(folder)) / 1e6, 1)
        return {**row, "disk_mb": disk, "threads": peer.about["threads"], "version": peer.about["version"]}
