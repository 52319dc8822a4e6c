"""What a turn's pictures show, by what was said of them: `my grandmother's mug (Image Object: mug)` (pure)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence

from memory.core.records import Box, PhotoMemory, Turn, make_id

_MARK = re.compile(r"[(（]\s*Image Object\s*[:：]\s*(?P<category>(?:[^()（）\n]|\([^()\n]*\)){1,60}?)\s*[)）]", re.IGNORECASE)
"""What stands behind the name of a thing; its category may have a remark in brackets of its own."""
_NEW_THOUGHT = re.compile(r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\d)[.!?]\s+|,\s+(?!\d)|;\s*|[。！？；，、]|\n")
"""Where what was said before has nothing to do with the name."""
_NAME_LENGTH = 120
_BEGINS = re.compile(
    r"\b(?:my|our|his|her|their|your|its|the|an?|this|that|these|those)\s+(?!(?:user|person)\b(?!['’]s))", re.IGNORECASE
)
"""Words that a name begins with: `The user drinks from my grandmother's mug`."""
_LEADS = re.compile(
    r"^.*\b(?:is|has|have|had|owns?|shows?|showed|shared|got|bought|called|named|(?:photo|picture|image)s?\s+of)\s+",
    re.IGNORECASE,
)
"""Words that a name without such a beginning comes after: `The user showed Rex`."""
_LONGEST = 300
LookFor = Callable[[str, Sequence[str], str], tuple[str, Box | None] | None]


def seen_in(turn: Turn, content: str | None, look_for: LookFor) -> list[PhotoMemory]:
    """Return what is to be remembered of the pictures of a turn.

    Args:
        turn: It carries pictures.
        content: What was extracted from it; names objects as `name (Image Object: category)`.
        look_for: Says in which of a user's pictures (user id, photo ids, category) a thing is, and where in it; None: it
            cannot tell.

    Returns:
        For every named object one memory, of the part of the picture in which it is found. Where nothing can tell: of the whole
        picture, in the order in which they were named where there are as many, else of the first. And every picture that none
        is of as a whole, under what was said with it.
    """
    seen: list[PhotoMemory] = []
    named = labels(content or "")
    in_order = len(named) == len(turn.images)
    for number, (name, category) in enumerate(named):
        found = look_for(turn.user_id, turn.images, category) if turn.images else None
        photo_id, box = found or (turn.images[number if in_order else 0], None)
        seen.append(_memory(turn, len(seen), photo_id, name, category, box))
    for photo_id in turn.images:
        if photo_id not in {one.photo_id for one in seen}:
            seen.append(_memory(turn, len(seen), photo_id, _caption(content or turn.text), None, None))
    return seen


def labels(content: str) -> list[tuple[str, str]]:
    """Return (name, category) of the objects that a text names, each once."""
    found, before = [], 0
    for mark in _MARK.finditer(content):
        category = re.sub(r"\s*\([^()]*\)", "", mark["category"]).strip()
        said = re.sub(r"^[\s,]*(?:and\b|with\b)?\s*", "", _NEW_THOUGHT.split(content[before : mark.start()])[-1])
        found.append((textwrap.shorten(_name(said.strip(), category), _NAME_LENGTH, placeholder="…"), category.lower()))
        before = mark.end()
    return list(dict.fromkeys(found))


def _name(said: str, category: str) -> str:
    """Cut the name of a thing out of what was said up to it: from the words before its category, else from the first."""
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
    return (words if len(words) <= _LONGEST else f"{words[:_LONGEST].rsplit(' ', 1)[0]} …") or "(nothing was said of it)"
