"""Add dates to relative days in a sentence: `on Friday (2026-03-06)` (English)."""

from __future__ import annotations

import re
from datetime import datetime

from graph.language.verbs import is_past
from memory.core.named_days import Prefer
from memory.core.temporal import named_window

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_NUMBERS = "a|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\\d{1,3}"
_NAMED = re.compile(
    r"(?<!every )(?<!each )(?<!most )\b(?:today|tonight|this (?:morning|afternoon|evening)|the day (?:after tomorrow|"
    r"before yesterday)|tomorrow|"
    rf"yesterday|last night|(?:(?:on|this|next|last|by|until|since|for) )?(?:this |next |last )?(?:{_DAYS})\b"
    r"(?!s|['’]| (?:mornings|afternoons|evenings|nights)\b)|"
    rf"(?:{_NUMBERS}) (?:days?|weeks?) ago|"
    rf"in (?:{_NUMBERS}) (?:days?|weeks?))\b(?! \(\d)",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    r"\b(?:will|going to|next|have to|has to|needs? to|supposed to|wants? to|hop(?:e|es|ing) to|"
    r"(?:am|is|are|['’]m|['’]re|['’]s) \w+ing|appointment|interview|exam|"
    r"starts?|plan\w*|booked|"
    r"(?:have|has|got|['’]ve) (?:an?|my|our|the|their)|can't wait|due|invited)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"\b(?:i|we|he|she|they|it|user)\b", re.IGNORECASE)
_HABIT = re.compile(r"\b(?:every|each|always|usually|often|mostly)\b", re.IGNORECASE)
_SAME_DAY = re.compile(r"^(?:today|tonight|this (?:morning|afternoon|evening))$", re.IGNORECASE)
_BEFORE = re.compile(r"^(?:yesterday|last night)$", re.IGNORECASE)
_DAY_SECONDS = 86_400 * 1.1


def with_dates(sentence: str, time: datetime) -> str:
    """Return the sentence with a date after each relative day, counted from the day on which it was said.

    Args:
        sentence: In English.
        time: When it was said, in its zone.
    """
    if _HABIT.search(sentence):
        return sentence

    def _dated(match: re.Match[str]) -> str:
        words = "yesterday" if _BEFORE.match(match[0]) else "today" if _SAME_DAY.match(match[0]) else match[0]
        prefer: Prefer = (
            "past" if _is_past(sentence, match.start()) or words.lower().startswith(("last", "since")) else "future"
        )
        bare = re.sub(r"^(?:on|by|until|since|for|this) ", "", words, flags=re.IGNORECASE)
        window = named_window(
            bare if words.lower().startswith(("in ", "last", "next")) or bare == words else f"on {bare}", time, prefer
        )
        if window is None or (window.end - window.start > _DAY_SECONDS and "week" not in bare):
            return match[0]
        middle = datetime.fromtimestamp((window.start + window.end) / 2, tz=time.tzinfo)
        return f"{match[0]} ({middle:%Y-%m-%d})"

    return _NAMED.sub(_dated, sentence)


def _is_past(sentence: str, place: int) -> bool:
    """Return whether the day at a position of a sentence is in the past, judged by its own clause if that has a subject."""
    clause = re.split(r"[,;]|\b(?:and|but|so)\b", sentence[:place])[-1]
    told = clause if _SUBJECT.search(clause) else sentence
    return not _AHEAD.search(told) and any(is_past(word) for word in re.findall(r"[a-z]+", told.lower()))
