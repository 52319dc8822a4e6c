"""A thought of the model's own, around an output that has no place for one (pure).

Models that think write `<think>…</think>` in front of what they were asked for, where their server does not take it out. Some
templates open the thought themselves: then the output begins inside it. A thought that the token limit cut off has no end.
"""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection"
_OPEN = re.compile(rf"<(?:{_NAMES})>|\[THINK\]|◁think▷", re.IGNORECASE)
_CLOSE = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_HARMONY = re.compile(r"<\|channel\|>\s*(?:analysis|commentary)\b", re.IGNORECASE)
"""gpt-oss, where its server passes the channels on as they are."""
_FINAL = re.compile(r"<\|channel\|>\s*final\s*(?:<\|constrain\|>[^<]{0,40})?<\|message\|>", re.IGNORECASE)


def without_thought(text: str) -> str:
    """Return what a model wrote after its thought; nothing where the thought has no end.

    A tag inside a quoted value, as in `"content": "The user asks what </think> means"`, is a part of that value, except where
    no other tag ends the thought.
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
    """Say whether a model wrote a thought of its own, ended or not."""
    return without_thought(text) != text


def _is_quoted(text: str, place: int) -> bool:
    """Say whether a place stands inside a value in double quotes, on its line."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 1
