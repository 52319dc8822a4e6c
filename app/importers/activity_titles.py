"""Tells, in the title of a row of Google's activity, the person's own words from what Google wrote around them (pure).

A title is a verb and the words: "Prompted What is …". In other languages of an account the verb is another one, or stands at
the end. Where no English verb begins a title, the frame that most titles of a file share is taken for the verb.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_PROMPT = re.compile(
    r"(?:Prompted(?: with:)?|Branched|Answered|Asked(?: (?:Gemini|Bard):)?|Said|Eingegebener Prompt:)\s+",
)
_NO_PROMPT = re.compile(
    r"(?:Created|Added|Used|Gave|Selected|Cleared|Shared|Deleted|Viewed|Visited|Edited|Pinned|Renamed|Exported|Updated|Turned"
    r"|Opened|Removed|Connected|Disconnected|Subscribed|Started|Stopped|Published)\b"
)
_ATTACHED = re.compile(r"\s*\bAttached \d+ files?\.?\s*$")
_FEWEST = 3
"""Titles that must share a frame before it counts as one."""
_SHARE = 0.6
_SHORTEST = 3
_OPENING = {"」": "「", "』": "『", "»": "«", "”": "“", "“": "„", '"': '"'}
"""The quotation mark that opens what each of these closes."""


@dataclass(frozen=True)
class Frame:
    """What stands around the words in the titles of a file, in the account's language.

    Attributes:
        before: What most titles begin with; empty if they share nothing.
        after: What most titles end with.
    """

    before: str = ""
    after: str = ""


def frame_of(titles: Sequence[str]) -> Frame:
    """Return the frame that most titles share.

    Args:
        titles: Titles of rows that have an answer and no English verb.
    """
    before = _shared(titles, lambda title: title)
    after = _shared(titles, lambda title: title[::-1])[::-1]
    before = _up_to_a_word(before)
    opening = _OPENING.get(after[:1], "")
    if not before and opening and all(title.strip().startswith(opening) for title in titles if title.strip().endswith(after)):
        before = opening
    return Frame(before=before, after=after)


def prompt_of(title: str, frame: Frame, *, answered: bool, attached: bool) -> str | None:
    """Return the person's words of a title; None if the row is no prompt.

    Args:
        title: The title.
        frame: The frame of the file.
        answered: Whether the row has an answer. Without one, a title in another language counts only if it has the frame.
        attached: Whether files are attached, which some titles say at their end.
    """
    title = title.strip()
    if attached:
        title = _ATTACHED.sub("", title)
    if verb := _PROMPT.match(f"{title} "):
        return title[verb.end() :].strip()
    framed = (frame.before or frame.after) and title.startswith(frame.before) and title.endswith(frame.after)
    if framed:
        return title[len(frame.before) : len(title) - len(frame.after)].strip()
    return title if answered and not is_other(title) else None


def is_other(title: str) -> bool:
    """Return whether a title begins with an English verb for something that is no prompt."""
    return bool(_NO_PROMPT.match(title.strip()))


def has_verb(title: str) -> bool:
    """Return whether a title begins with a verb that is known."""
    return is_other(title) or bool(_PROMPT.match(f"{title.strip()} "))


def _shared(titles: Sequence[str], turned: Callable[[str], str]) -> str:
    """Return the beginning that most titles share, read as `turned` gives them."""
    texts = [turned(title.strip()) for title in titles]
    if not texts:
        return ""
    start, number = Counter(text[:_SHORTEST] for text in texts).most_common(1)[0]
    if number < _FEWEST or number < _SHARE * len(texts):
        return ""
    alike = [text for text in texts if text.startswith(start)]
    first, last = min(alike), max(alike)
    return first[: next((at for at, one in enumerate(first) if last[at : at + 1] != one), len(first))]


def _up_to_a_word(text: str) -> str:
    """Return the part that ends with a colon or white space: what follows are words that happen to begin alike."""
    return text[: next((at for at in range(len(text), 0, -1) if text[at - 1].isspace() or text[at - 1] in ":：「«“"), 0)]
