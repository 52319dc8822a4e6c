"""Passages: the parts in which a long message or reply is indexed, searched and shown (pure functions).

A whole text of 20,000 characters hides each fact in it: its vector averages all of them, BM25 counts its length against it, and
no prompt has room for it. So a long turn has an index entry for each passage, and search results show its best ones.
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
"""UTF-8 bytes of a passage, about: some three sentences of English, or 160 Chinese characters; an embedder reads all of it."""
LONG = 1_800
"""UTF-8 bytes of message and reply together beyond which each passage has an entry: two shorter turns fit into a prompt."""
_TAIL = 1.25
"""A rest of up to so many passages stays one."""
_CONTEXT = 120
"""Characters of the beginning of a message that each passage is indexed with: a passage seldom says what the text is about."""
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]{0,3}\s+|[。！？…]+[」』”’）]*\s*|\n+")
_SPACE = re.compile(r"\s+")
_MARK = "#"
"""Between a turn's id and a passage's number; no id has one."""
GAP = "[…]"
"""Where an excerpt leaves something out."""


@dataclass(frozen=True)
class Passage:
    """A part of a turn.

    Attributes:
        number: Its place in the turn, from 0; the message's passages come before the reply's.
        of: The text that it is a part of.
        start: Its first character there.
        end: The character after its last one.
    """

    number: int
    of: Literal["text", "reply"]
    start: int
    end: int


def size_of(*texts: str) -> int:
    """Return the UTF-8 bytes of texts together."""
    return sum(len(text.encode(errors="surrogatepass")) for text in texts)


def is_long(text: str, reply: str) -> bool:
    """Say whether a turn is indexed by its passages."""
    return size_of(text, reply) > LONG


def passages(text: str, reply: str) -> list[Passage]:
    """Divide a turn into passages; there is always one of the message, and none of an empty reply."""
    spans = [("text", span) for span in divide(text) or [(0, 0)]] + [("reply", span) for span in divide(reply)]
    return [Passage(number, of, *span) for number, (of, span) in enumerate(spans)]  # type: ignore[arg-type] # one of two names


def divide(text: str) -> list[tuple[int, int]]:
    """Divide a text into spans that cover all of it: at the ends of sentences where it has some, else at spaces."""
    if not text:
        return []
    ends = range(1, len(text) + 1) if text.isascii() else _ends(text)
    sentences = [match.end() for match in _SENTENCE_END.finditer(text)]
    spaces = [match.end() for match in _SPACE.finditer(text)]
    spans, start, done = [], 0, 0
    while ends[-1] - done > _TAIL * PASSAGE:
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
    """Return what a passage is indexed as: its words after the beginning of the message, which says what all of it is about."""
    words = said_in(passage, text, reply)
    if passage.number == 0:
        return words
    begin = text[:_CONTEXT]
    cut = begin if len(text) <= _CONTEXT or " " not in begin else begin.rpartition(" ")[0]
    return f"{' '.join(cut.split())}\n{words}".strip()


def passage_id(turn_id: str, number: int) -> str:
    """Name a passage."""
    return f"{turn_id}{_MARK}{number}"


def entry_id(turn_id: str, number: int) -> str:
    """Name a passage's index entry: the first one is the turn's own."""
    return passage_id(turn_id, number) if number else turn_id


def turn_of(name: str) -> str:
    """Return the turn of an entry or a passage; of everything else the name as it is."""
    return name.partition(_MARK)[0]


def number_of(name: str) -> int:
    """Return the number of an entry's passage."""
    number = name.partition(_MARK)[2]
    return int(number) if number.isdecimal() else 0


def bounds_of(turn_id: str) -> tuple[str, str]:
    """Return what the names of a turn's further passages lie between, in the order of text: from the one, before the other."""
    return f"{turn_id}{_MARK}", f"{turn_id}{chr(ord(_MARK) + 1)}"


def excerpt(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Show some parts of a text in their order, with a mark wherever something is left out."""
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
    """Return how many parts from the beginning, and how many from the end, fit into some room; they take turns."""
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
    """Return in which UTF-8 byte each character ends."""
    one, two, three = 0x7F, 0x7FF, 0xFFFF
    codes = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    ends: list[int] = np.cumsum(1 + (codes > one) + (codes > two) + (codes > three)).tolist()
    return ends


def _last(places: Sequence[int], least: int, most: int) -> int:
    """Return the last of some ascending places within bounds; 0 where there is none."""
    found = bisect_right(places, most) - 1
    return places[found] if found >= 0 and places[found] > least else 0


def _whole_character(text: str, start: int, end: int) -> int:
    """Move a cut back from between a letter and its marks."""
    cut = end
    while start + 1 < cut < len(text) and (unicodedata.category(text[cut])[0] == "M" or "\u200d" in text[cut - 1 : cut + 1]):
        cut -= 1
    return cut if cut > start + 1 else end
