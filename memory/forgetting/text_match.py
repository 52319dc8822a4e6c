"""Finds the texts that tell of something forgotten, by its names, numbers and rare words (pure functions)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import regex

from memory.core.tokenize import COMMON, WORD_MARKS, terms

_NAME = regex.compile(rf"(?<=[^\s.!?])\s+[\"'(]?((?![\p{{Ll}}\d_])\w{WORD_MARKS}+)|\b(\w*\d\w*)\b")
"""A word with a capital letter (or of a script without them) that does not begin a sentence, or a word with a digit."""
_STEM_LETTERS = 5
"""Words with the same first 5 letters count as forms of one word, if their lengths differ by at most `_MAX_ENDING_LETTERS`."""
_MAX_ENDING_LETTERS = 3
_MAX_NAME_TURNS, _MAX_NAME_SHARE = 10, 0.2
"""A name that occurs in more turns than 10 and in a larger share of them than 0.2 is no longer characteristic.

Names may occur more often than other words and still belong to one thing."""
_PLAIN_WORDS = frozenset(
    (
        "user",
        "person",
        "people",
        "thing",
        "things",
        "today",
        "yesterday",
        "tomorrow",
        "assistant",
        "ok",
        "yes",
        "hello",
        "thanks",
    )
)
"""Words that occur in every conversation and in everything that is extracted from it."""
_MIN_PHRASE_CHARACTERS = 8
"""A text of fewer characters is not searched for word for word: everyone says such texts."""
_MAX_WORD_SHARE = 0.05
"""A word in a larger share of the turns is not characteristic of anything."""


class TextMatch:
    """Recognises texts that tell of one forgotten thing.

    Args:
        texts: The forgotten texts, in the person's words.
        keywords: The keywords of the forgotten memories.
        in_turns: Returns how many turns contain each given word, and how many turns there are.
    """

    def __init__(
        self,
        texts: Iterable[str],
        keywords: Iterable[str],
        in_turns: Callable[[Sequence[str]], tuple[dict[str, int], int]],
    ) -> None:
        said = list(texts)
        names = {form for text in said for found in _NAME.finditer(text) for form in terms(found[1] or found[2])}
        words = {word for text in (*said, *keywords) for word in terms(text) if word not in COMMON | _PLAIN_WORDS}
        counts, total = in_turns(sorted(words | names))
        most = max(len(said) + 2, int(total * _MAX_WORD_SHARE))
        known = max(_MAX_NAME_TURNS, int(total * _MAX_NAME_SHARE))
        self._names = {word for word in names if len(word) > 1 and counts.get(word, 0) <= known}
        self._words = self._names | {word for word in words if len(word) > 1 and counts.get(word, 0) <= most}

    def names(self, text: str) -> bool:
        """Return whether a text contains one of the forgotten names or numbers."""
        text_words = terms(text)
        return any(_alike(name, word) for name in self._names for word in text_words)

    def tells(self, text: str) -> bool:
        """Return whether a text reveals the thing: it contains a forgotten name or number, or two of the rare words."""
        return self.names(text) or self.words(text)

    def words(self, text: str) -> bool:
        """Return whether a text contains two of the rare words."""
        text_words = terms(text)
        return sum(any(_alike(rare, word) for word in text_words) for rare in self._words) > 1


class TextMatchOfSeveral:
    """Recognises texts that tell of one of several things forgotten together.

    One rare word of one thing and one of another do not count as two.

    Args:
        each: The matcher of each thing.
        called: Whether a text names what the person asked to forget. If given, other forgotten names alone do not count.
    """

    def __init__(self, each: Sequence[TextMatch], called: Callable[[str], bool] | None = None) -> None:
        self._each = each
        self._called = called

    def names(self, text: str) -> bool:
        """Return whether a text names one of the things."""
        return self._called(text) if self._called else any(one.names(text) for one in self._each)

    def tells(self, text: str) -> bool:
        """Return whether a text tells of one of the things."""
        return self.names(text) or any(one.words(text) for one in self._each)


def phrases(texts: Collection[str]) -> list[str]:
    """Return the texts that are long enough to be searched for word for word."""
    return sorted({text.strip() for text in texts if len(text.strip()) >= _MIN_PHRASE_CHARACTERS})


def _alike(one: str, other: str) -> bool:
    if one == other or not (one.isalpha() and other.isalpha()):
        # Numbers that begin alike are different numbers.
        return one == other
    return (
        len(one) > _STEM_LETTERS
        and len(other) > _STEM_LETTERS
        and one[:_STEM_LETTERS] == other[:_STEM_LETTERS]
        and abs(len(one) - len(other)) <= _MAX_ENDING_LETTERS
    )
