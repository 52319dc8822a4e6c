"""Runs one memory program in the environment of that program, for `evals.peers.process`: one request a line, one answer a line.

`python -I driver.py ADAPTER MODEL FOLDER`. It needs nothing but Python's own library. The adapter is the only file that knows
the program. It has `DISTRIBUTION`, the name of its package, and a class `Store`:

* `Store(model, folder)` opens the program. `folder` is empty, or one that the program filled before.
* `add(user, text, when)` stores a text so that the next search finds it, and returns a handle.
* `search(user, question, limit)` returns the program's own result, and `texts(result)` the texts in it, best first.
* `delete(user, handle)` deletes a text. `close()` closes the program.
* `embed(text)` embeds a text as `search` does.
* `processes()`, where there is one, returns the ids of the program's other processes.

Only calls of `add` and `search` are timed, and nothing of the way between the two processes.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

_TRIED = 20
"""Texts that are embedded with each number of threads."""


def main(adapter: Path, model: Path, folder: Path) -> None:
    """Open the program, answer requests until the input ends, and close it.

    Args:
        adapter: The file with its class `Store`.
        model: The folder of a sentence-transformers model.
        folder: A folder for everything that it stores.
    """
    # Libraries print, some to the file descriptor itself: answers have a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def _answer(value: dict[str, Any]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        module = _loaded(adapter)
        store = module.Store(model, folder)
        threads = _choose_threads(store.embed)
        version = importlib.metadata.version(module.DISTRIBUTION)
        _answer({"version": version, "threads": threads, "loaded_mb": _peak_mb()})
        requests = _Requests(store)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                _answer(getattr(requests, request.pop("do"))(**request))
            except BaseException:
                store.close()
                raise
    except Exception as error:  # noqa: BLE001 - whatever a program raises is told
        _answer({"error": f"{type(error).__name__}: {str(error).strip() or 'no reason given'}"})
        sys.exit(1)


class _Requests:
    """Answers each kind of request.

    Args:
        store: The adapter's `Store`.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self._handles: dict[tuple[str, str], Any] = {}

    def add(self, user: str, text: str, at: str) -> dict[str, Any]:
        when = datetime.fromisoformat(at)
        began = time.perf_counter()
        handle = self._store.add(user, text, when)
        seconds = time.perf_counter() - began
        self._handles[user, text] = handle
        return {"seconds": seconds}

    def search(self, user: str, question: str, limit: int) -> dict[str, Any]:
        began = time.perf_counter()
        found = self._store.search(user, question, limit)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "texts": self._store.texts(found)}

    def delete(self, user: str, text: str) -> dict[str, Any]:
        self._store.delete(user, self._handles[user, text])
        return {}

    def close(self) -> dict[str, Any]:
        peak = _peak_mb() + _others_mb(getattr(self._store, "processes", list)())
        self._store.close()
        return {"peak_mb": peak}


def _loaded(adapter: Path) -> Any:
    spec = importlib.util.spec_from_file_location("adapter", adapter)
    if spec is None or spec.loader is None:
        raise ImportError(f"{adapter} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _choose_threads(embed: Callable[[str], object]) -> int | None:
    """Let torch use one thread or all, whichever embeds sooner: on a busy machine, all can take 20 times as long.

    Returns:
        The number; None for a program that embeds without torch, which keeps its own setting.
    """
    texts = [f"Text {number} is about the {number} steps that lead down to the harbour." for number in range(_TRIED)]
    embed("warm")
    if (torch := sys.modules.get("torch")) is None:
        for text in texts:
            embed(text)
        return None

    def _seconds(threads: int) -> float:
        torch.set_num_threads(threads)
        embed("warm")
        began = time.perf_counter()
        for text in texts:
            embed(text)
        return time.perf_counter() - began

    chosen = min((torch.get_num_threads(), 1), key=_seconds)
    torch.set_num_threads(chosen)
    return int(chosen)


def _peak_mb() -> int:
    """Return the peak memory of this process: `ru_maxrss` would count its parent's at the fork, too."""
    kilobytes = _kilobytes(Path("/proc/self/status"), "VmHWM:")
    return round((kilobytes or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024)


def _others_mb(processes: list[int]) -> int:
    """Return the memory of other processes, what they share counted once."""
    return round(sum(_kilobytes(Path(f"/proc/{process}/smaps_rollup"), "Pss:") for process in processes) / 1024)


def _kilobytes(file: Path, name: str) -> int:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
