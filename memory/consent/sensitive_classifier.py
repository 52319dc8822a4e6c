"""Classifies texts as sensitive by their words and, with a small linear model, by their meaning (decision 059)."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import resources
from typing import Any, cast

import numpy as np

from memory.consent.sensitive import Topic, is_english, topic_of
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Vectors

_MIN_PROBABILITY_ALONE = 0.93
"""From this probability of being sensitive on, the meaning alone decides. Of 200 everyday messages, at most one reaches it."""
_MIN_PROBABILITY_WITH_WORDS = 0.1
"""The probability that is enough if the words indicate a topic too. Idioms and talk about work mostly stay below it."""


class SensitiveClassifier:
    """Judges whether texts are sensitive. If the weights were not fitted for the embedder, words alone decide.

    Args:
        embedder: Embeds the texts.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def topic_of(self, text: str) -> Topic | None:
        """Return the sensitive topic of a text; None if it tells nothing sensitive about a person."""
        told = topic_of(text)
        weights = self._weights
        if told == "credential" or weights is None or not text.strip() or not is_english(text):
            return told
        chances = shares(self._embedder.embed([text])[0].vector, weights)
        sensitive = 1.0 - chances["none"]
        if told is not None:
            return told if sensitive >= _MIN_PROBABILITY_WITH_WORDS else None
        meant = max((name for name in chances if name != "none"), key=lambda name: chances[name])
        return cast("Topic", meant) if sensitive >= _MIN_PROBABILITY_ALONE else None

    @cached_property
    def _weights(self) -> dict[str, Any] | None:
        kept: dict[str, Any] = json.loads((resources.files("memory.consent") / "sensitive.json").read_text())
        return kept if kept["embedder"] == self._embedder.name else None


def shares(vector: Vectors, weights: dict[str, Any]) -> dict[str, float]:
    """Return the probability of each topic and of `none`; they add up to 1.

    Args:
        vector: One embedding of length 1.
        weights: The linear model: `topics`, `weights` (one row for each topic) and `bias`.
    """
    scores = np.asarray(weights["weights"]) @ vector + np.asarray(weights["bias"])
    parts = np.exp(scores - scores.max())
    return dict(zip(weights["topics"], (parts / parts.sum()).tolist(), strict=True))
