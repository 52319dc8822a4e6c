"""Which words the person said in a session, and whether a line contains others (pure rules).

A small model copies the example of its prompt into a profile, and puts a session's words into lines that they do not
support. Therefore every word of a line is compared with what was said.
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
_MIN_INFLECTED_CHARS, _MIN_STEM_CHARS = 5, 4
"""Minimum letters of a word that may occur with another ending (`driver` for `drive`), and of the part that both share."""
_MAX_ENDING_CHARS = 2
_MAX_SENTENCE_CHARS, _MAX_SENTENCES = 400, 500
"""Maximum characters of a sentence, and sentences of a session, that lines are compared with."""
_QUOTES = re.compile(r"""^["'“”«»„]+|["'“”«»„]+$""")


@dataclass(frozen=True)
class Said:
    """What a person said in a session.

    Attributes:
        messages: Their own words and when they were said, oldest first.
        marks: Their later corrections.
    """

    messages: tuple[tuple[str, datetime], ...]
    marks: tuple[str, ...] = ()

    @cached_property
    def sentences(self) -> list[tuple[str, datetime]]:
        """Return their statements without questions and requests: the newest ones, of a length that people write."""
        told = [(sentence, time) for text, time in self.messages for sentence in statements(text)]
        return [(sentence, time) for sentence, time in told if len(sentence) <= _MAX_SENTENCE_CHARS][-_MAX_SENTENCES:]

    @cached_property
    def words(self) -> set[str]:
        """Return the content words of everything they said."""
        return content(" \n".join([*(text for text, _ in self.messages), *self.marks]))


def content(text: str) -> set[str]:
    """Return the content words of a text without endings; for Chinese, Japanese and Korean, pairs of characters."""
    found = stems(_HAN.sub(" ", text)) | set(re.findall(r"\d+", text))
    for run in _HAN.findall(_HAN_FILLERS.sub(" ", text)):
        found |= {run[place : place + 2] for place in range(len(run) - 1)} or {run}
    return found


def unsaid(line: str, said: set[str]) -> set[str]:
    """Return the content words of a line that were not said in any form."""
    return {word for word in content(line) if not _is_in(word, said)}


def shared(line: str, text: str) -> set[str]:
    """Return the content words that a line shares with a text."""
    words = content(text)
    return {word for word in content(line) if _is_in(word, words)}


def leaks(line: str, prompt: str, said: set[str]) -> bool:
    """Return whether a line comes from the example of a prompt: it contains words of the example, and none that was said.

    One unsaid name from the example is enough.
    """
    examples = prompt.partition(_EXAMPLE)[2]
    strange = unsaid(line, said)
    own = content(line) - strange
    capitals = {word for word in names(" " + line) | names(line) if word in names(examples)}
    return bool((strange & content(examples) and not own) or any(unsaid(name, said) for name in capitals))


def folded(line: str) -> str:
    """Return a line normalised for comparison: lower case, plain spaces, no quotation marks or full stop."""
    return _QUOTES.sub("", " ".join(line.lower().split()).rstrip(".。")).rstrip(".。")


def all_words(lines: Iterable[str]) -> set[str]:
    """Return the content words of several lines."""
    return content("\n".join(lines))


def _is_in(word: str, said: set[str]) -> bool:
    if word in said:
        return True
    if len(word) < _MIN_INFLECTED_CHARS or not word.isalpha() or _HAN.match(word):
        return False
    start = word[: max(_MIN_STEM_CHARS, len(word) - _MAX_ENDING_CHARS)]
    return any(one.startswith(start) and abs(len(one) - len(word)) <= _MAX_ENDING_CHARS for one in said)
