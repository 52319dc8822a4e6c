"""Repairs text whose UTF-8 bytes were written as Latin-1 characters, as Facebook and Instagram export it (pure)."""

from __future__ import annotations

import codecs


def repaired(text: str) -> str:
    """Return a text with its characters restored; one that is right already stays as it is.

    A right text hardly ever passes for a broken one: it would have to hold nothing beyond Latin-1, and its letters with
    accents would have to follow each other exactly as the bytes of UTF-8 do.

    Args:
        text: One string of an export. A last character may be cut in the middle; what is left of it is dropped.
    """
    if text.isascii():
        return text
    try:
        restored = codecs.getincrementaldecoder("utf-8")().decode(text.encode("latin-1"))
    except UnicodeError:
        return text
    # Without any character restored there is no sign that the text is broken: "voilà" ends as a cut character would.
    return text if restored.isascii() else restored
