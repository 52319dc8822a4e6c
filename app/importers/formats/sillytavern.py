"""Reads chats of SillyTavern: JSON lines, one file a chat, between the person and one or several characters.

What is known of it: the first line is the head (`user_name`, `character_name`, `create_date`, `chat_metadata`; in newest files
the names are "unused", in old group chats there is no head). Each further line is a message: `name`, `is_user`, `is_system`,
`send_date`, `mes`, `swipes` with `swipe_id`, `extra`. `mes` is what was last seen, and a person's own messages may have swipes
too. A branch or checkpoint is a file of its own that repeats its beginning. Pictures are paths outside the chat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import Any

from app.importers import fields, lines
from app.importers.conversations import Choices, Conversation, LeftOut, Message, Role
from app.importers.formats.sillytavern_times import Said, said_at
from app.importers.heads import head_of, nothing_of
from app.importers.parts import in_parts
from app.importers.sources import Source
from app.importers.stamps import UNREADABLE_TIMES
from memory.core import clock

NAME = "sillytavern"
LABEL = "SillyTavern"

_MOST_MEMBERS = 50
"""Most members that are looked into before a source counts as something else."""
_UNUSED = "unused"
_THOUGHT = re.compile(r"^\s*<(think|thinking)>.*?</\1>", re.DOTALL)
_COPIES = re.compile(r"(?:^|/)backups/[^/]+$")
_BRANCH = re.compile(r"(?:Branch|Checkpoint) #\d+")
_CUT_HEAD = re.compile(rb'^\s*\{\s*"(?:user_name|chat_metadata)"\s*:')


def recognises(source: Source) -> bool:
    """Return whether a source has a chat of SillyTavern."""
    return any(_is_chat(head_of(source, name)) for name in _candidates(source)[:_MOST_MEMBERS])


def _candidates(source: Source) -> list[str]:
    """Return the members that may be chats; a file alone may have any name."""
    names = source.names()
    return names if len(names) == 1 else [name for name in names if name.lower().endswith(".jsonl")]


def _is_chat(head: bytes) -> bool:
    first, _, rest = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    value = lines.parsed(first)
    if isinstance(value, dict):
        return _is_head(value) or _is_message(value)
    # The head of a chat may be longer than what is looked at: notes and variables are kept in it.
    return not rest and _CUT_HEAD.match(first) is not None and b'"character_name"' in first


def _is_head(value: dict[str, Any]) -> bool:
    return "chat_metadata" in value or {"user_name", "character_name"} <= value.keys()


def _is_message(value: dict[str, Any]) -> bool:
    return {"mes", "name"} <= value.keys() and bool({"is_user", "send_date"} & value.keys())


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the chats of a source.

    Args:
        source: One chat, or a folder of chats.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: A file cannot be read, or none of them is a chat.
    """
    zone = clock.zone_of(choices.zone)
    # What a branch repeats is left out there, not in the chat that it comes from.
    found = sorted(_candidates(source), key=lambda name: (name.rpartition("/")[0], _BRANCH.search(name) is not None, name))
    if not any(_is_chat(head_of(source, name)) for name in found):
        raise nothing_of(source, LABEL)
    copies = {name for name in found if _COPIES.search(name)}
    seen: dict[str, set[int]] = {}
    for name in found:
        if name in copies and len(copies) < len(found):
            left_out.add("backup copies of chats", name)
        elif not _is_chat(head := head_of(source, name, left_out=left_out)):
            if head or not source.size(name):
                left_out.add("files that are no chat", name)
        else:
            # A chat and its branches lie in one folder, that of the character; only its messages are kept in mind.
            folder = name.rpartition("/")[0]
            seen = {folder: seen.get(folder, set())}
            yield from _Chat(source, name, zone, left_out).parts(seen[folder])


@dataclass(frozen=True)
class _Line:
    """A message of a chat, with its time as it is written."""

    role: Role
    speaker: str
    text: str
    said: Said | None
    number: int


