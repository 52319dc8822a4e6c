"""Adds texts to mem0 without a model that extracts facts, and prints how long that took.

It runs in an environment of its own: `python run.py TEXTS MODEL FOLDER`. `README.md` beside it says what is measured.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mem0 import Memory

_USER = "ada"
_TRIED = 20
"""Texts that are embedded with each number of threads."""


def main(texts: Path, model: Path, folder: Path) -> None:
    """Add the texts, and print one line of JSON.

    Args:
        texts: A file with a text in each line, as JSON.
        model: The folder of a sentence-transformers model.
        folder: An empty folder for everything that mem0 stores.
    """
    said: list[str] = [json.loads(line) for line in texts.read_text(encoding="utf-8").splitlines()]
    memory = _opened(model, folder)
    threads = _choose_threads(memory.embedding_model.embed, said[:_TRIED])
    began = time.perf_counter()
    stored = sum(len(_add(memory, text)["results"]) for text in said)
    seconds = time.perf_counter() - began
    memory.close()
    row = {"texts": stored, "seconds": round(seconds, 2), "peak_mb": _peak(), "disk_mb": _disk(folder), "threads": threads}
    print(json.dumps({**row, "version": version("mem0ai")}))


def _opened(model: Path, folder: Path) -> Memory:
    # Read when mem0 is imported. It would report its use, and keep an id of this machine in the home folder.
    os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": str(folder / "settings"), "HF_HUB_OFFLINE": "1"}
    from mem0 import Memory

    size = json.loads((model / "config.json").read_text(encoding="utf-8"))["hidden_size"]
    store = {"path": str(folder / "vectors"), "embedding_model_dims": size, "on_disk": True}
    return Memory.from_config(
        {
            "vector_store": {"provider": "qdrant", "config": store},
            "embedder": {"provider": "huggingface", "config": {"model": str(model), "embedding_dims": size}},
            # mem0 wants a model and a key even where it asks no model.
            "llm": {"provider": "openai", "config": {"model": "none", "api_key": "none"}},
            "history_db_path": str(folder / "history.db"),
        }
    )


def _choose_threads(embed: Callable[[str], object], texts: list[str]) -> int:
    """Let torch use one thread or all, whichever embeds sooner: on a busy machine, all can take 20 times as long."""
    import torch

    def seconds(threads: int) -> float:
        torch.set_num_threads(threads)
        embed("warm")
        began = time.perf_counter()
        for text in texts:
            embed(text)
        return time.perf_counter() - began

    chosen = min((torch.get_num_threads(), 1), key=seconds)
    torch.set_num_threads(chosen)
    return chosen


def _add(memory: Memory, text: str) -> dict[str, Any]:
    added: dict[str, Any] = memory.add([{"role": "user", "content": text}], user_id=_USER, infer=False)
    return added


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _disk(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
