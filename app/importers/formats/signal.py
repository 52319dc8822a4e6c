"""Reads Signal's plaintext export: `main.jsonl`, and `files` with the pictures.

What is assumed, from the definition of Signal's backups and the public source of its programs (2025 and 2026): each line is a
frame of a backup in the JSON form of its protocol buffers, the first one says the version. Numbers of 64 bits are texts, bytes
are Base64, keys with default values may be missing. Frames about people and chats stand before the messages that refer to them;
the messages of all chats are mixed, in the order in which they came in. An edited message has its older versions in
`revisions`. An attachment lies in `files/ab/NAME.jpg`; its name is the hash of `plaintextHash` and `localKey`. Texts longer
than a message are attachments too. Disappearing messages are not exported, and if they are, they are left out here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import PurePosixPath
from typing import Any

from app.importers import fields, lines
from app.importers.conversations import Choices, Conversation, LeftOut, Message, Picture, Role
from app.importers.formats.signal_people import People, key_of
from app.importers.heads import head_of, nothing_of
from app.importers.parts import MOST_MESSAGES, in_parts
from app.importers.pictures import Members, is_picture
from app.importers.sources import Source
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "signal"
LABEL = "Signal"

_FRAMES = {"account": "profileKey", "recipient": "id", "chat": "recipientId", "chatItem": "chatId"}
"""The frames that are read, each with a key that it has."""
_FIRST_LINES = 20
_MOST_MEMBERS = 50
_MOST_HELD = 4 * MOST_MESSAGES
"""Most messages of all chats together that are held back until their chat is complete."""
_LONGEST_TEXT = 1_000_000
_NO_WORDS = {
    "stickerMessage": "stickers",
    "remoteDeletedMessage": "deleted messages",
    "adminDeletedMessage": "deleted messages",
    "contactMessage": "contact cards",
    "paymentNotification": "payments",
    "giftBadge": "badges",
    "viewOnceMessage": "messages to be seen once",
    "updateMessage": "system lines",
}
_KINDS = {"video": "videos", "audio": "voice messages without words"}


def recognises(source: Source) -> bool:
    """Return whether a source is Signal's plaintext export."""
    return any(_is_main(head_of(source, name)) for name in _candidates(source)[:_MOST_MEMBERS])


def _candidates(source: Source) -> list[str]:
    names = source.names()
    return names if len(names) == 1 else [name for name in names if name.lower().endswith(".jsonl")]


