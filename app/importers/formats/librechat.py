"""Reads LibreChat's export of a conversation (JSON), or a folder of them.

What is known of it: `conversationId`, `title` and `messages`, a flat list in which `parentMessageId` links the messages;
exported with "branches" it holds every branch, and nothing says which was seen last. Exported as "recursive" it is
`messagesTree`, each message with its `children`. `isCreatedByUser` says whose a message is. Its words are `text`, or `content`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from app.importers import fields, json_members
from app.importers.assembly import Draft, conversation_parts, place_of, title_of
from app.importers.assets import Assets, kind_of
from app.importers.conversations import Choices, Conversation, LeftOut, Picture, Role
from app.importers.model_talk import without_folds
from app.importers.paths import Node, newest_leaf, path_to
from app.importers.sources import Source
from app.importers.stamps import UNREADABLE_TIMES, moment
from memory.core import clock

NAME = "librechat"
LABEL = "LibreChat"

_CONVERSATION = re.compile(rb'"conversationId"\s*:')
_MESSAGES = re.compile(rb'"(?:messages|messagesTree)"\s*:\s*\[')
_OWN_KEY = re.compile(rb'"(?:isCreatedByUser|parentMessageId|exportAt)"\s*:')
_DEEPEST = 200_000
"""Deepest nesting: exported as "recursive", each message stands inside the one before it, two levels deeper."""
_NOT_WORDS = {
    "think": "thoughts of the model",
    "tool_call": "tool calls",
    "agent_update": "tool calls",
    "summary": "notes of the program to itself",
    "error": "error messages of the program",
    "image_file": "generated pictures",
    "image_url": "generated pictures",
}


def recognises(source: Source) -> bool:
    """Return whether a source has a conversation of LibreChat."""
    return json_members.has_member(source, _fits)


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the conversations, each on the path to its newest message.

    Args:
        source: The export, or a folder of exports.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: There is no list of conversations, or one is cut or broken.
    """
    reader = _Reader(clock.zone_of(choices.zone), Assets(source), left_out)
    names = json_members.histories(source, _fits, left_out, LABEL)
    for number, value in json_members.conversations(source, names, left_out, _DEEPEST):
        yield from reader.conversation(value, number)


def _fits(_name: str, head: bytes) -> bool:
    return bool(_CONVERSATION.search(head) and _MESSAGES.search(head) and _OWN_KEY.search(head))


@dataclass
class _Reader:
    """Reads one conversation after another."""

    zone: tzinfo
    assets: Assets
    left_out: LeftOut

    def conversation(self, value: Any, number: int) -> Iterator[Conversation]:
        """Yield a conversation, in parts if it is long."""
        title = title_of(fields.at(value, "title"))
        place = place_of(number, title)
        held = _messages(fields.at(value, "messages") or fields.at(value, "messagesTree"))
        if not held:
            self.left_out.add("conversations without messages", f"{place}, key messages")
            return
        tree = {
            name: Node(parent=parent if parent in held else None, time=moment(message.get("createdAt"), self.zone))
            for name, (parent, message) in held.items()
        }
        leaf = newest_leaf(tree)
        path = path_to(leaf, tree) if leaf is not None else []
        if len(path) < len(held):
            self.left_out.add("messages of branches that were not seen last", place, len(held) - len(path))
        yield from conversation_parts(
            fields.words(fields.at(value, "conversationId")) or place,
            title,
            [draft for name in path if (draft := self._draft(held[name][1], place))],
            began=moment(fields.at(value, "createdAt"), self.zone)
            or moment(fields.at(value, "options", "createdAt"), self.zone),
            place=place,
            left_out=self.left_out,
        )

    def _draft(self, message: dict[str, Any], place: str) -> Draft | None:
        mine = message.get("isCreatedByUser")
        if not isinstance(mine, bool):
            self.left_out.add("messages of unknown form", f"{place}, key isCreatedByUser")
            return None
        if message.get("error") is True:
            self.left_out.add("error messages of the program")
            return None
        time = moment(message.get("createdAt"), self.zone)
        if time is None and message.get("createdAt"):
            self.left_out.add(UNREADABLE_TIMES, f"{place}, key createdAt")
        before = self.left_out.counts.total()
        text = self._words(message, place)
        text = text if mine else without_folds(text)
        pictures = [one for file in fields.listed(message.get("files")) for one in self._file(file, mine=mine, place=place)]
        if not text and not pictures:
            if self.left_out.counts.total() == before:
                self.left_out.add("messages without words", place)
            return None
        return Draft(Role.ME if mine else Role.ASSISTANT, text, time, tuple(pictures))

    def _words(self, message: dict[str, Any], place: str) -> str:
        """Return the words of the parts of a content; of a message without any, its text."""
        parts = fields.listed(message.get("content"))
        texts: list[str] = []
        for part in parts:
            kind = fields.at(part, "type")
            if part is None:
                continue
            if kind == "text":
                text = fields.at(part, "text")
                texts.append(fields.words(fields.at(text, "value") if isinstance(text, dict) else text))
            elif isinstance(kind, str) and kind in _NOT_WORDS:
                self.left_out.add(_NOT_WORDS[kind])
            else:
                self.left_out.add("parts of unknown form", f"{place}, key content")
        if parts:
            return "\n\n".join(filter(None, texts))
        text = message.get("text")
        if text is not None and not isinstance(text, str):
            self.left_out.add("messages of unknown form", f"{place}, key text")
        return fields.words(text)

    def _file(self, file: Any, *, mine: bool, place: str) -> list[Picture]:
        name = fields.words(fields.at(file, "filename"))
        if not (fields.words(fields.at(file, "type")).startswith("image/") or kind_of(name) == "pictures"):
            self.left_out.add(kind_of(name), place)
        elif not mine:
            self.left_out.add("generated pictures")
        elif member := self.assets.find(name) if name else None:
            return [self.assets.picture(member)]
        else:
            self.left_out.add("pictures that are not in the export", place)
        return []


def _messages(value: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the messages by id with the ids of their parents, of a flat list or of trees.

    A message without an id gets its place as its id. A message without a parent follows the one above it in a tree; in a list
    in which nothing names a parent, the one before it.
    """
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    waiting = [(message, "") for message in reversed(fields.listed(value))]
    nested = linked = False
    while waiting:
        message, above = waiting.pop()
        if not isinstance(message, dict):
            message = {}
        name = fields.words(message.get("messageId"))
        if not name or name in found:
            name = f"#{len(found)}"
        parent = fields.words(message.get("parentMessageId"))
        linked = linked or bool(parent)
        found[name] = (above or parent, message)
        children = fields.listed(message.get("children"))
        nested = nested or bool(children)
        waiting += [(child, name) for child in reversed(children)]
    if nested or linked:
        return found
    names = list(found)
    return {name: (names[at - 1] if at else "", found[name][1]) for at, name in enumerate(names)}
