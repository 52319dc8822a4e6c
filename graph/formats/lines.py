"""The `"key": value` lines that all wire formats share (pure functions; the parser never raises)."""

from __future__ import annotations

import json
import re

Value = str | int | float | bool | None | list[str]

# Bounded and without nested repetition: the time for a garbled line is proportional to its length.
_LINE = re.compile(r"""^[\s>*+-]{0,20}(?P<quote>["'`*]{0,2})(?P<key>[^"'`\n]{1,200}?)(?P=quote)[\s*]{0,20}:(?P<value>.*)$""")
_JSON_LINE = re.compile(r'^\s{0,20}(?P<key>"(?:[^"\\]|\\.){0,400}")\s{0,20}:(?P<value>.*)$')
_WORDS = {"true": True, "false": False, "null": None, "none": None, "yes": True, "no": False}


def quote(text: str) -> str:
    """Return a string value on one line."""
    return json.dumps(text, ensure_ascii=False)


def read_pairs(text: str) -> list[tuple[str, Value]]:
    """Return every `"key": value` pair in order; other lines are skipped.

    A value that is valid JSON (string, number, true, false, null, list of strings) is parsed as JSON; any other is the bare
    text. Missing quotes, bullets, trailing commas and code fences are forgiven.
    """
    pairs: list[tuple[str, Value]] = []
    for line in re.split(r"[\r\n]+", text):
        exact = _JSON_LINE.match(line)
        if exact:
            key = _json(exact["key"])
            if isinstance(key, str):
                pairs.append((key, _value(exact["value"])))
            continue
        match = _LINE.match(line)
        if match:
            pairs.append((match["key"].strip(" \t*"), _value(match["value"])))
    return pairs


def _value(text: str) -> Value:
    text = text.strip().removesuffix(",").strip()
    read = _json(text)
    if isinstance(read, str | int | float | bool) or (read is None and text == "null"):
        return read
    if isinstance(read, list):
        return read
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if text.startswith("[") and text.endswith("]"):
        return [item for item in (part.strip(" \t\"'`*") for part in text[1:-1].split(",")) if item]
    return text.strip("\"'`*").strip()


def _json(text: str) -> object:
    try:
        return _sound(json.loads(text, strict=False))
    except (ValueError, RecursionError):
        return None


def _sound(read: object) -> object:
    """Convert a list's items to text, and replace lone surrogates (an escape cut in two), which no store accepts."""
    if isinstance(read, list):
        return [_sound(str(item)) for item in read]
    return read.encode(errors="replace").decode() if isinstance(read, str) else read