def _is_main(head: bytes) -> bool:
    found = [value for line in head.splitlines()[:_FIRST_LINES] if isinstance(value := lines.parsed(line), dict)]
    is_info = bool(found) and {"version", "backupTimeMs"} <= found[0].keys()
    return is_info or any(fields.at(value, frame, key) is not None for value in found for frame, key in _FRAMES.items())


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the chats of an export.

    A chat whose messages lie far apart is yielded in parts, between those of others: messages of all chats are mixed.

    Args:
        source: The export, or its `main.jsonl` alone.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: A file cannot be read, or there is no `main.jsonl`.
    """
    zone = clock.zone_of(choices.zone)
    found = [name for name in _candidates(source) if _is_main(head_of(source, name, left_out=left_out))]
    if not found:
        raise nothing_of(source, LABEL)
    for name in found:
        yield from _Export(source, name, zone, left_out).conversations()


class _Export:
    """One `main.jsonl`."""

    def __init__(self, source: Source, name: str, zone: tzinfo, left_out: LeftOut) -> None:
        self._source = source
        self._name = name
        self._zone = zone
        self._left_out = left_out
        self._people = People()
        self._members = Members(source)
        self._files = {PurePosixPath(one).stem.lower(): one for one in source.names()}

    def conversations(self) -> Iterator[Conversation]:
        """Yield the chats as soon as there are enough messages."""
        held: dict[str, list[Message]] = {}
        number_held = 0
        with self._source.open(self._name) as stream:
            for number, frame in lines.objects(stream, self._name, self._left_out):
                item = frame.get("chatItem")
                if self._people.learn(frame) or item is None:
                    continue
                chat = key_of(fields.at(item, "chatId"))
                message = self._message(item, chat, f"line {number}")
                if message is None:
                    continue
                held.setdefault(chat, []).append(message)
                number_held += 1
                if len(held[chat]) >= MOST_MESSAGES or number_held >= _MOST_HELD:
                    longest = max(held, key=lambda one: len(held[one]))
                    number_held -= len(held[longest])
                    yield from self._parts(longest, held.pop(longest))
        for chat, messages in held.items():
            yield from self._parts(chat, messages)

    def _parts(self, chat: str, messages: list[Message]) -> Iterator[Conversation]:
        return in_parts(Conversation(chat, self._people.title(chat), tuple(messages), between_people=True))

    def _message(self, item: Any, chat: str, place: str) -> Message | None:
        author = key_of(fields.at(item, "authorId"))
        if not isinstance(item, dict) or not chat:
            self._left_out.add("messages of no chat", f"{self._name}, {place}, key chatId")
            return None
        if author in self._people.notices:
            self._left_out.add("announcements of Signal")
            return None
        if fields.whole_number(item.get("expiresInMs")):
            self._left_out.add("disappearing messages")
            return None
        content = self._content(item, place)
        if content is None:
            return None
        time = self._time(item)
        if time is None:
            self._left_out.add("messages without a time", f"{self._name}, {place}, key dateSent")
            return None
        is_mine = isinstance(item.get("outgoing"), dict) or bool(author and author == self._people.me)
        role = Role.ME if is_mine else Role.OTHER
        return Message(time, role, content[0], self._people.name(self._people.me if is_mine else author), content[1])

    def _time(self, item: dict[str, Any]) -> datetime | None:
        """Return when a message was said first: an edited one keeps its place."""
        first = next((one for one in fields.listed(item.get("revisions")) if isinstance(one, dict)), item)
        return next((time for one in (first, item) if (time := fields.from_unix(one.get("dateSent"), self._zone))), None)

    def _content(self, item: dict[str, Any], place: str) -> tuple[str, tuple[Picture, ...]] | None:
        """Return the words and pictures of a message; None for one that has neither."""
        for key, reason in _NO_WORDS.items():
            if isinstance(item.get(key), dict):
                is_call = key == "updateMessage" and {"individualCall", "groupCall"} & item[key].keys()
                self._left_out.add("calls" if is_call else reason)
                return None
        standard, story = item.get("standardMessage"), item.get("directStoryReplyMessage")
        message = standard if isinstance(standard, dict) else fields.at(story, "textReply")
        number_left_out = self._left_out.counts.total()
        captions, pictures = self._attachments(fields.at(message, "attachments"))
        text = "\n".join(filter(None, (self._text(message), *captions))) or _poll(item.get("poll"))
        if text or pictures:
            return text, pictures
        if fields.words(fields.at(story, "emoji")):
            self._left_out.add("reactions")
        elif self._left_out.counts.total() == number_left_out:
            self._left_out.add("messages without words", f"{self._name}, {place}, key standardMessage")
        return None

    def _text(self, message: Any) -> str:
        body = self._long_text(fields.at(message, "longText")) or fields.at(message, "text", "body")
        text = body if isinstance(body, str) else ""
        return fields.words(self._people.with_mentions(text, fields.at(message, "text", "bodyRanges")))

    def _long_text(self, pointer: Any) -> str:
        """Return a text that is too long for a message; empty if its file is missing or damaged."""
        name = self._file(pointer)
        if name is None:
            return ""
        try:
            with self._source.open(name) as stream:
                return stream.read(_LONGEST_TEXT).decode("utf-8", "replace")
        except InvalidInput:
            return ""

    def _attachments(self, attachments: Any) -> tuple[list[str], tuple[Picture, ...]]:
        """Return the captions and the pictures; other attachments are counted."""
        captions: list[str] = []
        pictures: list[Picture] = []
        for attachment in fields.listed(attachments):
            pointer = fields.at(attachment, "pointer")
            captions.append(fields.words(fields.at(pointer, "caption")))
            kind = fields.words(fields.at(pointer, "contentType")).partition("/")[0]
            file = self._file(pointer)
            picture = self._members.picture(file) if file is not None and is_picture(file) else None
            if kind == "image" and picture is not None:
                pictures.append(picture)
            elif kind == "image":
                self._left_out.add("pictures that are not in the export")
            else:
                is_animated = fields.at(attachment, "flag") == "GIF"
                self._left_out.add("animated pictures" if is_animated else _KINDS.get(kind, "attached files"))
        return captions, tuple(pictures)

    def _file(self, pointer: Any) -> str | None:
        """Return the member in which an attachment is stored."""
        locator = fields.at(pointer, "locatorInfo")
        try:
            plain = base64.b64decode(fields.words(fields.at(locator, "plaintextHash")), validate=True)
            key = base64.b64decode(fields.words(fields.at(locator, "localKey")), validate=True)
        except ValueError:
            return None
        return self._files.get(hashlib.sha256(plain + key).hexdigest()) if plain and key else None


def _poll(poll: Any) -> str:
    """Return the question of a poll and what could be chosen."""
    options = (fields.words(fields.at(option, "option")) for option in fields.listed(fields.at(poll, "options")))
    return "\n".join(
        filter(None, (fields.words(fields.at(poll, "question")), *(f"- {option}" for option in options if option)))
    )
