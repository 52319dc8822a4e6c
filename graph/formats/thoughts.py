"""A model's own thought around an output that has no place for one (pure).

Models that think write `<think>…</think>` before the output, unless their server removes it. Some templates open the thought
themselves: then the output begins inside it. A thought that the token limit cut off has no end.
"""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection"
_OPEN = re.compile(rf"<(?:{_NAMES})>|\[THINK\]|◁think▷", re.IGNORECASE)
_CLOSE = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_HARMONY = re.compile(r"<\|channel\|>\s*(?:analysis|commentary)\b", re.IGNORECASE)
"""gpt-oss, if its server passes the channels on unchanged."""
_FINAL = re.compile(r"<\|channel\|>\s*final\s*(?:<\|constrain\|>[^<]{0,40})?<\|message\|>", re.IGNORECASE)


def without_thought(text: str) -> str:
    """Return the text after a model's thought; empty if the thought has no end.

    A tag inside a quoted value, such as `"content": "The user asks what </think> means"`, belongs to that value, unless no
    other tag ends the thought.
    """
    final = list(_FINAL.finditer(text))
    if final:
        text = text[final[-1].end() :].split("<|", maxsplit=1)[0]
    elif _HARMONY.search(text):
        return ""
    closes = list(_CLOSE.finditer(text))
    plain = [close for close in closes if not _is_quoted(text, close.start())]
    if not plain and closes and _OPEN.match(text.lstrip()):
        plain = closes[:1]
    rest = text[plain[-1].end() :] if plain else text
    begun = next((start for start in _OPEN.finditer(rest) if not _is_quoted(rest, start.start())), None)
    return rest[: begun.start()] if begun else rest


def has_thought(text: str) -> bool:
    """Return whether a model wrote its own thought, ended or not."""
    return without_thought(text) != text


def _is_quoted(text: str, place: int) -> bool:
    """Return whether a position is inside a double-quoted value on its line."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 1
