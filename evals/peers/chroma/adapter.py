"""Chroma alone: one collection in a folder, cosine, the user as metadata."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import chromadb
from chromadb.config import Settings
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

DISTRIBUTION = "chromadb"


class Store:
    """One persistent client.

    Args:
        model: The folder of the text embedder.
        folder: An empty folder, or one that it filled before.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        self._embed = SentenceTransformerEmbeddingFunction(model_name=str(model), device="cpu", normalize_embeddings=True)
        self._client = chromadb.PersistentClient(str(folder / "chroma"), Settings(anonymized_telemetry=False))
        self._collection = self._client.get_or_create_collection(
            "turns", configuration={"hnsw": {"space": "cosine"}}, embedding_function=self._embed
        )

    def embed(self, text: str) -> object:
        return self._embed([text])

    def add(self, user: str, text: str, when: datetime) -> str:
        name = str(uuid.uuid4())
        self._collection.add(ids=[name], documents=[text], metadatas=[{"user": user, "time": when.isoformat()}])
        return name

    def search(self, user: str, question: str, limit: int) -> Any:
        return self._collection.query(query_texts=[question], n_results=limit, where={"user": user})

    def texts(self, found: Any) -> list[str]:
        return list(found["documents"][0])

    def delete(self, user: str, name: str) -> None:  # noqa: ARG002 - ids are the client's own
        self._collection.delete(ids=[name])

    def close(self) -> None:
        self._client.close()
