"""How well sensitive messages are told from others, on messages of our own; and the weights that tell them, fitted anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from memory.embedders import Embedder
from memory.judge import Judge
from memory.sensitive import topic_of

_PARTS = 10
_SETS = ("sensitive", "everyday")
_STRENGTH = 10.0
"""Inverse of the regularisation; 5 and 20 gave the same within a point."""


def labelled(name: str) -> list[tuple[str, str]]:
    """Return (topic or `none`, message) of a set.

    `sensitive`: 360 messages, of which 150 are none, most of these with the words of the others. `everyday`: what the people of
    persona_mini say, 185 messages, six of them sensitive.
    """
    text = (resources.files("evals") / "data" / f"{name}.tsv").read_text(encoding="utf-8")
    return [(topic, message) for topic, message in (line.split("\t", 1) for line in text.splitlines())]


def measure(embedder: Embedder) -> dict[str, Any]:
    """Fit on nine tenths and judge the tenth that was left out, ten times; beside it, what words alone find."""
    rows = [row for name in _SETS for row in labelled(name)]
    vectors = np.stack([reading.vector for reading in embedder.read([message for _, message in rows])])
    topics = np.array([topic for topic, _ in rows])
    first = len(labelled(_SETS[0]))
    judged: list[str | None] = [None] * len(rows)
    for known, left in StratifiedKFold(_PARTS, shuffle=True, random_state=1).split(vectors, topics):
        judge = Judge(embedder)
        judge.__dict__["_weights"] = _fit(embedder, vectors[known], topics[known])
        for place in left:
            judged[place] = judge.topic_of(rows[place][1])
    named = [topic_of(message) for _, message in rows]
    return {
        **{
            name: {
                "messages": len(topics[part]),
                "words and meaning": _figures(topics[part], judged[part]),
                "words alone": _figures(topics[part], named[part]),
            }
            for name, part in zip(_SETS, (slice(first), slice(first, None)), strict=True)
        },
        "missed": [message for (topic, message), said in zip(rows, judged, strict=True) if topic != "none" and said is None],
        "held for nothing": [message for (topic, message), said in zip(rows, judged, strict=True) if topic == "none" and said],
    }


def write(embedder: Embedder, file: Path) -> None:
    """Fit on all messages, and write the weights that `memory.judge` reads."""
    rows = [row for name in _SETS for row in labelled(name)]
    vectors = np.stack([reading.vector for reading in embedder.read([message for _, message in rows])])
    file.write_text(json.dumps(_fit(embedder, vectors, np.array([topic for topic, _ in rows]))) + "\n")


def _fit(embedder: Embedder, vectors: Any, topics: Any) -> dict[str, Any]:
    model = LogisticRegression(C=_STRENGTH, max_iter=3_000).fit(vectors, topics)
    return {
        "embedder": embedder.name,
        "topics": model.classes_.tolist(),
        "weights": np.round(model.coef_, 3).tolist(),
        "bias": np.round(model.intercept_, 3).tolist(),
    }


def _figures(topics: Any, judged: Sequence[str | None]) -> dict[str, float]:
    wanted = topics != "none"
    said = np.array([one is not None for one in judged])
    right = (wanted & said).sum()
    return {
        "recall": round(float(right / wanted.sum()), 3),
        "precision": round(float(right / said.sum()), 3),
        "of none, left alone": round(float((~said & ~wanted).sum() / (~wanted).sum()), 3),
    }
