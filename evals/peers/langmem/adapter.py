"""langmem's tools for a model, called as a model would call them, over LangGraph's InMemoryStore: nothing is kept on disk."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from langgraph.store.memory import InMemoryStore
from langmem import create_manage_memory_tool, create_search_memory_tool
from sentence_transformers import SentenceTransformer

DISTRIBUTION = "langmem"


class Store:
    """The two tools of each user.

    Args:
        model: The folder of the text embedder.
        folder: Stays empty.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        del folder
        self._model = SentenceTransformer(str(model), device="cpu")
        self._store = InMemoryStore(index={"dims": self._model.get_embedding_dimension(), "embed": self._vectors})
        self._tools = cache(self._made)

    def embed(self, text: str) -> object:
        return self._vectors([text])

    def add(self, user: str, text: str, when: datetime) -> str:
        del when  # the tool takes a text alone
        return self._tools(user)[0].invoke({"action": "create", "content": text}).rsplit(" ", 1)[-1]

    def search(self, user: str, question: str, limit: int) -> Any:
        return self._tools(user)[1].invoke({"query": question, "limit": limit})

    def texts(self, found: Any) -> list[str]:
        return [one["value"]["content"] for one in json.loads(found)]

    def delete(self, user: str, name: str) -> None:
        self._tools(user)[0].invoke({"action": "delete", "id": name})

    def close(self) -> None:
        pass

    def _made(self, user: str) -> tuple[Any, Any]:
        namespace = ("memories", user)
        manage = create_manage_memory_tool(namespace, store=self._store)
        return manage, create_search_memory_tool(namespace, store=self._store)

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        return self._model.encode(texts, normalize_embeddings=True).tolist()
