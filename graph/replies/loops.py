"""Whether a reply repeats itself: small models repeat a line until their tokens are used up (pure)."""

from __future__ import annotations

import re

_TAIL_CHARS = 900
"""Characters at the end that are checked."""
_NUMBER = re.compile(r"(?m)^\s*(?:\d{1,3}[.)]|[-*•])\s+")
_THRICE = re.compile(r"(\S.{10,200}?)\s*(?:\1\s*){2}$", re.DOTALL)
_OFTEN = re.compile(r"(\S.{3,80}?[,;，、]\s*)\1{4,}$", re.DOTALL)
_COMMAS = (",", ";", "，", "、")
_ENDS = (".", "!", "?", "\n", "。", "！", "？")


def goes_round(text: str) -> bool:
    """Return whether a text ends with the same words three times (ignoring line numbers), or five times within a line."""
    if text.rstrip(" ").endswith(_COMMAS):
        return _OFTEN.search(text[-_TAIL_CHARS:]) is not None
    if not text.rstrip(" ").endswith(_ENDS):
        return False
    return _THRICE.search(_NUMBER.sub("", text[-_TAIL_CHARS:])) is not None
