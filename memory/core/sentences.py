"""The sentences of a text, in any script (pure functions)."""

from __future__ import annotations

import math
import re

_SENTENCE = re.compile(r"(?<=[.!?。！？…।॥؟۔።။])\s+|(?<=[。！？])|\n+")
_LEAST_SENTENCE = 4
_MOST_SENTENCES = 24


def sentences(text: str) -> list[str]:
    """Part a text into sentences, at most 24: in a long one several stand together."""
    parts = [part.strip() for part in _SENTENCE.split(text) if len(part.strip()) >= _LEAST_SENTENCE]
    together = math.ceil(len(parts) / _MOST_SENTENCES)
    return [" ".join(parts[start : start + together]) for start in range(0, len(parts), together)] if parts else []
