"""Whether a reply goes round in circles: small models repeat a line to the end of their tokens (pure)."""

from __future__ import annotations

import re

_TAIL = 900
"""Characters of the end that are looked at."""
_NUMBER = re.compile(r"(?m)^\s*(?:\d{1,3}[.)]|[-*•])\s+")
_THRICE = re.compile(r"(\S.{10,200}?)\s*(?:\1\s*){2}$", re.DOTALL)
_OFTEN = re.compile(r"(\S.{3,80}?[,;，、]\s*)\1{4,}$", re.DOTALL)
_COMMAS = (",", ";", "，", "、")
_ENDS = (".", "!", "?", "\n", "。", "！", "？")


def goes_round(text: str) -> bool:
    """Say whether a text ends with the same words three times, whatever numbers its lines have, or within a line five times."""
    if text.rstrip(" ").endswith(_COMMAS):
        return _OFTEN.search(text[-_TAIL:]) is not None
    if not text.rstrip(" ").endswith(_ENDS):
        return False
    return _THRICE.search(_NUMBER.sub("", text[-_TAIL:])) is not None