class _Chat:
    """One file."""

    def __init__(self, source: Source, name: str, zone: tzinfo, left_out: LeftOut) -> None:
        self._source = source
        self._name = name
        self._zone = zone
        self._left_out = left_out
        self._head: dict[str, Any] = {}

    def parts(self, seen: set[int]) -> Iterator[Conversation]:
        """Yield the conversation, without the beginning that another file has too.

        Args:
            seen: The messages of the other files of the folder; those of this one are added.
        """
        found = list(self._lines())
        marks = [hash((line.said or (self._name, line.number), line.speaker, line.text)) for line in found]
        repeated = next((number for number, mark in enumerate(marks) if mark not in seen), len(marks))
        if repeated < len(found):
            # Another answer stays with the message that it answers.
            while repeated and found[repeated].role is Role.ASSISTANT:
                repeated -= 1
        seen.update(marks)
        if repeated:
            self._left_out.add("messages that another file of the chat has too", number=repeated)
        own = said_at(self._head.get("create_date"), self._zone)
        filling = fields.Filling(own.time if own else None)
        messages: list[Message] = []
        has_seconds = True
        for line in found[repeated:]:
            time = filling.filled(line.said.time if line.said else None)
            if time is None:
                self._left_out.add("messages without a time", f"{self._name}, line {line.number}, key send_date")
            else:
                messages.append(Message(time, line.role, line.text, line.speaker))
                has_seconds = has_seconds and (line.said is None or line.said.has_seconds)
        yield from in_parts(Conversation(self._name, self._title(found), tuple(messages), has_seconds=has_seconds))

    def _title(self, found: list[_Line]) -> str:
        """Return the names of the characters, as far as the file says them; else the name of the file."""
        named = fields.words(self._head.get("character_name"))
        if named and named != _UNUSED:
            return named
        speakers = dict.fromkeys(line.speaker for line in found if line.role is Role.ASSISTANT and line.speaker)
        return ", ".join(speakers) or PurePosixPath(self._name).stem

    def _lines(self) -> Iterator[_Line]:
        with self._source.open(self._name) as stream:
            for number, value in lines.objects(stream, self._name, self._left_out):
                if "mes" in value or "swipes" in value:
                    line = self._line(number, value)
                    if line is not None:
                        yield line
                elif not self._head and _is_head(value):
                    self._head = value
                else:
                    self._left_out.add("lines without a message", f"{self._name}, line {number}, key mes")

    def _line(self, number: int, value: dict[str, Any]) -> _Line | None:
        extra = value.get("extra")
        if value.get("is_system") is True:
            self._left_out.add("hidden messages")
            return None
        if fields.at(extra, "type") == "narrator" or fields.at(extra, "isSmallSys") is True:
            self._left_out.add("narrator lines")
            return None
        self._count_files(extra)
        speaker = fields.words(value.get("name"))
        is_mine = value.get("is_user") is True
        text = fields.words(value.get("mes")) or _swiped(value)
        if not is_mine:
            text = _THOUGHT.sub("", text).strip()
        if not text:
            self._left_out.add("messages without words", f"{self._name}, line {number}, key mes")
            return None
        said = said_at(value.get("send_date"), self._zone)
        if said is None and value.get("send_date"):
            self._left_out.add(UNREADABLE_TIMES, f"{self._name}, line {number}, key send_date")
        return _Line(Role.ME if is_mine else Role.ASSISTANT, speaker, text, said, number)

    def _count_files(self, extra: Any) -> None:
        """Count the pictures and files of a message, which are stored elsewhere."""
        media = [fields.at(one, "type") for one in fields.listed(fields.at(extra, "media"))]
        pictures = sum(kind not in {"video", "audio"} for kind in media) or int(bool(fields.words(fields.at(extra, "image"))))
        others = {
            "pictures that are not in the file": pictures,
            "videos": media.count("video") or int(bool(fields.words(fields.at(extra, "video")))),
            "voice messages without words": media.count("audio"),
            "attached files": len(fields.listed(fields.at(extra, "files"))) or int(isinstance(fields.at(extra, "file"), dict)),
        }
        for reason, number in others.items():
            if number:
                self._left_out.add(reason, number=number)


def _swiped(value: dict[str, Any]) -> str:
    """Return the version of a message that was last seen."""
    versions, place = fields.listed(value.get("swipes")), fields.whole_number(value.get("swipe_id")) or 0
    return fields.words(versions[place]) if 0 <= place < len(versions) else ""
