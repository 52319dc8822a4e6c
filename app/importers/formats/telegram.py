"""Reads what Telegram Desktop exported as JSON: `result.json` of all chats, or of one.

Who is the person: in an export of everything the account that was exported; in a talk of two the one who is not the other; in
saved messages the writer. A forwarded message has another person's words: the speaker is who said it first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from app.importers import json_stream
from app.importers.conversations import Choices, Conversation, LeftOut, Message, Picture, Role
from app.importers.fields import at, from_text, from_unix, listed, whole_number, words
from app.importers.heads import damage
from app.importers.json_members import has_member, members
from app.importers.parts import MOST_MESSAGES, in_parts
from app.importers.pictures import Members, is_picture
from app.importers.sources import Source
from app.importers.utf8 import as_utf8
from app.importers.who import me_in
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "telegram"
LABEL = "Telegram"

_CHAT = re.compile(
    r'"type"\s*:\s*"(?:personal_chat|bot_chat|saved_messages|replies|verification_codes'
    r'|(?:private|public)_(?:group|supergroup|channel))"'
)
_MESSAGES = re.compile(r'"messages"\s*:\s*\[')
_CHATS = re.compile(r'"(?:left_)?chats"\s*:\s*\{')
_ABOUT = re.compile(r'"about"\s*:\s*"[^"]*Telegram|"personal_information"\s*:\s*\{')
_PERSONAL = re.compile(r'"personal_information"\s*:')
_LISTS = ("chats.list.item", "left_chats.list.item")
_PAGES = re.compile(r"(?:^|/)(?:messages\d*|export_results)\.html$")
_MOST_PAGES = 20
_OF_TWO = {"personal_chat", "bot_chat"}
_KINDS = {
    "sticker": "stickers",
    "animation": "animations",
    "voice_message": "voice messages without words",
    "video_message": "videos",
    "video_file": "videos",
    "audio_file": "audio files",
}


def recognises(source: Source) -> bool:
    """Return whether the source has an export of Telegram, as JSON or as pages."""
    return has_member(source, _fits) or _has_pages(source)


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the chats of an export, each in parts of at most 5,000 messages.

    Args:
        source: The source.
        choices: The person's zone and name. All times have their instant; the zone is the one in which they are shown.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: The export is pages instead of JSON, its JSON is broken, or nobody has the person's name.
    """
    names = members(source, _fits, left_out)
    if not names:
        has_pages = _has_pages(source)
        what = "is an export of Telegram as pages" if has_pages else "has no export of Telegram"
        raise (None if has_pages else damage(source)) or InvalidInput(
            f"{source.name!r} {what}. Export again in Telegram Desktop, under Settings, Advanced, Export Telegram data, with"
            ' the format "Machine-readable JSON".'
        )
    me = _given(source, names, choices.me) if choices.me else ""
    for name in names:
        reader = _Reader(source, name, clock.zone_of(choices.zone), left_out, me)
        yield from reader.conversations()


def _fits(_name: str, head: bytes) -> bool:
    text = head.decode("utf-8", "replace")
    return bool(_ABOUT.search(text) or (_CHAT.search(text) and _MESSAGES.search(text)))


def _has_pages(source: Source) -> bool:
    for name in [name for name in source.names() if _PAGES.search(name)][:_MOST_PAGES]:
        try:
            head = source.head(name)
        except InvalidInput:
            continue
        if b"page_wrap" in head or b"Telegram" in head:
            return True
    return False


def _given(source: Source, names: list[str], given: str) -> str:
    """Return the sender with the person's name.

    Raises:
        InvalidInput: Nobody has it.
    """
    senders: Counter[str] = Counter()
    for name in names:
        for chat in _chats(source, name):
            senders.update(sender for message in listed(chat.get("messages")) if (sender := words(at(message, "from"))))
    return me_in(senders, "", given)


def _chats(source: Source, name: str) -> Iterator[dict[str, Any]]:
    """Yield the chats of a file, long ones in parts."""
    text = as_utf8(source.head(name)).decode("utf-8", "replace")
    messages, chats = _MESSAGES.search(text), _CHATS.search(text)
    single = messages is not None and (chats is None or messages.start() < chats.start())
    for path in ("",) if single else _LISTS:
        with source.open(name) as stream:
            for value in json_stream.items(stream, path, divided="messages", most=MOST_MESSAGES):
                chat = value.known if isinstance(value, json_stream.TooDeep) else value
                yield chat if isinstance(chat, dict) else {}


@dataclass
class _Chat:
    """A chat as its own keys describe it."""

    id: str
    title: str
    kind: str
    number: int | None


