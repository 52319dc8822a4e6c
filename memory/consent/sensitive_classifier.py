"""Whether a text tells something sensitive: its words, and what it means by a small linear model (decision 059)."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import resources
from typing import Any, cast

import numpy as np

from memory.consent.sensitive import Topic, is_english, topic_of
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Vectors

_SURE = 0.92
"""Chance of being sensitive from which on the meaning alone decides: of 200 everyday messages, at most one reaches it."""
_POSSIBLE = 0.1
"""The same where words tell of it too: an idiom or somebody's work mostly lies below."""


class Judge:
    """Tells what is sensitive; with an embedder that the weights were not fitted for, by words alone.

    Args:
        embedder: Reads the meaning.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def topic_of(self, text: str) -> Topic | None:
        """Return what sensitive thing a text tells of somebody, or None."""
        told = topic_of(text)
        weights = self._weights
        if told == "credential" or weights is None or not text.strip() or not is_english(text):
            return told
        chances = shares(self._embedder.read([text])[0].vector, weights)
        sensitive = 1.0 - chances["none"]
        if told is not None:
            return told if sensitive >= _POSSIBLE else None
        meant = max((name for name in chances if name != "none"), key=lambda name: chances[name])
        return cast("Topic", meant) if sensitive >= _SURE else None

    @cached_property
    def _weights(self) -> dict[str, Any] | None:
        kept: dict[str, Any] = json.loads((resources.files("memory.consent") / "sensitive.json").read_text())
        return kept if kept["embedder"] == self._embedder.name else None


def shares(vector: Vectors, weights: dict[str, Any]) -> dict[str, float]:
    """Return the chance of each topic, and of none.

    Args:
        vector: One unit row.
        weights: `topics`, `weights` (a row for each) and `bias`.
    """
    scores = np.asarray(weights["weights"]) @ vector + np.asarray(weights["bias"])
    parts = np.exp(scores - scores.max())
    return dict(zip(weights["topics"], (parts / parts.sum()).tolist(), strict=True))
