"""What a turn's photos show, according to the message: `my grandmother's mug (Image Object: mug)` (pure)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence

from memory.core.records import Box, PhotoMemory, Turn, make_id

_MARK = re.compile(r"[(（]\s*Image Object\s*[:：]\s*(?P<category>(?:[^()（）\n]|\([^()\n]*\)){1,60}?)\s*[)）]", re.IGNORECASE)
"""The mark after the name of an object; its category may contain a remark in brackets."""
_CLAUSE_END = re.compile(r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\d)[.!?]\s+|,\s+(?!\d)|;\s*|[。！？；，、]|\n")
"""The text before this boundary does not belong to the name."""
_MAX_NAME_CHARS = 120
_BEGINS = re.compile(
    r"\b(?:my|our|his|her|their|your|its|the|an?|this|that|these|those)\s+(?!(?:user|person)\b(?!['’]s))", re.IGNORECASE
)
"""Words that a name begins with: `The user drinks from my grandmother's mug`."""
_LEADS = re.compile(
    r"^.*\b(?:is|has|have|had|owns?|shows?|showed|shared|got|bought|called|named|(?:photo|picture|image)s?\s+of)\s+",
    re.IGNORECASE,
)
"""Words that precede a name without such a beginning: `The user showed Rex`."""
_MAX_CAPTION_CHARS = 300
Locate = Callable[[str, Sequence[str], str], tuple[str, Box | None] | None]


def photo_memories(turn: Turn, content: str | None, locate: Locate) -> list[PhotoMemory]:
    """Return what to remember of a turn's photos.

    Args:
        turn: A turn with photos.
        content: The fact extracted from it; names objects as `name (Image Object: category)`.
        locate: Takes a user id, photo ids and a category; returns the photo that shows the object and the box around it,
            or None if it cannot tell.

    Returns:
        One memory for each named object, of the part of the photo that shows it. If nothing can locate it: of the whole
        photo, in the order of naming if there are as many photos as names, else of the first photo. Every photo without a
        memory of the whole photo gets one too, with the message as its caption.
    """
    seen: list[PhotoMemory] = []
    named = labels(content or "")
    in_order = len(named) == len(turn.images)
    for number, (name, category) in enumerate(named):
        found = locate(turn.user_id, turn.images, category) if turn.images else None
        photo_id, box = found or (turn.images[number if in_order else 0], None)
        seen.append(_memory(turn, len(seen), photo_id, name, category, box))
    for photo_id in turn.images:
        if photo_id not in {one.photo_id for one in seen}:
            seen.append(_memory(turn, len(seen), photo_id, _caption(content or turn.text), None, None))
    return seen


def labels(content: str) -> list[tuple[str, str]]:
    """Return (name, category) of each object that a text names, without duplicates."""
    found, before = [], 0
    for mark in _MARK.finditer(content):
        category = re.sub(r"\s*\([^()]*\)", "", mark["category"]).strip()
        said = re.sub(r"^[\s,]*(?:and\b|with\b)?\s*", "", _CLAUSE_END.split(content[before : mark.start()])[-1])
        found.append((textwrap.shorten(_name(said.strip(), category), _MAX_NAME_CHARS, placeholder="…"), category.lower()))
        before = mark.end()
    return list(dict.fromkeys(found))


def _name(said: str, category: str) -> str:
    """Return the object's name, cut from the text before the mark: from the words before its category, else from the first
    word.
    """
    said = re.sub(r"^.*\b(?:photo|picture|image)s?\s+of\s+", "", said, flags=re.IGNORECASE)
    named = list(re.finditer(rf"\b{re.escape(category)}", said, re.IGNORECASE))
    begins = [match.start() for match in _BEGINS.finditer(said)]
    before = [start for start in begins if named and start < named[-1].start()]
    if begins:
        return said[before[-1] if before else begins[0] :]
    return _LEADS.sub("", f"{said} ", count=1).strip() or category


def _memory(turn: Turn, ordinal: int, photo_id: str, caption: str, category: str | None, box: Box | None) -> PhotoMemory:
    return PhotoMemory(
        id=make_id(turn.user_id, "photo", turn.id, ordinal),
        turn_id=turn.id,
        photo_id=photo_id,
        time=turn.time,
        caption=caption,
        category=category,
        box=box,
    )


def _caption(text: str) -> str:
    words = " ".join(_MARK.sub("", text).split())
    return (
        words if len(words) <= _MAX_CAPTION_CHARS else f"{words[:_MAX_CAPTION_CHARS].rsplit(' ', 1)[0]} …"
    ) or "(nothing was said of it)"
