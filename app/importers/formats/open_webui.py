"""Reads Open WebUI's export of chats: all of them, or a single one.

What is known of it: a list of rows with a `chat`, whose `history.messages` has every message by id, with `parentId`, and whose
`currentId` is the message that was seen last. `chat.messages` is that path, all that the oldest exports have. Times are in
seconds. Pictures are data URLs, or in newer versions ids of files that are not in the export. What a model thought is folded
into its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from app.importers import fields, json_members
from app.importers.assembly import Draft, conversation_parts, place_of, title_of
from app.importers.assets import inline_picture, kind_of
from app.importers.conversations import Choices, Conversation, LeftOut, Picture, Role
from app.importers.model_talk import without_folds, without_inline_pictures
from app.importers.paths import Node, newest_leaf, path_to
from app.importers.sources import Source
from app.importers.stamps import UNREADABLE_TIMES, moment
from memory.core import clock

NAME = "open-webui"
LABEL = "Open WebUI"

_CHAT = re.compile(rb'"chat"\s*:\s*\{')
_INSIDE = re.compile(rb'"(?:history|messages|childrenIds|currentId)"\s*:')
_ROLES = {"user": Role.ME, "assistant": Role.ASSISTANT}


def recognises(source: Source) -> bool:
    """Return whether a source has chats of Open WebUI."""
    return json_members.has_member(source, _fits)


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the chats, each on the path that was seen last.

    Args:
        source: The export.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: There is no list of conversations, or one is cut or broken.
    """
    reader = _Reader(clock.zone_of(choices.zone), left_out)
    names = json_members.histories(source, _fits, left_out, LABEL)
    for number, value in json_members.conversations(source, names, left_out):
        yield from reader.conversation(value, number)


def _fits(_name: str, head: bytes) -> bool:
    chat = _CHAT.search(head)
    return bool(chat and _INSIDE.search(head, chat.end()))


@dataclass
class _Reader:
    """Reads one chat after another."""

    zone: tzinfo
    left_out: LeftOut

    def conversation(self, value: Any, number: int) -> Iterator[Conversation]:
        """Yield a chat, in parts if it is long."""
        chat = fields.at(value, "chat")
        title = title_of(fields.at(value, "title")) or title_of(fields.at(chat, "title"))
        place = place_of(number, title)
        if not isinstance(chat, dict):
            self.left_out.add("conversations of unknown form", f"{place}, key chat")
            return
        messages = self._last_seen(chat, place)
        if not messages:
            self.left_out.add("conversations without messages", place)
            return
        yield from conversation_parts(
            fields.words(value.get("id")) or fields.words(chat.get("id")) or place,
            title,
            [draft for message in messages if (draft := self._draft(message, place))],
            began=moment(value.get("created_at"), self.zone) or moment(chat.get("timestamp"), self.zone),
            place=place,
            left_out=self.left_out,
        )

    def _last_seen(self, chat: dict[str, Any], place: str) -> list[Any]:
        """Return the messages on the path to the current one; of a chat without a history, its flat list."""
        held = fields.at(chat, "history", "messages")
        if not isinstance(held, dict) or not held:
            return fields.listed(chat.get("messages"))
        tree = {
            name: Node(
                parent=parent if isinstance(parent := fields.at(message, "parentId"), str) else None,
                time=moment(fields.at(message, "timestamp"), self.zone),
            )
            for name, message in held.items()
        }
        current = fields.at(chat, "history", "currentId")
        leaf = current if isinstance(current, str) and current in tree else newest_leaf(tree)
        path = path_to(leaf, tree) if leaf is not None else []
        if len(path) < len(held):
            self.left_out.add("messages of branches that were not seen last", place, len(held) - len(path))
        return [held[name] for name in path]

    def _draft(self, message: Any, place: str) -> Draft | None:
        named = fields.at(message, "role")
        if named in ("system", "tool"):
            self.left_out.add("messages of the program")
            return None
        role = _ROLES.get(named) if isinstance(named, str) else None
        if role is None:
            self.left_out.add("messages of unknown form", f"{place}, key role")
            return None
        time = moment(message.get("timestamp"), self.zone)
        if time is None and message.get("timestamp"):
            self.left_out.add(UNREADABLE_TIMES, f"{place}, key timestamp")
        before = self.left_out.counts.total()
        text, pictures = self._content(message.get("content"), place)
        pictures += [one for file in fields.listed(message.get("files")) for one in self._file(file, place)]
        text, inline = without_inline_pictures(without_folds(text) if role is Role.ASSISTANT else text)
        if role is Role.ASSISTANT:
            inline, pictures = inline + len(pictures), []
        if inline:
            self.left_out.add("pictures inside of a text" if role is Role.ME else "generated pictures", number=inline)
        text = fields.words(text)
        if text or pictures:
            return Draft(role, text, time, tuple(pictures))
        if message.get("error"):
            self.left_out.add("error messages of the program")
        elif self.left_out.counts.total() == before:
            self.left_out.add("messages without words", place)
        return None

    def _content(self, content: Any, place: str) -> tuple[str, list[Picture]]:
        """Return the words and the pictures of a content: a text, or a list of parts as in calls of a model."""
        if isinstance(content, str):
            return content, []
        if content is not None and not isinstance(content, list):
            self.left_out.add("messages of unknown form", f"{place}, key content")
        texts: list[str] = []
        pictures: list[Picture] = []
        for part in fields.listed(content):
            if isinstance(text := fields.at(part, "text"), str):
                texts.append(text)
            elif (url := fields.at(part, "image_url", "url")) is not None:
                pictures += self._picture(url, "picture", place)
            else:
                self.left_out.add("parts of unknown form", f"{place}, key content")
        return "\n".join(texts), pictures

    def _file(self, file: Any, place: str) -> list[Picture]:
        name = fields.words(fields.at(file, "name"))
        kind = fields.words(fields.at(file, "content_type"))
        if fields.at(file, "type") == "image" or kind.startswith("image/"):
            return self._picture(fields.at(file, "url"), name or "picture", place)
        self.left_out.add(kind_of(name), place)
        return []

    def _picture(self, url: Any, name: str, place: str) -> list[Picture]:
        picture = inline_picture(url, name) if isinstance(url, str) else None
        if picture is None:
            self.left_out.add("pictures that are not in the export", place)
            return []
        return [picture]
