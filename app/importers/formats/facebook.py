"""Reads the messages of Facebook Messenger and of Instagram from their exports as JSON.

What is known of them: a folder for each conversation (`messages/inbox/NAME_ID/message_1.json`, `message_2.json` …, each with
the newest first, and the first file the newest), pictures by paths from the export's root. Exports of encrypted chats (since
2024) are single files `NAME_5.json` beside one folder `media`. Who asked for the export stands only in a file about the
profile, which may be missing: then it is who takes part in all conversations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields, json_members, json_stream, who
from app.importers.conversations import Choices, Conversation, LeftOut, Message, Role
from app.importers.formats.facebook_rows import Row, row_of
from app.importers.heads import nothing_of
from app.importers.mojibake import repaired
from app.importers.parts import in_parts
from app.importers.pictures import Members
from app.importers.sources import Source
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "facebook"
LABEL = "Facebook Messenger or Instagram"

_PART = re.compile(r"(?:^|/)message(?:_(\d+))?\.json$", re.IGNORECASE)
_AS_HTML = re.compile(r"(?:^|/)messages/[^/]+/[^/]+/message_\d+\.html$", re.IGNORECASE)
_NOT_ACCEPTED = re.compile(r"(?:^|/)(?:message_requests|filtered_threads)/[^/]+/[^/]+$")
_PROFILE = re.compile(r"(?:^|/)(?:profile_information|personal_information)\.json$")
_MARKS = (
    (b'"sender_name"', b'"timestamp_ms"'),
    (b'"senderName"', b'"timestamp"', b'"participants"'),
    (b'"participants"', b'"thread_path"'),
)
_TWO = 2


def recognises(source: Source) -> bool:
    """Return whether a source has conversations of Facebook or Instagram, as JSON or as HTML."""
    return any(_AS_HTML.search(name) for name in source.names()) or json_members.has_member(source, _is_conversation)


def _is_conversation(_: str, head: bytes) -> bool:
    return json_members.first_byte(head) == b"{" and any(all(mark in head for mark in marks) for marks in _MARKS)


@dataclass(frozen=True)
class _Thread:
    """A conversation: its files, the newest first, and what they say about it."""

    id: str
    title: str
    participants: tuple[str, ...]
    files: tuple[str, ...]


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the conversations of an export.

    Args:
        source: The export, one folder of it, or one file.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: None of its conversations is whole, it is an export as HTML, or nobody in it has the name that was given.
    """
    zone = clock.zone_of(choices.zone)
    files = _files(source, left_out)
    damaged: list[InvalidInput] = []
    threads = list(_threads(source, files, left_out, damaged))
    me = _me(source, threads, choices.me)
    members = Members(source)
    for thread in threads:
        try:
            rows = _rows(source, thread, zone, members, left_out)
        except InvalidInput as error:
            damaged.append(error)
            left_out.add("damaged files", thread.id)
            continue
        messages = tuple(_messages(rows, me, thread, left_out))
        yield from in_parts(Conversation(thread.id, thread.title, messages, between_people=True))
    if damaged and len(damaged) == len(files):
        raise damaged[0]


def _files(source: Source, left_out: LeftOut) -> dict[str, list[str]]:
    """Return the files of each conversation by its id, the newest file first.

    Raises:
        InvalidInput: It is an export as HTML, or none.
    """
    names = json_members.members(source, _is_conversation, left_out)
    if not names and any(_AS_HTML.search(name) for name in source.names()):
        raise InvalidInput(
            f"{source.name} is an export as HTML, which has no exact times. Ask {LABEL} for it again, with the format JSON."
        )
    if not names:
        raise nothing_of(source, LABEL)
    found: dict[str, list[str]] = {}
    for name in names:
        if _NOT_ACCEPTED.search(name):
            left_out.add("conversations that you did not accept", name)
            continue
        # The parts of one export may lie in several zip files: what they have in common begins at `messages`.
        folder = name.rpartition("/")[0] if _PART.search(name) else name.removesuffix(".json")
        found.setdefault(folder.rpartition("messages/")[2] or name, []).append(name)
    return {id_: sorted(parts, key=_number) for id_, parts in found.items()}


