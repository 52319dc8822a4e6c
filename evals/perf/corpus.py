"""A made-up life of any length: turns and facts whose words are as unequally frequent as those of a language (pure, seeded)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_ONSETS = "b br c ch d f fl g gr h j k l m n p pl r s sh st t tr v w".split()  # noqa: SIM905 - reads better
_VOWELS = "a e i o u ai ea oo".split()  # noqa: SIM905 - as above
_LITTLE = "the a to and of in my is it that was for with on we she he they at have had this but".split()  # noqa: SIM905 - as above
_OPENINGS = (
    "When did I tell you about",
    "What do you know about",
    "Who was with me at",
    "Where did I put",
    "What did I say about",
)
_VOCABULARY = 20_000
_SESSION = 12
_BEGIN = datetime(2016, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """One turn of a made-up life."""

    time: datetime
    text: str
    reply: str


class Life:
    """Makes the same turns, facts and questions for the same seed.

    Args:
        seed: Of the generator.
    """

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret
        self.words = sorted({self._word() for _ in range(2 * _VOCABULARY)}, key=lambda word: (len(word), word))[:_VOCABULARY]
        # Zipf's law: the word of rank r is r times rarer than the first.
        self._weights = [1.0 / (rank + 20) for rank in range(len(self.words))]

    def turns(self, count: int) -> Iterator[Said]:
        """Yield turns in the order of time: twelve to a session, a session every nine hours."""
        for number in range(count):
            time = _BEGIN + timedelta(hours=9 * (number // _SESSION), minutes=2 * (number % _SESSION))
            text = " ".join(self._sentence(self._random.randint(6, 16)) for _ in range(self._random.choice((1, 1, 2, 3))))
            yield Said(time, text, self._sentence(10))

    def facts(self, count: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what was remembered of turns: content and keywords."""
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
        return self._random.choices(self.words, self._weights, k=count)

    def _word(self) -> str:
        syllables = self._random.choice((1, 2, 2, 3))
        return "".join(self._random.choice(_ONSETS) + self._random.choice(_VOWELS) for _ in range(syllables)) + "n"
