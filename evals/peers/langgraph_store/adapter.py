"""LangGraph's InMemoryStore alone, with an index over the text: it keeps nothing on disk."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from langgraph.store.memory import InMemoryStore
from sentence_transformers import SentenceTransformer

DISTRIBUTION = "langgraph"


class Store:
    """One store with a namespace for each user.

    Args:
        model: The folder of the text embedder.
        folder: Stays empty.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        del folder
        self._model = SentenceTransformer(str(model), device="cpu")
        dims = self._model.get_embedding_dimension()
        self._store = InMemoryStore(index={"dims": dims, "embed": self._vectors, "fields": ["text"]})

    def embed(self, text: str) -> object:
        return self._vectors([text])

    def add(self, user: str, text: str, when: datetime) -> str:
        name = str(uuid.uuid4())
        self._store.put(("turns", user), name, {"text": text, "time": when.isoformat()})
        return name

    def search(self, user: str, question: str, limit: int) -> Any:
        return self._store.search(("turns", user), query=question, limit=limit)

    def texts(self, found: Any) -> list[str]:
        return [one.value["text"] for one in found]

    def delete(self, user: str, name: str) -> None:
        self._store.delete(("turns", user), name)

    def close(self) -> None:
        pass

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        return self._model.encode(texts, normalize_embeddings=True).tolist()
