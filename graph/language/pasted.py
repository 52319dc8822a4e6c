"""The person's own words in a message: what they pasted or quoted is replaced by a mark (pure rules, by structure).

Code, data, logs, mails and other people's texts say nothing about the person. Memories are made from their own words around
these; the message itself stays whole in the journal, in reply prompts, and in search.
"""

from __future__ import annotations

import json
import re

from graph.language import pasted_lines as kinds
from graph.language.pasted_prose import cut_letters, cut_long_quotes, cut_others_prose

CODE, TEXT, QUOTE, MAIL, CHAT = "[pasted code]", "[pasted text]", "[quoted text]", "[pasted e-mail]", "[pasted chat]"
_MARKS = re.compile(r"(\[(?:pasted|quoted) (?:code|text|e-mail|chat)\])(?:\s*\1)+")
_ANY_MARK = re.compile(r"\[(?:pasted|quoted) (?:code|text|e-mail|chat)\]")
_FENCE = re.compile(
    r"^[ \t]{0,8}(?P<fence>`{3,}|~{3,})[^\n]*\n?(?:.*?)(?:^[ \t]{0,8}(?P=fence)[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_BRACKETS = {"{": "}", "[": "]"}
_PAIR = re.compile(r"""["'][^"'\n]{1,80}["']\s{0,4}:""")
_VALUES = re.compile(r"""(?:["'][^"'\n]{0,200}["']|-?\d[\d.]*|true|false|null)\s{0,4},""")
_MIN_VALUES = 3
_BRACKET = re.compile(r"[{\[]")
_JSON = json.JSONDecoder(strict=False)
_MAX_JSON_TRIES = 100
"""Maximum brackets that are tried, so that thousands of them cost no time."""


def own_words(text: str) -> str:
    """Return a message with a mark such as `[pasted code]` in place of each block that is not the person's own words."""
    text = _FENCE.sub(CODE, text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _without_data(_without_json(text))
    text = _without_lines(text)
    text = cut_letters(text, MAIL, TEXT)
    text = cut_long_quotes(text, QUOTE)
    text = cut_others_prose(text, TEXT)
    return _MARKS.sub(r"\1", text)


def without_marks(own: str) -> str:
    """Return the result of `own_words` without its marks."""
    return _ANY_MARK.sub("", own)


def _without_json(text: str) -> str:
    """Cut out valid JSON, even in the middle of a line."""
    parts: list[str] = []
    place = 0
    for _ in range(_MAX_JSON_TRIES):
        begins = _BRACKET.search(text, place)
        if begins is None:
            break
        try:
            read, end = _JSON.raw_decode(text, begins.start())
        except (ValueError, RecursionError):
            read, end = None, begins.end()
        is_data = isinstance(read, dict | list) and (
            len(read) >= _MIN_VALUES or any(isinstance(one, dict | list) for one in read)
        )
        is_data = is_data or (isinstance(read, dict) and bool(read))
        parts += [text[place : begins.start()], CODE if is_data else text[begins.start() : end]]
        place = end
    return "".join([*parts, text[place:]])


def _without_data(text: str) -> str:
    """Cut out text similar to JSON: with other quotation marks, comments, or extra commas."""
    parts: list[str] = []
    end = 0
    for start, stop in _outermost(text):
        inside = text[start:stop]
        is_data = _PAIR.search(inside) or (inside[0] == "[" and len(_VALUES.findall(inside)) >= _MIN_VALUES)
        if is_data:
            parts += [text[end:start], CODE]
            end = stop
    return "".join([*parts, text[end:]])


def _outermost(text: str) -> list[tuple[int, int]]:
    """Return the start and end of each outermost pair of brackets, in one pass."""
    waiting: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for place, sign in enumerate(text):
        if sign in _BRACKETS:
            waiting.append((_BRACKETS[sign], place))
        elif waiting and sign == waiting[-1][0]:
            _, start = waiting.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, place + 1))
    return pairs


def _without_lines(text: str) -> str:
    """Cut out runs of lines that are code, a log, a table, a quoted mail or a pasted chat."""
    lines = text.split("\n")
    kept: list[str] = []
    place = 0
    while place < len(lines):
        if not lines[place].strip():
            kept.append(lines[place])
            place += 1
            continue
        for mark, length in (
            (QUOTE, kinds.quoted(lines, place)),
            (MAIL, kinds.mail(lines, place)),
            (CHAT, kinds.chat(lines, place)),
            (CODE, kinds.trace(lines, place)),
            (CODE, kinds.diff(lines, place)),
            (CODE, kinds.log(lines, place)),
            (CODE, kinds.table(lines, place)),
            (CODE, kinds.code(lines, place)),
        ):
            if length:
                kept.append(mark)
                place += length
                break
        else:
            kept.append(lines[place])
            place += 1
    return "\n".join(kept)
