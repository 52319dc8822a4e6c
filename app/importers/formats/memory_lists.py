"""Reads lists of memories of other programs as facts: ChatGPT's saved memories, Claude's notes, mem0's export.

What is known of them: mem0 gives `{"results": [{"memory", "created_at", "updated_at", …}]}` or the bare list. ChatGPT's list of
saved memories is no part of its export: people copy it from the settings, one memory a line, or save what the page loads,
`{"memories": [{"content", "updated_at", …}]}`. A list that a program was asked to write has dates in brackets before its lines.
Claude's export has `memories.json`, or `memories/ID.json`: texts in Markdown about the person and each project, and notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields, json_members
from app.importers.conversations import LeftOut
from app.importers.facts import Fact
from app.importers.sources import Source
from app.importers.stamps import moment
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "memories"
LABEL = "a list of memories (ChatGPT, Claude, mem0)"

_LISTED = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*(?:\{\s*"(?:[\w ]{1,40})"\s*:\s*\[\s*|\[\s*)\{[^\[]{0,20000}?"(?:memory|content)"\s*:\s*"'
)
_MEMORY = re.compile(rb'"memory"\s*:\s*"')
_CONTAINER = re.compile(rb'"(?:memories|results)"\s*:\s*\[')
_ROLE = re.compile(rb'"(?:role|mapping|chat|isCreatedByUser|sender|sender_name|chat_messages)"\s*:')
_NOTES = re.compile(rb'"(?:conversations_memory|memory_files|project_memories)"\s*:')
_JSON = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*(?:\[\s*["{\]]|\{\s*["}])')
"""How JSON begins; a list of lines may begin with a date in brackets."""
_TEXTS = ("memory", "content", "text")
_LISTS = ("results", "memories")
_TIMES = ("updated_at", "created_at", "updatedAt", "createdAt", "created_timestamp", "timestamp")
_LINE = re.compile(r"(?:[-*•]|\d{1,4}[.)])?\s*(?:\[(?P<date>\d{4}-\d{2}-\d{2}|unknown)\]\.?\s*(?:[-–—:]\s*)?)?(?P<text>.*)")
_ABOUT_USER = re.compile(r"(?:The user|User|Users?'s|User’s)\b", re.IGNORECASE)
_HEADING = re.compile(r"(?:#{1,6}\s.*|\*\*[^*]{1,80}\*\*:?|[-*_=`]{3,}\w*)")
_BULLET = re.compile(r"\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_MOST_TEXT = 5_000_000
_FEWEST_LINES = 2


def recognises(source: Source) -> bool:
    """Return whether a source has a list of memories, beside conversations too."""
    return json_members.has_member(source, _fits) or _is_text(source)


def read_facts(source: Source, left_out: LeftOut) -> Iterator[Fact]:
    """Yield the memories of a source.

    Args:
        source: The list, or an export that has one.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: The JSON is cut or broken, or a text is not UTF-8.
    """
    zone = clock.zone_of(None)
    names = json_members.members(source, _fits, left_out)
    # What the person names with --format may be a list of texts, or an empty one.
    if not names and len(source.names()) == 1:
        names = json_members.members(source, lambda _, head: bool(_JSON.match(head)), left_out)
    for name in names:
        number = 0
        for value in json_members.values(source, name):
            if _is_claude(value):
                yield from _claude_notes(value, zone)
                continue
            held = next((value[key] for key in _LISTS if isinstance(fields.at(value, key), list)), [value])
            for entry in held:
                number += 1
                yield from _entry(entry, zone, f"{name}, memory {number}", left_out)
    for name in [] if names else source.names():
        yield from _lines(_text(source, name), zone, left_out)


def _fits(_name: str, head: bytes) -> bool:
    if _NOTES.search(head):
        return True
    if _ROLE.search(head):
        return False
    return bool(_MEMORY.search(head) or _CONTAINER.search(head)) and bool(_LISTED.match(head))


def _entry(entry: Any, zone: tzinfo, place: str, left_out: LeftOut) -> Iterator[Fact]:
    text = fields.words(entry)
    for key in _TEXTS:
        text = text or fields.words(fields.at(entry, key))
    if not text:
        left_out.add("memories of unknown form", f"{place}, key memory")
        return
    yield Fact(text, next((time for key in _TIMES if (time := moment(fields.at(entry, key), zone))), None))


def _is_claude(value: Any) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint({"conversations_memory", "project_memories", "memory_files"})


def _claude_notes(value: dict[str, Any], zone: tzinfo) -> Iterator[Fact]:
    """Yield the paragraphs and list items of Claude's notes."""
    texts: list[tuple[Any, datetime | None]] = [(value.get("conversations_memory"), None)]
    projects = value.get("project_memories")
    texts += [(text, None) for text in (projects.values() if isinstance(projects, dict) else [])]
    texts += [
        (fields.at(file, "content"), moment(fields.at(file, "updated_at"), zone))
        for file in fields.listed(value.get("memory_files"))
    ]
    for text, time in texts:
        for paragraph in _paragraphs(fields.words(text)):
            yield Fact(paragraph, time)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs and list items of a Markdown text, without its headings."""
    open_lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        bare = line.strip()
        starts = bool(_BULLET.match(line))
        if (not bare or starts or _HEADING.fullmatch(bare)) and open_lines:
            yield " ".join(open_lines)
            open_lines = []
        if bare and not _HEADING.fullmatch(bare):
            open_lines.append(_BULLET.sub("", line, count=1).strip() if starts else bare)


def _is_text(source: Source) -> bool:
    """Return whether a source is a single text in which each line is a memory, as programs write them."""
    names = source.names()
    if len(names) != 1:
        return False
    try:
        head = source.head(names[0])
    except InvalidInput:
        return False
    whole = len(head) == source.size(names[0])
    text = head.decode("utf-8", "ignore" if not whole else "replace").removeprefix("\ufeff")
    lines = [line for line in map(str.strip, text.split("\n")) if line and not _HEADING.fullmatch(line)]
    lines = lines if whole else lines[:-1]
    found = [_LINE.fullmatch(line) for line in lines]
    return len(lines) >= _FEWEST_LINES and all(one and (one["date"] or _ABOUT_USER.match(one["text"])) for one in found)


def _text(source: Source, name: str) -> str:
    with source.open(name) as stream:
        data = stream.read(_MOST_TEXT + 1)
    if len(data) > _MOST_TEXT:
        raise InvalidInput(f"{name} is too long for a list of memories. Give a file of at most {_MOST_TEXT:,} bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeError as error:
        raise InvalidInput(f"{name} is no text in UTF-8 ({error}). Save it again as UTF-8, one memory a line.") from error


def _lines(text: str, zone: tzinfo, left_out: LeftOut) -> Iterator[Fact]:
    for line in map(str.strip, text.split("\n")):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if _HEADING.fullmatch(line) or found is None or not (words := fields.words(found["text"])):
            left_out.add("lines that are no memories")
            continue
        yield Fact(words, moment(found["date"], zone))
