"""Whether a text tells something sensitive: its words, or what it means by a small linear model (decision 021)."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import resources
from typing import Any, cast

import numpy as np

from memory.embedders import Embedder
from memory.reading import Vectors
from memory.sensitive import Topic, topic_of

_SURE = 0.65
"""Chance of being sensitive from which on the meaning alone decides: of everyday messages, few reach it."""
_SURE_OF = {"sexuality": 0.9}
"""The same of a topic: whom somebody lives with or used to love is near to it in meaning, and is none."""


class Judge:
    """Tells what is sensitive; with an embedder that the weights were not fitted for, by words alone.

    Args:
        embedder: Reads the meaning.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def topic_of(self, text: str) -> Topic | None:
        """Return what sensitive thing a text tells of somebody, or None."""
        named = topic_of(text)
        weights = self._weights
        if named is not None or weights is None or not text.strip():
            return named
        chances = shares(self._embedder.read([text])[0].vector, weights)
        meant = max((name for name in chances if name != "none"), key=lambda name: chances[name])
        return cast("Topic", meant) if 1.0 - chances["none"] > _SURE_OF.get(meant, _SURE) else None

    @cached_property
    def _weights(self) -> dict[str, Any] | None:
        kept: dict[str, Any] = json.loads((resources.files("memory") / "sensitive.json").read_text())
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
