"""A synthetic life of any length: turns and facts of English words with realistic frequencies (seeded)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

from app.models import weights
from app.models.weights import Located
from memory.core.errors import ModelMissing

_LITTLE = "the a to and of in my is it that was for with on we she he they at have had this but".split()  # noqa: SIM905 - as above
_OPENINGS = (
    "When did I tell you about",
    "What do you know about",
    "Who was with me at",
    "Where did I put",
    "What did I say about",
)
TEXT_EMBEDDER = "all-minilm-l6-v2"
SESSION = 12
"""Turns per session."""
_BEGIN = datetime(2016, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """One turn of a synthetic life."""

    time: datetime
    text: str
    reply: str


def embedder() -> Located:
    """Return the location of the text embedder whose words these are.

    Raises:
        ModelMissing: It is not on this machine.
    """
    located = weights.located(TEXT_EMBEDDER)
    if located is None:
        raise ModelMissing(f"The text embedder is not on this machine. Run `persona models pull {TEXT_EMBEDDER}`.")
    return located


@cache
def english() -> tuple[str, ...]:
    """Return 21,000 English words, frequent ones first: those of the text embedder's own vocabulary.

    An invented word would be split into several tokens, and take an embedder several times as long.
    """
    vocabulary = (embedder().model / "vocab.txt").read_text(encoding="utf-8").split()
    return tuple(word for word in vocabulary if word.isascii() and word.isalpha() and len(word) > 2)  # noqa: PLR2004 - letters


class Life:
    """Makes the same turns, facts and questions for the same seed.

    Args:
        seed: Seed of the generator.
    """

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret
        self.words = english()
        # Zipf's law: the word of rank r is r times rarer than the first.
        self._weights = list(accumulate(1.0 / (rank + 20) for rank in range(len(self.words))))

    def turns(self, count: int) -> Iterator[Said]:
        """Yield turns in time order: twelve per session, a session every nine hours."""
        for number in range(count):
            time = _BEGIN + timedelta(hours=9 * (number // SESSION), minutes=2 * (number % SESSION))
            text = " ".join(self._sentence(self._random.randint(6, 16)) for _ in range(self._random.choice((1, 1, 2, 3))))
            yield Said(time, text, self._sentence(10))

    def facts(self, count: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the facts remembered from turns: content and keywords."""
        for _ in range(count):
            words = self._some(8)
            yield f"The user {' '.join(words)}.", tuple(words[:3])

    def questions(self, count: int) -> list[str]:
        """Return questions of some rare and some frequent words."""
        return [f"{self._random.choice(_OPENINGS)} {' '.join(self._some(3))}?" for _ in range(count)]

    def _sentence(self, length: int) -> str:
        words = [self._random.choice(_LITTLE) if self._random.random() < 0.45 else word for word in self._some(length)]  # noqa: PLR2004 - the share of little words in English
        return " ".join(words).capitalize() + "."

    def _some(self, count: int) -> list[str]:
        return self._random.choices(self.words, cum_weights=self._weights, k=count)
