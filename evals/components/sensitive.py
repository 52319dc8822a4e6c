"""How well sensitive messages are told from others, on messages of our own; and fitting the weights of the classifier."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from memory.consent.sensitive import topic_of
from memory.consent.sensitive_classifier import SensitiveClassifier
from memory.embedding.text_embedder import Embedder

_FOLDS = 10
SETS = ("sensitive", "everyday", "relations", "work", "told")
"""The sets that the weights are fitted on."""
APART = ("apart_everyday", "apart_sensitive")
"""Sets that neither the weights are fitted on nor the rules were written for."""
_INVERSE_REGULARISATION = 5.0
"""Inverse of the regularisation; see decision 059 for others."""


def labelled(name: str) -> list[tuple[str, str]]:
    """Return (topic or `none`, message) pairs of a set.

    | Set | Messages |
    |---|---|
    | `sensitive` | 360; 150 are not sensitive, most of these with the words of the others |
    | `everyday` | 185 from the people of persona_mini; six are sensitive |
    | `relations` | 141 about family, couples and friends; none is sensitive |
    | `work` | people of all trades (health, law, faith, money) about their day, and idioms; none is sensitive |
    | `told` | sensitive ones, most of them in roundabout words |
    | `apart_everyday`, `apart_sensitive` | kept apart |
    """
    text = (resources.files("evals") / "data" / f"{name}.tsv").read_text(encoding="utf-8")
    return [(topic, message) for topic, message in (line.split("\t", 1) for line in text.splitlines())]


def measure(embedder: Embedder) -> dict[str, Any]:
    """Cross-validate: fit on nine tenths and judge the remaining tenth, ten times; also report what words alone find."""
    of_set = {name: labelled(name) for name in SETS}
    rows = [row for name in SETS for row in of_set[name]]
    vectors = np.stack([embedding.vector for embedding in embedder.embed([message for _, message in rows])])
    topics = np.array([topic for topic, _ in rows])
    judged: list[str | None] = [None] * len(rows)
    for known, left in StratifiedKFold(_FOLDS, shuffle=True, random_state=1).split(vectors, topics):
        judge = SensitiveClassifier(embedder)
        judge.__dict__["_weights"] = _fit(embedder, vectors[known], topics[known])
        for place in left:
            judged[place] = judge.topic_of(rows[place][1])
    named = [topic_of(message) for _, message in rows]
    figures: dict[str, Any] = {}
    first = 0
    for name in SETS:
        part = slice(first, first + len(of_set[name]))
        first = part.stop
        figures[name] = {
            "messages": len(topics[part]),
            "words and meaning": _figures(topics[part], judged[part]),
            "words alone": _figures(topics[part], named[part]),
        }
    return {
        **figures,
        **{name: _apart(embedder, vectors, topics, name) for name in APART},
        "missed": [message for (topic, message), said in zip(rows, judged, strict=True) if topic != "none" and said is None],
        "held for nothing": [message for (topic, message), said in zip(rows, judged, strict=True) if topic == "none" and said],
    }


def _apart(embedder: Embedder, vectors: Any, topics: Any, name: str) -> dict[str, Any]:
    """Fit on all of `SETS`, and judge a set that is kept apart."""
    judge = SensitiveClassifier(embedder)
    judge.__dict__["_weights"] = _fit(embedder, vectors, topics)
    rows = labelled(name)
    wanted = np.array([topic for topic, _ in rows])
    return {
        "messages": len(rows),
        "words and meaning": _figures(wanted, [judge.topic_of(message) for _, message in rows]),
        "words alone": _figures(wanted, [topic_of(message) for _, message in rows]),
    }


def write(embedder: Embedder, file: Path) -> None:
    """Fit on all messages, and write the weights that `memory.consent.sensitive_classifier` loads."""
    rows = [row for name in SETS for row in labelled(name)]
    vectors = np.stack([embedding.vector for embedding in embedder.embed([message for _, message in rows])])
    file.write_text(json.dumps(_fit(embedder, vectors, np.array([topic for topic, _ in rows]))) + "\n")


def _fit(embedder: Embedder, vectors: Any, topics: Any) -> dict[str, Any]:
    model = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=3_000).fit(vectors, topics)
    return {
        "embedder": embedder.name,
        "topics": model.classes_.tolist(),
        "weights": np.round(model.coef_, 3).tolist(),
        "bias": np.round(model.intercept_, 3).tolist(),
    }


def _figures(topics: Any, judged: Sequence[str | None]) -> dict[str, float]:
    """Return recall and precision of pending approvals, and the share of other messages that are left alone.

    A set without sensitive messages has only the last figure; a set of sensitive messages alone has only the first two.
    """
    wanted = topics != "none"
    said = np.array([one is not None for one in judged])
    right = (wanted & said).sum()
    figures = {"recall": right / wanted.sum(), "precision": right / max(1, said.sum())} if wanted.any() else {}
    if not wanted.all():
        figures["of none, left alone"] = (~said & ~wanted).sum() / (~wanted).sum()
    return {what: round(float(value), 3) for what, value in figures.items()}
