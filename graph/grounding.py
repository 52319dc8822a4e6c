"""What a turn's pictures show, by what was said of them: `my grandmother's mug (Image Object: mug)` (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable

from memory.errors import PersonaError
from memory.records import Box, PhotoMemory, Turn, make_id

_LABEL = re.compile(
    r"(?P<name>[^.,;:!?()\n]{1,120}?)\s*\(\s*Image Object\s*:\s*(?P<category>[^()\n]{1,60}?)\s*\)", re.IGNORECASE
)
_BEGINS = re.compile(
    r"\b(?:my|our|his|her|their|your|its|the|an?|this|that|these|those)\s+(?!(?:user|person)\b(?!['’]s))", re.IGNORECASE
)
"""Words that a name begins with: `The user drinks from my grandmother's mug`."""
_LEADS = re.compile(
    r"^.*\b(?:is|has|have|had|owns?|shows?|showed|shared|got|bought|called|named|and|(?:photo|picture|image)s?\s+of)\s+",
    re.IGNORECASE,
)
"""Words that a name without such a beginning comes after: `The user showed Rex`."""
_LONGEST = 300


def seen_in(turn: Turn, content: str | None, look_for: Callable[[str, str, str], Box | None]) -> list[PhotoMemory]:
    """Return what is to be remembered of the pictures of a turn.

    Args:
        turn: It carries pictures.
        content: What was extracted from it; names objects as `name (Image Object: category)`.
        look_for: Says where a picture of a user (user id, photo id, category) shows a thing; None: nowhere in particular.

    Returns:
        For every named object one memory, of the part of the first picture in which it is found, else of the whole first
        picture; every picture that none is of as a whole, under what was said with it.
    """
    seen: list[PhotoMemory] = []
    for name, category in labels(content or ""):
        photo_id, box = _where(turn, category, look_for)
        seen.append(_memory(turn, len(seen), photo_id, name, category, box))
    for photo_id in turn.images:
        if photo_id not in {one.photo_id for one in seen}:
            seen.append(_memory(turn, len(seen), photo_id, _caption(content or turn.text), None, None))
    return seen


def labels(content: str) -> list[tuple[str, str]]:
    """Return (name, category) of the objects that a text names, each once."""
    found = [(_name(match["name"].strip(), match["category"].strip()), match["category"].strip().lower())
             for match in _LABEL.finditer(content)]  # fmt: skip
    return list(dict.fromkeys(found))


def _name(said: str, category: str) -> str:
    """Cut the name of a thing out of what was said up to it: from the words before its category, else from the first."""
    said = re.sub(r"^.*\b(?:photo|picture|image)s?\s+of\s+", "", said, flags=re.IGNORECASE)
    named = list(re.finditer(rf"\b{re.escape(category)}", said, re.IGNORECASE))
    begins = [match.start() for match in _BEGINS.finditer(said)]
    before = [start for start in begins if named and start < named[-1].start()]
    if begins:
        return said[before[-1] if before else begins[0] :]
    return _LEADS.sub("", said, count=1).strip() or category


def _where(turn: Turn, category: str, look_for: Callable[[str, str, str], Box | None]) -> tuple[str, Box | None]:
    for photo_id in turn.images:
        try:
            box = look_for(turn.user_id, photo_id, category)
        except PersonaError:
            continue
        if box is not None:
            return photo_id, box
    return turn.images[0], None


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
    words = " ".join(_LABEL.sub(lambda match: match["name"], text).split())
    return (words if len(words) <= _LONGEST else f"{words[:_LONGEST].rsplit(' ', 1)[0]} …") or "(nothing was said of it)"
