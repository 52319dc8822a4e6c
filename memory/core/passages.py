"""Passages: the parts in which a long message or reply is indexed, searched and shown (pure functions).

A search for one fact would miss a text of 20,000 characters: its vector averages all of its facts, BM25 penalises its length,
and no prompt has room for it. So a long turn has one index entry per passage, and search results show the best passages.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

PASSAGE = 480
"""Approximate size of a passage in UTF-8 bytes: about three English sentences or 160 Chinese characters, short enough for the
embedder to use all of it."""
LONG = 1_800
"""A turn with more UTF-8 bytes than this, message and reply together, has one index entry per passage. Two shorter turns fit
into a prompt."""
_MAX_LAST_PASSAGE = 1.25
"""In passages: a rest of up to this size is not divided again."""
_CONTEXT_CHARACTERS = 120
"""Characters of the beginning of a message that each passage is indexed with: a passage seldom says what the text is about."""
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]{0,3}\s+|[。！？…]+[」』”’）]*\s*|\n+")
_SPACE = re.compile(r"\s+")
_ID_SEPARATOR = "#"
"""Separates a turn's id from a passage's number; no id contains it."""
GAP = "[…]"
"""Marks where an excerpt leaves something out."""


@dataclass(frozen=True)
class Passage:
    """A part of a turn.

    Attributes:
        number: The passage's position in the turn, from 0; the message's passages come before the reply's.
        of: The text that the passage is a part of.
        start: Index of the passage's first character in that text.
        end: Index of the character after its last one.
    """

    number: int
    of: Literal["text", "reply"]
    start: int
    end: int


def size_of(*texts: str) -> int:
    """Return the total size of texts in UTF-8 bytes."""
    return sum(len(text.encode(errors="surrogatepass")) for text in texts)


def is_long(text: str, reply: str) -> bool:
    """Return whether a turn is long enough to be indexed by its passages."""
    return size_of(text, reply) > LONG


def passages(text: str, reply: str) -> list[Passage]:
    """Return the passages of a turn: at least one of the message, and none of an empty reply."""
    spans = [("text", span) for span in divide(text) or [(0, 0)]] + [("reply", span) for span in divide(reply)]
    return [Passage(number, of, *span) for number, (of, span) in enumerate(spans)]  # type: ignore[arg-type] # one of two names


def divide(text: str) -> list[tuple[int, int]]:
    """Return (start, end) spans that cover the whole text, divided at sentence ends if it has some, otherwise at spaces."""
    if not text:
        return []
    ends = range(1, len(text) + 1) if text.isascii() else _ends(text)
    sentences = [match.end() for match in _SENTENCE_END.finditer(text)]
    spaces = [match.end() for match in _SPACE.finditer(text)]
    spans, start, done = [], 0, 0
    while ends[-1] - done > _MAX_LAST_PASSAGE * PASSAGE:
        furthest = max(bisect_right(ends, done + PASSAGE), start + 1)
        least = start + (furthest - start) // 2
        end = _last(sentences, least, furthest) or _last(spaces, least, furthest) or _whole_character(text, start, furthest)
        spans.append((start, end))
        start, done = end, ends[end - 1]
    return [*spans, (start, len(text))] if start < len(text) else spans


def said_in(passage: Passage, text: str, reply: str) -> str:
    """Return the words of a passage."""
    return (text if passage.of == "text" else reply)[passage.start : passage.end].strip()


def indexed(passage: Passage, text: str, reply: str) -> str:
    """Return the text that a passage is indexed by: its words after the beginning of the message, which names the topic."""
    words = said_in(passage, text, reply)
    if passage.number == 0:
        return words
    begin = text[:_CONTEXT_CHARACTERS]
    cut = begin if len(text) <= _CONTEXT_CHARACTERS or " " not in begin else begin.rpartition(" ")[0]
    return f"{' '.join(cut.split())}\n{words}".strip()


def passage_id(turn_id: str, number: int) -> str:
    """Return the id of a passage."""
    return f"{turn_id}{_ID_SEPARATOR}{number}"


def entry_id(turn_id: str, number: int) -> str:
    """Return the id of a passage's index entry; the first passage has the id of the turn."""
    return passage_id(turn_id, number) if number else turn_id


def turn_of(name: str) -> str:
    """Return the turn id of an entry or passage id; any other id is returned unchanged."""
    return name.partition(_ID_SEPARATOR)[0]


def number_of(name: str) -> int:
    """Return the passage number of an entry id; 0 if it names none."""
    number = name.partition(_ID_SEPARATOR)[2]
    return int(number) if number.isdecimal() else 0


def bounds_of(turn_id: str) -> tuple[str, str]:
    """Return the lower (inclusive) and upper (exclusive) bound of the ids of a turn's further passages, in text order."""
    return f"{turn_id}{_ID_SEPARATOR}", f"{turn_id}{chr(ord(_ID_SEPARATOR) + 1)}"


def excerpt(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return parts of a text in their order, with a mark wherever something is left out."""
    shown: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        words = text[start:stop]
        if shown and start == end:
            shown[-1] += words
        else:
            shown += [GAP, words] if text[end:start].strip() else [words]
        end = stop
    if text[end:].strip():
        shown.append(GAP)
    return " ".join(part.strip() for part in shown if part.strip())


def ends_that_fit(sizes: Sequence[int], room: int) -> tuple[int, int]:
    """Return how many parts from the beginning and how many from the end fit into `room`; beginning and end take turns."""
    front = back = 0
    while front + back < len(sizes):
        from_front = front <= back
        size = sizes[front] if from_front else sizes[-1 - back]
        if size > room:
            break
        room -= size
        front, back = (front + 1, back) if from_front else (front, back + 1)
    return front, back


def _ends(text: str) -> list[int]:
    """Return for each character the number of UTF-8 bytes up to its end."""
    one, two, three = 0x7F, 0x7FF, 0xFFFF
    codes = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    ends: list[int] = np.cumsum(1 + (codes > one) + (codes > two) + (codes > three)).tolist()
    return ends


def _last(places: Sequence[int], least: int, most: int) -> int:
    """Return the last of the ascending `places` that is above `least` and at most `most`; 0 if there is none."""
    found = bisect_right(places, most) - 1
    return places[found] if found >= 0 and places[found] > least else 0


def _whole_character(text: str, start: int, end: int) -> int:
    """Return a cut position at or before `end` that does not separate a letter from its combining marks."""
    cut = end
    while start + 1 < cut < len(text) and (unicodedata.category(text[cut])[0] == "M" or "\u200d" in text[cut - 1 : cut + 1]):
        cut -= 1
    return cut if cut > start + 1 else end
