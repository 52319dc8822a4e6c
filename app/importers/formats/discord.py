"""Reads Discord's data package: the person's own messages, a folder for each channel.

What is known of it: `messages/c123/messages.json` (`ID`, `Timestamp`, `Contents`, `Attachments`), in older packages
`messages.csv` with the same columns and folders without the `c`. `channel.json` beside it says which channel it is, and
`index.json` above it has a name for each. The folder of all channels has another name in other languages and in newer packages,
so nothing depends on it. Times are in UTC, with or without an offset. What others said is not in the package.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import IO, Any

from app.importers import fields, json_stream
from app.importers.conversations import Choices, Conversation, LeftOut, Message, Role
from app.importers.heads import head_of, nothing_of
from app.importers.parts import in_parts
from app.importers.pictures import is_picture
from app.importers.sources import Source
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "discord"
LABEL = "Discord"

_MESSAGES = re.compile(r"(?:^|/)messages\.(?:json|csv)$", re.IGNORECASE)
_CHANNEL_FOLDER = re.compile(r"^[Cc]?(\d{5,})$")
_KEYS = (b'"ID"', b'"Timestamp"', b'"Contents"')
_COLUMNS = (b"ID,Timestamp,Contents", b'"ID","Timestamp","Contents"')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEAD = 4_096
_MOST_MEMBERS = 50
"""Most members that are looked into before a source counts as something else."""
_NO_NUMBER = "#0"
"""What stands after the names of accounts since Discord gave up their numbers."""
_FIRST_ID_TIME = 1_420_070_400_000
"""The milliseconds since 1970 at which the times within Discord's ids begin."""
_ID_TIME_BITS = 22
_LONGEST_ID = 2**63


def recognises(source: Source) -> bool:
    """Return whether a source is Discord's package, or a channel of it."""
    return any(_is_messages(head_of(source, name, _HEAD)) for name in _candidates(source)[:_MOST_MEMBERS])


def _candidates(source: Source) -> list[str]:
    """Return the members that may be messages of a channel; a file alone may have any name."""
    names = source.names()
    return names if len(names) == 1 else [name for name in names if _MESSAGES.search(name)]


def _is_messages(head: bytes) -> bool:
    return _is_csv(head) or (
        head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"[") and all(key in head for key in _KEYS)
    )


def _is_csv(head: bytes) -> bool:
    return head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(_COLUMNS)


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield a conversation for each channel, with the person's own messages.

    Args:
        source: The package, one folder of it, or one file of messages.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: None of its files of messages is whole, or there is none.
    """
    zone = clock.zone_of(choices.zone)
    found = _candidates(source)
    titles = _Titles(source)
    damaged: list[InvalidInput] = []
    for name in found:
        channel, title = titles.of(name)
        try:
            messages = _messages(source, name, title or channel, zone, left_out)
        except InvalidInput as error:
            damaged.append(error)
            left_out.add("damaged files", name)
            continue
        yield from in_parts(Conversation(channel, title, tuple(messages), between_people=True))
    if len(damaged) == len(found):
        raise damaged[0] if damaged else nothing_of(source, LABEL)


class _Titles:
    """The names of channels: from the package's index, else from the channel's own file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = frozenset(source.names())
        self._indexes: dict[str, Any] = {}

    def of(self, name: str) -> tuple[str, str]:
        """Return the id and the title of the channel whose messages are in a member."""
        folder = name.rpartition("/")[0]
        above, _, last = folder.rpartition("/")
        match = _CHANNEL_FOLDER.match(last)
        channel = self._document(f"{folder}/channel.json" if folder else "channel.json")
        id_ = match[1] if match else _id_text(fields.at(channel, "id")) or folder or name
        if above not in self._indexes:
            self._indexes[above] = self._document(f"{above}/index.json" if above else "index.json")
        title = fields.words(fields.at(self._indexes[above], id_))
        return id_, title.removesuffix(_NO_NUMBER) or _title(channel)

    def _document(self, name: str) -> Any:
        """Return a small JSON file; None if it is missing or damaged, since a channel needs no name to be read."""
        if name not in self._names:
            return None
        try:
            with self._source.open(name) as stream:
                return json_stream.whole(stream)
        except InvalidInput:
            return None


def _id_text(value: Any) -> str:
    number = fields.whole_number(value)
    return fields.words(value) if number is None else str(number)


def _title(channel: Any) -> str:
    name, guild = fields.words(fields.at(channel, "name")), fields.words(fields.at(channel, "guild", "name"))
    return f"{name} in {guild}" if name and guild else name or guild


def _messages(source: Source, name: str, place: str, zone: tzinfo, left_out: LeftOut) -> list[Message]:
    """Return the messages of a channel in the order of time; packages have the newest first."""
    is_csv = _is_csv(head_of(source, name, _HEAD))
    with source.open(name) as stream:
        rows = _csv_rows(stream, name) if is_csv else json_stream.items(stream, "item")
        messages = [message for row in rows if (message := _message(row, place, zone, left_out)) is not None]
    if len(messages) > 1 and messages[0].time > messages[-1].time:
        messages.reverse()
    messages.sort(key=lambda message: message.time)
    return messages


def _csv_rows(stream: IO[bytes], name: str) -> Iterator[Any]:
    """Yield the rows of a CSV file.

    Raises:
        InvalidInput: The file is not CSV.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    try:
        yield from csv.DictReader(text)
    except csv.Error as error:
        raise InvalidInput(f"{name} is damaged ({error}). Ask Discord for the package again, or leave the file out.") from error
    finally:
        text.detach()


def _message(row: Any, place: str, zone: tzinfo, left_out: LeftOut) -> Message | None:
    """Return the message of a row; None if it has no words or no time."""
    if not isinstance(row, dict):
        left_out.add("damaged messages", f"channel {place!r}")
        return None
    text = fields.words(fields.at(row, "Contents"))
    attachments = fields.words(fields.at(row, "Attachments")).split()
    # The package has addresses alone; the files are on Discord's servers.
    for address in attachments:
        left_out.add("pictures that are not in the package" if is_picture(address.partition("?")[0]) else "attached files")
    if not text:
        if not attachments:
            left_out.add("messages without words", f"channel {place!r}, key Contents")
        return None
    time = fields.from_text(fields.at(row, "Timestamp"), zone, unmarked=UTC) or _time_of_id(fields.at(row, "ID"), zone)
    if time is None:
        left_out.add("messages without a time", f"channel {place!r}, key Timestamp")
        return None
    return Message(time, Role.ME, text)


def _time_of_id(value: Any, zone: tzinfo) -> datetime | None:
    """Return the time at which Discord gave out an id: each id holds one."""
    number = fields.whole_number(value)
    if number is None or not 2**_ID_TIME_BITS <= number < _LONGEST_ID:
        return None
    return fields.from_unix((number >> _ID_TIME_BITS) + _FIRST_ID_TIME, zone)
