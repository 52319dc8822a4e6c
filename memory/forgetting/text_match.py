"""Which words give away what is forgotten, and which texts tell of it (pure functions)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import regex

from memory.core.tokenize import COMMON, WORD_MARKS, terms

_NAME = regex.compile(rf"(?<=[^\s.!?])\s+[\"'(]?((?![\p{{Ll}}\d_])\w{WORD_MARKS}+)|\b(\w*\d\w*)\b")
"""A word that begins no sentence and has a capital letter (or is of a script without them), or one with a digit."""
_STEM = 5
"""Words that begin with the same letters, and differ in length by little, are taken for forms of one."""
_ENDINGS = 3
_NAMED, _NAMED_OFTEN = 10, 0.2
"""A name may be said more often and still be of one thing; one in more turns, and in more than this share, is of many."""
_PLAIN = frozenset(
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
"""Words that are in any talk, and in whatever is extracted of it."""
_SHORTEST = 8
"""Characters of a text that is looked for word for word: shorter ones are said by everyone."""
_OFTEN = 0.05
"""A word in more than this share of the turns tells nothing apart."""


class TextMatch:
    """The words by which forgotten texts are known again.

    Args:
        texts: What is forgotten, in the person's words.
        keywords: What it was filed under.
        in_turns: From words to how many turns hold each, out of how many turns.
    """

    def __init__(
        self,
        texts: Iterable[str],
        keywords: Iterable[str],
        in_turns: Callable[[Sequence[str]], tuple[dict[str, int], int]],
    ) -> None:
        said = list(texts)
        names = {form for text in said for found in _NAME.finditer(text) for form in terms(found[1] or found[2])}
        words = {word for text in (*said, *keywords) for word in terms(text) if word not in COMMON | _PLAIN}
        counts, total = in_turns(sorted(words | names))
        most = max(len(said) + 2, int(total * _OFTEN))
        known = max(_NAMED, int(total * _NAMED_OFTEN))
        self._names = {word for word in names if len(word) > 1 and counts.get(word, 0) <= known}
        self._words = self._names | {word for word in words if len(word) > 1 and counts.get(word, 0) <= most}

    def names(self, text: str) -> bool:
        """Say whether a name or a number that was in it stands in a text."""
        held = terms(text)
        return any(_alike(name, word) for name in self._names for word in held)

    def tells(self, text: str) -> bool:
        """Say whether a text tells of it: by a name or a number that was in it, or by two of its rare words."""
        return self.names(text) or self.words(text)

    def words(self, text: str) -> bool:
        """Say whether two of its rare words stand in a text."""
        held = terms(text)
        return sum(any(_alike(rare, word) for word in held) for rare in self._words) > 1


class TextMatchOfSeveral:
    """The same of several things that are forgotten together: a word of one and a word of another say nothing.

    Args:
        each: Of each thing by itself.
        called: Says whether a text names what the person asked to forget; other names that were in it then say nothing alone.
    """

    def __init__(self, each: Sequence[TextMatch], called: Callable[[str], bool] | None = None) -> None:
        self._each = each
        self._called = called

    def names(self, text: str) -> bool:
        """Say whether a text names it."""
        return self._called(text) if self._called else any(one.names(text) for one in self._each)

    def tells(self, text: str) -> bool:
        """Say whether a text tells of any of it."""
        return self.names(text) or any(one.words(text) for one in self._each)


def phrases(texts: Collection[str]) -> list[str]:
    """Return the texts that are long enough to be looked for, word for word."""
    return sorted({text.strip() for text in texts if len(text.strip()) >= _SHORTEST})


def _alike(one: str, other: str) -> bool:
    if one == other or not (one.isalpha() and other.isalpha()):
        # Numbers that begin alike are other numbers.
        return one == other
    return len(one) > _STEM and len(other) > _STEM and one[:_STEM] == other[:_STEM] and abs(len(one) - len(other)) <= _ENDINGS
