"""Which words the person said in a session, and whether a line holds others (pure rules).

A small model copies the example of its prompt into a profile, and a session's words into lines that they do not bear. Every
word of a line is therefore compared with what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from graph.extraction.fidelity import names, stems
from graph.language.statements import statements

_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_HAN_FILLERS = re.compile(r"用户|他们|她们|我们|[我他她你的了是在和有]")
_EXAMPLE = "\nExample:"
_INFLECTED, _BARE = 5, 4
"""Letters of a word that may be said with another ending (`driver` of `drive`), and of what both begin with, at least."""
_ENDING = 2
_LONGEST, _MOST = 400, 500
"""Characters of a sentence, and sentences of a session, that lines are compared with."""
_QUOTES = re.compile(r"""^["'“”«»„]+|["'“”«»„]+$""")


@dataclass(frozen=True)
class Said:
    """What a person said in a session.

    Attributes:
        messages: Their own words and when they were said, oldest first.
        marks: What they corrected of it later.
    """

    messages: tuple[tuple[str, datetime], ...]
    marks: tuple[str, ...] = ()

    @cached_property
    def sentences(self) -> list[tuple[str, datetime]]:
        """What they stated, without questions and requests: the newest, of a length that people write."""
        told = [(sentence, time) for text, time in self.messages for sentence in statements(text)]
        return [(sentence, time) for sentence, time in told if len(sentence) <= _LONGEST][-_MOST:]

    @cached_property
    def words(self) -> set[str]:
        """The content words of all that they said."""
        return content(" \n".join([*(text for text, _ in self.messages), *self.marks]))


def content(text: str) -> set[str]:
    """Return the content words of a text, without endings; of Chinese, Japanese and Korean the pairs of signs."""
    found = stems(_HAN.sub(" ", text)) | set(re.findall(r"\d+", text))
    for run in _HAN.findall(_HAN_FILLERS.sub(" ", text)):
        found |= {run[place : place + 2] for place in range(len(run) - 1)} or {run}
    return found


def unsaid(line: str, said: set[str]) -> set[str]:
    """Return the content words of a line that were not said, in whatever form."""
    return {word for word in content(line) if not _is_in(word, said)}


def shared(line: str, text: str) -> set[str]:
    """Return the content words of a line that a text has too."""
    words = content(text)
    return {word for word in content(line) if _is_in(word, words)}


def leaks(line: str, prompt: str, said: set[str]) -> bool:
    """Say whether a line comes from the example of a prompt: it has words of the example, and none that was said.

    A name of the example that was not said is enough.
    """
    examples = prompt.partition(_EXAMPLE)[2]
    strange = unsaid(line, said)
    own = content(line) - strange
    capitals = {word for word in names(" " + line) | names(line) if word in names(examples)}
    return bool((strange & content(examples) and not own) or any(unsaid(name, said) for name in capitals))


def folded(line: str) -> str:
    """Return a line as it is compared with another: small letters, plain spaces, no quotation marks or full stop."""
    return _QUOTES.sub("", " ".join(line.lower().split()).rstrip(".。")).rstrip(".。")


def all_words(lines: Iterable[str]) -> set[str]:
    """Return the content words of several lines."""
    return content("\n".join(lines))


def _is_in(word: str, said: set[str]) -> bool:
    if word in said:
        return True
    if len(word) < _INFLECTED or not word.isalpha() or _HAN.match(word):
        return False
    start = word[: max(_BARE, len(word) - _ENDING)]
    return any(one.startswith(start) and abs(len(one) - len(word)) <= _ENDING for one in said)
