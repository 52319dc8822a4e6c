"""This program: a message in the journal, indexed as after each turn of a conversation."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.factory import build_embedder
from app.settings import Settings
from memory.memory import Memory

DISTRIBUTION = "personavlm-langgraph"


class Store:
    """One `Memory`.

    Args:
        model: Not used: the settings name the same text embedder.
        folder: An empty folder, or one that it filled before.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        del model
        self._embedder = build_embedder(Settings())
        self._memory = Memory(folder / "data", self._embedder, asks=False)

    def embed(self, text: str) -> object:
        return self._embedder.embed([text])

    def add(self, user: str, text: str, when: datetime) -> str:
        turn = self._memory.ingest_turn(user, when, text, "")
        while turn is None:
            # A message is the same one if its time and words are: two of a conversation may have both.
            when += timedelta(seconds=1)
            turn = self._memory.ingest_turn(user, when, text, "")
        self._memory.index_soon(user)
        return turn.id

    def search(self, user: str, question: str, limit: int) -> Any:
        return self._memory.search(user, question, kind="turn", limit=limit)

    def texts(self, found: Any) -> list[str]:
        return [self._memory.journal.turn(name).text for one in found for name in one.turn_ids]

    def delete(self, user: str, name: str) -> None:
        self._memory.forget(user, name, now=True)

    def close(self) -> None:
        self._memory.close()
