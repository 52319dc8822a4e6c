"""Escape our tags and chat-template marks in a user's text, so that they stay text (pure functions)."""

from __future__ import annotations

import re

# The spaces are bounded, so that "<" and 20,000 spaces cost no time, and the stream knows how long to wait.
_NAMED = r"(?:\s{0,8}/?\s{0,8}(?i:think|answer|retrieve)\b|\||/?(?i:s|bos|eos|start_of_turn|end_of_turn)>)"
"""Our tags, and the marks with which chat templates separate turns: a server would take `<|im_end|>` in a message for its end.
"""
_ESCAPED = re.compile(r"&(?=(?:amp;)*lt;)")
_OURS = re.compile(f"<(?={_NAMED})", re.ASCII)
_UNESCAPED = re.compile(f"&lt;(?={_NAMED})", re.ASCII)
_UNAMP = re.compile(r"&amp;(?=(?:amp;)*lt;)")


def escape(text: str) -> str:
    """Escape our tags and chat-template marks in a person's or a memory's text; `unescape` undoes it."""
    return _OURS.sub("&lt;", _ESCAPED.sub("&amp;", text))


def unescape(text: str) -> str:
    """Undo `escape`."""
    return _UNAMP.sub("&", _UNESCAPED.sub("<", text))
