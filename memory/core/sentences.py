"""The sentences of a text, in any script (pure functions)."""

from __future__ import annotations

import math
import re

_SENTENCE = re.compile(r"(?<=[.!?。！？…।॥؟۔።။])\s+|(?<=[。！？])|\n+")
_MIN_CHARACTERS = 4
_MAX_SENTENCES = 24


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, at most 24; in a longer text, neighbouring sentences are joined."""
    parts = [part.strip() for part in _SENTENCE.split(text) if len(part.strip()) >= _MIN_CHARACTERS]
    together = math.ceil(len(parts) / _MAX_SENTENCES)
    return [" ".join(parts[start : start + together]) for start in range(0, len(parts), together)] if parts else []
