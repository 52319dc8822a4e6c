"""Traits of a turn that its text shows when it is indexed: who speaks, whether it asks or names a day (pure functions).

The rules on words are English, those of wishes for all answers five languages; in other languages they say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SPEAKER = re.compile(r"^(?P<name>[^\W\d_][\w.'-]{0,30}(?: [^\W\d_][\w.'-]{0,30}){0,2}): (?=\S)")
_DATED = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|last|next|ago|week|weekend|months?|years?|(mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|morning|recently|since|"
    r"\d{4}|\d+(st|nd|rd|th))\b",
    re.IGNORECASE,
)
_STANDING = re.compile(
    r"^\W*(?:please,? )?(?:always|never|from now on|in (?:the )?future)\b|\bwhen(?:ever)? i ask\b|\bevery time i ask\b"
    r"|^\W*(?:bitte )?(?:immer|nie|niemals|ab jetzt|von jetzt an|in zukunft)\b|\b(?:immer )?wenn ich (?:dich )?(?:nach|frage)\b"
    r"|^\W*(?:por favor,? )?(?:siempre|nunca|de ahora en adelante|a partir de ahora)\b"
    r"|\b(?:siempre que|cuando) (?:te )?pregunte\b"
    r"|^\W*(?:请|請)?(?:总是|總是|以后|以後|从现在起|從現在起|不要再)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:when(?:ever)?|every time) i (?:ask|talk|write|want)\w*(?: you)?(?: (?:about|for|of))? (?P<en>.+)"
    r"|\bwenn ich (?:dich )?nach (?P<de>.+?)(?: frage\b|$)|\b(?:siempre que|cuando) (?:te )?pregunte (?:por|sobre) (?P<es>.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Traits:
    """What can be said of a turn when it is indexed.

    Attributes:
        session: The session's number.
        seq: The turn's place in its session, by time.
        speaker: Who speaks, where the text begins with `Name: `.
        length: Characters without the speaker.
        asks: It ends with a question.
        asked: The turn before it, of the same session, ends with one.
        dated: It speaks of a day, a month, a year or a while.
        at: When it was said, in seconds since 1970.
        standing: It says how answers are to be from then on, about all things or about one.
    """

    session: int = 0
    seq: int = 0
    speaker: str | None = None
    length: int = 0
    asks: bool = False
    asked: bool = False
    dated: bool = False
    at: float = 0.0
    standing: bool = False


def split_speaker(text: str) -> tuple[str | None, str]:
    """Part `Name: what is said`; most texts have no name before them."""
    match = _SPEAKER.match(text)
    if match is None or any(word[0].islower() for word in match["name"].split()):
        return None, text
    return match["name"], text[match.end() :]


def traits_of(text: str, *, session: int, seq: int, before: str | None) -> Traits:
    """Say what can be said of a turn; `before` is the end of the turn before it in the session."""
    speaker, body = split_speaker(text)
    return Traits(
        session=session,
        seq=seq,
        speaker=speaker,
        length=len(body),
        asks=_is_question(body),
        asked=before is not None and _is_question(before),
        dated=is_dated(body),
        standing=bool(_STANDING.search(body)),
    )


def subject_of_wish(text: str) -> str | None:
    """Return what a wish for all answers is about (`when I ask about cooking`: cooking); None where it is about all things."""
    match = _SUBJECT.search(text) if _STANDING.search(text) else None
    return None if match is None else next(part for part in match.groups() if part)


def is_dated(text: str) -> bool:
    """Say whether a text speaks of a day, a month, a year or a while (English)."""
    return bool(_DATED.search(text))


def is_dialogue(traits: Sequence[Traits]) -> bool:
    """Say whether people talk with each other: at least half of the turns begin with a speaker's name."""
    return sum(one.speaker is not None for one in traits) * 2 >= len(traits)


def _is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "؟"))