def _number(name: str) -> int:
    match = _PART.search(name)
    return int(match[1]) if match and match[1] else 0


def _threads(source: Source, files: dict[str, list[str]], left_out: LeftOut, damaged: list[InvalidInput]) -> Iterator[_Thread]:
    for id_, names in files.items():
        try:
            participants = [_name(one) for one in _values(source, names[0], "participants.item")]
            title = next((_name(one) for key in ("title", "threadName") for one in _values(source, names[0], key)), "")
        except InvalidInput as error:
            damaged.append(error)
            left_out.add("damaged files", names[0])
            continue
        # Names of encrypted chats end with the number of their file.
        title = re.sub(r"_\d+$", "", title)
        yield _Thread(id_, title, tuple(filter(None, participants)), tuple(names))


def _values(source: Source, name: str, path: str) -> list[Any]:
    with source.open(name) as stream:
        return list(json_stream.items(stream, path))


def _name(value: Any) -> str:
    """Return a name, which stands alone or under the key `name`."""
    name = value if isinstance(value, str) else fields.at(value, "name")
    return fields.words(repaired(name)) if isinstance(name, str) else ""


def _me(source: Source, threads: list[_Thread], given: str) -> str:
    """Return the person's own name in the export; empty if it cannot be told.

    Raises:
        InvalidInput: The name that was given is nobody's.
    """
    senders = Counter(name for thread in threads for name in thread.participants)
    if given:
        return who.me_in(senders, "", given)
    for name in _profile_names(source):
        if name in senders:
            return name
    if len(threads) == 1:
        return who.me_in(senders, threads[0].title, "")
    # The title of a talk of two is the other one's name.
    talks = [thread for thread in threads if len(thread.participants) == _TWO]
    others = Counter(name for thread in talks for name in thread.participants if name != thread.title)
    likely = [name for name, number in others.items() if number == max(others.values())]
    in_all = [name for name, number in senders.items() if number == len(threads)]
    return next((names[0] for names in (likely, in_all) if len(names) == 1), "")


def _profile_names(source: Source) -> Iterator[str]:
    """Yield the names in the files about the person's profile."""
    for name in source.names():
        if not _PROFILE.search(name):
            continue
        try:
            with source.open(name) as stream:
                value = json_stream.whole(stream)
        except InvalidInput:
            continue
        for key in ("profile_v2", "profile"):
            yield _name(fields.at(value, key, "name", "full_name"))
        for one in fields.listed(fields.at(value, "profile_user")):
            # The keys of Instagram's file are words of the person's language.
            entries = fields.at(one, "string_map_data")
            for entry in entries.values() if isinstance(entries, dict) else ():
                yield _name(fields.at(entry, "value"))


def _rows(source: Source, thread: _Thread, zone: tzinfo, members: Members, left_out: LeftOut) -> list[Row]:
    """Return the messages of a conversation, the oldest first."""
    place = f"conversation {thread.title or thread.id!r}"
    found: list[Row] = []
    for name in reversed(thread.files):
        rows = [
            row
            for value in _values_of(source, name)
            if (row := row_of(value, zone, members.picture, left_out, place)) is not None
        ]
        times = [row.time for row in rows if row.time is not None]
        if not times or times[0] >= times[-1]:
            rows.reverse()
        found += rows
    return found


def _values_of(source: Source, name: str) -> Iterator[Any]:
    with source.open(name) as stream:
        yield from json_stream.items(stream, "messages.item")


def _messages(rows: list[Row], me: str, thread: _Thread, left_out: LeftOut) -> list[Message]:
    """Return the messages with their times and roles, in the order of time."""
    timed: list[tuple[datetime, Row]] = []
    for row in rows:
        if row.time is None:
            left_out.add("messages without a time", f"conversation {thread.title or thread.id!r}, key timestamp_ms")
        else:
            timed.append((row.time, row))
    timed.sort(key=lambda one: one[0])
    return [
        Message(time, Role.ME if me and row.sender == me else Role.OTHER, row.text, row.sender, row.pictures)
        for time, row in timed
    ]
