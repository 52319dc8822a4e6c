"""Takes out of a model's answer what front ends fold into it: thoughts, tool calls and inline pictures (pure)."""

from __future__ import annotations

import re

_FOLDED = re.compile(r"<details\b[^<>]*\btype=\"(?:reasoning|tool_calls|code_interpreter)\"[^<>]*>")
_FOLD_END = "</details>"
_THOUGHT = re.compile(r"\A\s*<(think|thinking|reasoning|thought)>")
_THINKING_BLOCK = re.compile(r"\A\s*:::thinking[ \t]*\n")
_INLINE_PICTURE = re.compile(r"!\[[^\]\n]{0,500}\]\(data:[^)\s]*\)")


def without_folds(text: str) -> str:
    """Return an answer without the thoughts and tool calls that are folded into it."""
    kept: list[str] = []
    position = 0
    for fold in _FOLDED.finditer(text):
        if fold.start() < position:
            continue
        kept.append(text[position : fold.start()])
        end = text.find(_FOLD_END, fold.end())
        position = len(text) if end < 0 else end + len(_FOLD_END)
    text = "".join([*kept, text[position:]])
    if thought := _THOUGHT.match(text):
        _, closed, rest = text.partition(f"</{thought[1]}>")
        text = rest if closed else ""
    if block := _THINKING_BLOCK.match(text):
        _, closed, rest = text[block.end() :].partition(":::")
        text = rest if closed else ""
    return text.strip()


def without_inline_pictures(text: str) -> tuple[str, int]:
    """Return a text without pictures that stand in it as data, and how many there were."""
    return _INLINE_PICTURE.subn("", text)