class _Reader:
    """Turns the chats of one file into conversations."""

    def __init__(self, source: Source, name: str, zone: tzinfo, left_out: LeftOut, me: str) -> None:
        self._source, self._name, self._zone, self._left_out, self._me = source, name, zone, left_out, me
        self._members = Members(source)
        self._folder = name.rpartition("/")[0]
        self._account, self._account_name = self._owner()

    def conversations(self) -> Iterator[Conversation]:
        """Yield the chats of the file."""
        chat: _Chat | None = None
        last: Any = None
        count = 0
        for value in _chats(self._source, self._name):
            own = [value.get(key) for key in ("id", "name", "type")]
            if chat is None or own != last:
                count += 1
                chat, last = self._chat(value, count), own
            messages = value.get("messages")
            if not isinstance(messages, list):
                self._left_out.add("chats without messages", f'chat {count} "{chat.title}", key messages')
            found = tuple(message for one in listed(messages) if (message := self._message(chat, one)) is not None)
            yield from in_parts(Conversation(chat.id, chat.title, found, between_people=True))
        if not count:
            self._left_out.add("files without chats", self._name)

    def _owner(self) -> tuple[int | None, str]:
        """Return the number and the name of the account that was exported, if the file says it."""
        if not _PERSONAL.search(as_utf8(self._source.head(self._name)).decode("utf-8", "replace")):
            return None, ""
        with self._source.open(self._name) as stream:
            person = next(json_stream.items(stream, "personal_information"), None)
        names = (words(at(person, "first_name")), words(at(person, "last_name")))
        return whole_number(at(person, "user_id")), " ".join(name for name in names if name)

    def _chat(self, value: dict[str, Any], count: int) -> _Chat:
        kind, number = words(value.get("type")), whole_number(value.get("id"))
        title = words(value.get("name")) or ("Saved Messages" if kind == "saved_messages" else "")
        return _Chat(f"{number}" if number is not None else f"{self._name} {count}", title, kind, number)

    def _message(self, chat: _Chat, value: Any) -> Message | None:
        """Return a message; None if nothing is left of it, or it has no time."""
        known = value.known if isinstance(value, json_stream.TooDeep) else value
        place = f'chat "{chat.title or chat.id}", message {at(known, "id")}'
        if known is not value:
            self._left_out.add("messages nested too deep", place)
            return None
        if not isinstance(value, dict):
            self._left_out.add("messages that are none", place)
            return None
        time = from_unix(value.get("date_unixtime"), self._zone, per_second=1) or from_text(value.get("date"), self._zone)
        if value.get("type") == "service":
            self._left_out.add("service messages")
            return None
        if time is None:
            self._left_out.add("messages without a time", f"{place}, keys date_unixtime and date")
            return None
        text = "\n".join(part for part in (self._text(value, place), _poll(value.get("poll")), self._place(value)) if part)
        pictures = self._pictures(value, place)
        if not text and not pictures:
            if not _has_more(value):
                self._left_out.add("empty messages", place)
            return None
        role, speaker = self._who(chat, value)
        return Message(time, role, text, speaker, pictures)

    def _text(self, value: dict[str, Any], place: str) -> str:
        text = value.get("text")
        if text not in (None, "", []) and not isinstance(text, str | list | dict):
            self._left_out.add("texts that are none", f"{place}, key text")
        return _plain(text) or _plain(value.get("text_entities"))

    def _place(self, value: dict[str, Any]) -> str:
        if "location_information" not in value:
            return ""
        named = ", ".join(part for part in (words(value.get("place_name")), words(value.get("address"))) if part)
        if not named:
            self._left_out.add("locations")
        return named

    def _who(self, chat: _Chat, value: dict[str, Any]) -> tuple[Role, str]:
        """Return who said a message first, and the name."""
        name = words(value.get("from"))
        if "forwarded_from" in value:
            first = words(value["forwarded_from"])
            mine = bool(first) and first == (self._me or self._account_name)
            return Role.ME if mine else Role.OTHER, first
        if self._me:
            return Role.ME if name == self._me else Role.OTHER, name
        return Role.ME if self._is_mine(chat, _number(value.get("from_id")), name) else Role.OTHER, name

    def _is_mine(self, chat: _Chat, sender: int | None, name: str) -> bool:
        if chat.kind == "saved_messages":
            return True
        if self._account is not None and sender is not None:
            return sender == self._account
        if chat.kind not in _OF_TWO:
            return False
        if sender is not None and chat.number is not None:
            return sender != chat.number
        return bool(name and chat.title) and name != chat.title

    def _pictures(self, value: dict[str, Any], place: str) -> tuple[Picture, ...]:
        """Return the picture of a message; count a file of another kind."""
        path = words(value.get("photo"))
        file = words(value.get("file"))
        kind = words(value.get("media_type"))
        if not path and not kind and is_picture(file) and words(value.get("mime_type")).startswith("image/"):
            path, file = file, ""
        if path:
            picture = self._members.picture(f"{self._folder}/{path}" if self._folder else path) if is_picture(path) else None
            if picture is not None:
                return (picture,)
            self._left_out.add("pictures that are not in the export", f"{place}, key photo")
        elif file or kind:
            self._left_out.add(_KINDS.get(kind, "documents"))
        if "contact_information" in value:
            self._left_out.add("contact cards")
        return ()


def _plain(text: Any) -> str:
    """Return the words of a text: a string, an object for a link, a mention or a style, or a list of both."""
    text = [text] if isinstance(text, dict) else text
    if isinstance(text, list):
        # Not stripped one by one: the spaces between words and links are theirs.
        text = "".join(part for one in text if isinstance(part := at(one, "text") if isinstance(one, dict) else one, str))
    return words(text)


def _poll(poll: Any) -> str:
    """Return the question of a poll, and its answers below it."""
    question = _plain(at(poll, "question"))
    answers = [_plain(at(answer, "text")) for answer in listed(at(poll, "answers"))]
    return "\n".join([question, *(f"- {answer}" for answer in answers if answer)]) if question else ""


def _has_more(value: dict[str, Any]) -> bool:
    """Return whether a message without words has something that was counted."""
    return any(value.get(key) for key in ("photo", "file", "media_type", "location_information", "contact_information"))


def _number(sender: Any) -> int | None:
    """Return the number of an account: `user123`, before 2021 a number alone. A channel is no account."""
    return whole_number(sender.removeprefix("user") if isinstance(sender, str) else sender)
