"""Our tags, and chat templates' marks, in somebody's text: escaped they stay text (pure functions)."""

from __future__ import annotations

import re

# The spaces are bounded, so that "<" and 20,000 spaces cost no time, and the stream knows how long to wait.
_NAMED = r"(?:\s{0,8}/?\s{0,8}(?i:think|answer|retrieve)\b|\||/?(?i:s|bos|eos|start_of_turn|end_of_turn)>)"
"""Our tags, and what chat templates mark turns with: a server takes `<|im_end|>` in a message for the end of that message."""
_ESCAPED = re.compile(r"&(?=(?:amp;)*lt;)")
_OURS = re.compile(f"<(?={_NAMED})", re.ASCII)
_UNESCAPED = re.compile(f"&lt;(?={_NAMED})", re.ASCII)
_UNAMP = re.compile(r"&amp;(?=(?:amp;)*lt;)")


def escape(text: str) -> str:
    """Make our tags, and chat templates' marks, in a person's or a memory's text stay text; `unescape` undoes it."""
    return _OURS.sub("&lt;", _ESCAPED.sub("&amp;", text))


def unescape(text: str) -> str:
    """Undo `escape`."""
    return _UNAMP.sub("&", _UNESCAPED.sub("<", text))
