"""Traits of a turn that are computed from its text when it is indexed: speaker, question, named day (pure functions).

The word rules are for English; the rules for lasting wishes cover five languages. In other languages they find nothing.
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
_NAME = re.compile(r"(?<=[a-z,;’'] )[\"“]?(?!I\b)(?P<name>[A-Z][\w’'-]*[a-z])")
"""A capitalised word that does not begin a sentence."""
_QUOTES = ('"', "“")
_SUBJECT = re.compile(
    r"\b(?:when(?:ever)?|every time) i (?:ask|talk|write|want)\w*(?: you)?(?: (?:about|for|of))? (?P<en>.+)"
    r"|\bwenn ich (?:dich )?nach (?P<de>.+?)(?: frage\b|$)|\b(?:siempre que|cuando) (?:te )?pregunte (?:por|sobre) (?P<es>.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Traits:
    """The traits of a turn.

    Attributes:
        session: The session's number.
        seq: The turn's position in its session, by time.
        speaker: The speaker's name, if the text begins with `Name: `.
        length: Number of characters without the speaker.
        asks: Whether it ends with a question.
        asked: Whether the previous turn of the session ends with a question.
        dated: Whether it mentions a day, a month, a year or a span of time.
        at: When it was said, in seconds since 1970.
        lasting_wish: Whether it contains a lasting wish about all answers, or about answers on one subject.
        names: Number of capitalised words within its sentences, without the names of those who talk.
        quotes: Whether it quotes something, for example a title.
    """

    session: int = 0
    seq: int = 0
    speaker: str | None = None
    length: int = 0
    asks: bool = False
    asked: bool = False
    dated: bool = False
    at: float = 0.0
    lasting_wish: bool = False
    names: int = 0
    quotes: bool = False


def split_speaker(text: str) -> tuple[str | None, str]:
    """Return (speaker, text) of `Name: text`; the speaker is None for most texts, which begin with no name."""
    match = _SPEAKER.match(text)
    if match is None or any(word[0].islower() for word in match["name"].split()):
        return None, text
    return match["name"], text[match.end() :]


def traits_of(text: str, *, session: int, seq: int, before: str | None, partner: str | None = None) -> Traits:
    """Return the traits of a turn.

    Args:
        text: The turn.
        session: The session's number.
        seq: The turn's position in its session.
        before: The end of the previous turn in the session.
        partner: Who said that turn.
    """
    speaker, body = split_speaker(text)
    return Traits(
        session=session,
        seq=seq,
        speaker=speaker,
        length=len(body),
        asks=_is_question(body),
        asked=before is not None and _is_question(before),
        dated=is_dated(body),
        lasting_wish=bool(_STANDING.search(body)),
        names=sum(_without_s(match["name"]) not in {speaker, partner} for match in _NAME.finditer(body)),
        quotes=any(mark in body for mark in _QUOTES),
    )


def _without_s(name: str) -> str:
    return name.removesuffix("'s").removesuffix("’s")


def subject_of_wish(text: str) -> str | None:
    """Return the subject of a lasting wish (`when I ask about cooking`: cooking); None without a wish or a subject."""
    match = _SUBJECT.search(text) if _STANDING.search(text) else None
    return None if match is None else next(part for part in match.groups() if part)


def is_dated(text: str) -> bool:
    """Return whether a text mentions a day, a month, a year or a span of time (English)."""
    return bool(_DATED.search(text))


def is_dialogue(traits: Sequence[Traits]) -> bool:
    """Return whether people talk with each other, that is, at least half of the turns begin with a speaker's name."""
    return sum(one.speaker is not None for one in traits) * 2 >= len(traits)


def _is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "؟"))
