"""mem0 without a model that extracts facts: it stores the text as it is, with one vector."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

DISTRIBUTION = "mem0ai"


class Store:
    """One `Memory` with its default vector store, Qdrant in a folder.

    Args:
        model: The folder of the text embedder.
        folder: An empty folder, or one that it filled before.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        # Read when mem0 is imported. It would report its use, and keep an id of this machine in the home folder.
        os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": str(folder / "settings")}
        from mem0 import Memory

        size = json.loads((model / "config.json").read_text(encoding="utf-8"))["hidden_size"]
        store = {"path": str(folder / "vectors"), "embedding_model_dims": size, "on_disk": True}
        self._memory = Memory.from_config(
            {
                "vector_store": {"provider": "qdrant", "config": store},
                "embedder": {"provider": "huggingface", "config": {"model": str(model), "embedding_dims": size}},
                # mem0 wants a model and a key even where it asks no model.
                "llm": {"provider": "openai", "config": {"model": "none", "api_key": "none"}},
                "history_db_path": str(folder / "history.db"),
            }
        )

    def embed(self, text: str) -> object:
        return self._memory.embedding_model.embed(text)

    def add(self, user: str, text: str, when: datetime) -> str:
        message = [{"role": "user", "content": text}]
        added = self._memory.add(message, user_id=user, metadata={"time": when.isoformat()}, infer=False)
        return added["results"][0]["id"]

    def search(self, user: str, question: str, limit: int) -> Any:
        return self._memory.search(question, filters={"user_id": user}, top_k=limit, threshold=0.0)

    def texts(self, found: Any) -> list[str]:
        return [one["memory"] for one in found["results"]]

    def delete(self, user: str, name: str) -> None:  # noqa: ARG002 - ids are the client's own
        self._memory.delete(name)

    def close(self) -> None:
        self._memory.close()
