"""Reads Claude's data export: one zip file, or the zip files that a manifest of the newest exports names.

What is known of it: a list of conversations with `chat_messages`, a flat list that holds every branch. In newer exports
`parent_message_uuid` links them, and nothing says which branch was seen last; older exports are one path. `text` can hold
placeholders and thoughts, `content` has the same in blocks. A text that was pasted is an attachment without a file name. The
newest exports keep talks with Claude Design beside the others, in files of their own with other keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields, json_members
from app.importers.assembly import Draft, conversation_parts, place_of, title_of
from app.importers.assets import Assets, kind_of
from app.importers.conversations import Choices, Conversation, LeftOut, Picture, Role
from app.importers.paths import Node, newest_leaf, path_to
from app.importers.sources import Source
from app.importers.stamps import UNREADABLE_TIMES, moment
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "claude"
LABEL = "Claude"

_MESSAGES = re.compile(rb'"chat_messages"\s*:')
_PROJECTS = re.compile(r"(?:^|/)projects(?:[-\d]*\.json$|/[^/]+\.json$)", re.IGNORECASE)
_NOTES = re.compile(rb'"conversations_memory"\s*:')
_DESIGN = re.compile(r"(?:^|/)design_chats/[^/]+\.json$")
_ROLES = {"human": Role.ME, "user": Role.ME, "assistant": Role.ASSISTANT}
_WORDS = ("text", "voice_note", None)
_MACHINERY = {
    "thinking": "thoughts of the model",
    "redacted_thinking": "thoughts of the model",
    "tool_use": "tool calls",
    "tool_result": "tool calls",
    "server_tool_use": "tool calls",
    "token_budget": "notes of the program to itself",
}
_ROOT = "00000000-0000-"
"""How the id begins that a first message has as its parent."""
_PASTED = re.compile(r"(?:paste[\w ().-]*\.txt)?", re.IGNORECASE)
"""Names of an attachment that is a pasted text: none, and in older exports `paste.txt`, `paste-2.txt`."""
_PLACEHOLDER = re.compile(
    r"(?:```[ \t]*\n)?"
    r"(?:This block is not supported on your current device yet\."
    r"|Viewing artifacts created via the Analysis Tool web feature preview isn[’']t yet supported on mobile\.)"
    r"(?:[ \t]*\n```)?"
)


def recognises(source: Source) -> bool:
    """Return whether a source has a list of Claude's conversations."""
    return json_members.has_member(source, _fits)


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the conversations, each on the path to its newest message.

    Args:
        source: The export, or one of its files of conversations.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: There is no list of conversations, or one is cut or broken.
    """
    reader = _Reader(clock.zone_of(choices.zone), Assets(source), left_out)
    names = json_members.histories(source, _fits, left_out, LABEL)
    for number, value in json_members.conversations(source, names, left_out):
        yield from reader.conversation(value, number)
    _count_others(source, left_out)


def _count_others(source: Source, left_out: LeftOut) -> None:
    """Count what an export has beside conversations."""
    for name in json_members.members(source, lambda name, _: bool(_PROJECTS.search(name)), left_out):
        try:
            for project in json_members.values(source, name):
                for document in fields.listed(fields.at(project, "docs")):
                    place = f'project "{title_of(fields.at(project, "name"))}", {title_of(fields.at(document, "filename"))}'
                    left_out.add("documents of projects", place)
        except InvalidInput as error:
            left_out.add("files that cannot be read", f"{name} ({error.message})")
    for name in json_members.members(source, lambda _, head: bool(_NOTES.search(head)), left_out):
        left_out.add("files of what Claude noted about you", f"{name} (import it again with --format memories)")


def _fits(name: str, head: bytes) -> bool:
    return bool(_MESSAGES.search(head)) or bool(_DESIGN.search(name) and b'"messages"' in head)


@dataclass
class _Reader:
    """Reads one conversation after another."""

    zone: tzinfo
    assets: Assets
    left_out: LeftOut

    def conversation(self, value: Any, number: int) -> Iterator[Conversation]:
        """Yield a conversation, in parts if it is long."""
        title = title_of(fields.at(value, "name") or fields.at(value, "title"))
        place = place_of(number, title)
        messages = fields.at(value, "chat_messages")
        if messages is None:
            messages = fields.at(value, "messages")
        if not isinstance(value, dict) or not isinstance(messages, list):
            self.left_out.add("conversations of unknown form", f"{place}, key chat_messages")
            return
        if not messages:
            self.left_out.add("conversations without messages", place)
            return
        path = _last_seen(messages, self.zone)
        if len(path) < len(messages):
            self.left_out.add("messages of branches that were not seen last", place, len(messages) - len(path))
        drafts = [draft for at in path if (draft := self._draft(messages[at], place))]
        yield from conversation_parts(
            fields.words(value.get("uuid")) or place,
            title,
            drafts,
            began=moment(value.get("created_at"), self.zone),
            place=place,
            left_out=self.left_out,
        )

    def _draft(self, message: Any, place: str) -> Draft | None:
        sender = fields.at(message, "sender") or fields.at(message, "role")
        role = _ROLES.get(sender) if isinstance(sender, str) else None
        if role is None:
            self.left_out.add("messages of unknown form", f"{place}, key sender")
            return None
        time = moment(message.get("created_at"), self.zone)
        if time is None and message.get("created_at"):
            self.left_out.add(UNREADABLE_TIMES, f"{place}, key created_at")
        before = self.left_out.counts.total()
        texts = [self._said(message, place)]
        pictures: list[Picture] = []
        for attachment in fields.listed(message.get("attachments")):
            name, content = (
                fields.words(fields.at(attachment, "file_name")),
                fields.words(fields.at(attachment, "extracted_content")),
            )
            if content and _PASTED.fullmatch(name):
                texts.append(content)
            else:
                self.left_out.add(kind_of(name), place)
        for file in fields.listed(message.get("files")):
            pictures += self._picture(fields.words(fields.at(file, "file_name")), time, place)
        text = "\n\n".join(filter(None, texts))
        if not text and not pictures:
            if self.left_out.counts.total() == before:
                self.left_out.add("messages without words", place)
            return None
        return Draft(role, text, time, tuple(pictures))

    def _said(self, message: dict[str, Any], place: str) -> str:
        """Return the words of a message: of its blocks; of its `text` only where no block says anything else."""
        content = message.get("content")
        if isinstance(content, str):
            return _without_placeholders(content)
        texts: list[str] = []
        other = 0
        for block in fields.listed(content):
            kind = fields.at(block, "type")
            text = fields.at(block, "text")
            if isinstance(text, str) and kind in _WORDS:
                texts.append(_without_placeholders(text))
                continue
            other += 1
            if isinstance(kind, str) and kind in _MACHINERY:
                self.left_out.add(_MACHINERY[kind])
            else:
                self.left_out.add("parts of unknown form", f"{place}, key content ({str(kind)[:40]})")
        said = "\n\n".join(filter(None, texts))
        return said if said or other else _without_placeholders(fields.words(message.get("text")))

    def _picture(self, name: str, time: datetime | None, place: str) -> list[Picture]:
        member = self.assets.find(name) if name else None
        if member is not None and self.assets.is_picture(member):
            return [self.assets.picture(member, time)]
        kind = kind_of(name)
        self.left_out.add("pictures that are not in the export" if kind == "pictures" else kind, place)
        return []


def _without_placeholders(text: str) -> str:
    return fields.words(re.sub(r"\n{3,}", "\n\n", _PLACEHOLDER.sub("", text)) if _PLACEHOLDER.search(text) else text)


def _last_seen(messages: list[Any], zone: tzinfo) -> list[int]:
    """Return the places of the messages on the path to the newest leaf; all of them where nothing links them.

    A message whose parent is not known follows the one before it in the list, unless it is the first of another attempt: then
    the parent is the id of the root, which no message has.
    """
    if not any(isinstance(fields.at(message, "parent_message_uuid"), str) for message in messages):
        return list(range(len(messages)))
    names: dict[str, str] = {}
    for place, message in enumerate(messages):
        if name := fields.words(fields.at(message, "uuid")):
            names.setdefault(name, str(place))
    tree = {
        str(place): Node(parent=_parent(messages, place, names), time=moment(fields.at(message, "created_at"), zone))
        for place, message in enumerate(messages)
    }
    leaf = newest_leaf(tree)
    return [] if leaf is None else list(map(int, path_to(leaf, tree)))


def _parent(messages: list[Any], place: int, names: dict[str, str]) -> str | None:
    named = fields.words(fields.at(messages[place], "parent_message_uuid"))
    if named in names:
        return names[named]
    if place == 0 or named.startswith(_ROOT):
        return None
    return str(place - 1)
