"""Makes conversations of what a format reads: words in the form that is stored, missing times, parts of long ones (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.importers import fields
from app.importers.conversations import Conversation, LeftOut, Message, Picture, Role
from app.importers.parts import in_parts

_MOST_TITLE = 200
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Draft:
    """A message as a format has it.

    Attributes:
        role: Who wrote it.
        text: The words, cleaned by `fields.words`.
        time: When it was written, if the source says so.
        pictures: Its pictures.
    """

    role: Role
    text: str
    time: datetime | None = None
    pictures: tuple[Picture, ...] = ()


def conversation_parts(
    name: str, title: str, drafts: Iterable[Draft], *, began: datetime | None, place: str, left_out: LeftOut
) -> Iterator[Conversation]:
    """Yield a conversation, in parts if it is long; nothing if no message is left.

    A message without a time gets that of the message before it plus a second. The first ones get the conversation's own time,
    or just before the first time that is known if that is earlier.

    Args:
        name: The conversation's id.
        title: Its title.
        drafts: Its messages in the order in which they were last seen.
        began: Its own time, if the source says so.
        place: Its name for the person, for what is left out.
        left_out: Takes messages without a time.
    """
    said = [draft for draft in drafts if draft.text or draft.pictures]
    before = _before_first(said, began)
    messages: list[Message] = []
    for draft in said:
        time = draft.time or (None if before is None else _after(before))
        if time is None:
            left_out.add("messages without a time", place)
            continue
        before = time
        messages.append(Message(time=time, role=draft.role, text=draft.text, pictures=draft.pictures))
    yield from in_parts(Conversation(id=name, title=title, messages=tuple(messages)))


def title_of(value: Any) -> str:
    """Return a title as one line of at most 200 characters; empty for anything but a text."""
    return " ".join(fields.words(value).split())[:_MOST_TITLE]


def place_of(number: int, title: str) -> str:
    """Name a conversation for the person: its number in the source, and its title if it has one."""
    return f'conversation {number} "{title}"' if title else f"conversation {number}"


def _before_first(drafts: list[Draft], began: datetime | None) -> datetime | None:
    """Return the time a second before that of the first message, if it can be told."""
    known = next(((place, one.time) for place, one in enumerate(drafts) if one.time is not None), None)
    if known is None:
        return None if began is None else began - _SECOND
    # In UTC: Python subtracts from a time of a zone as from a wall clock, an hour off across a daylight-saving change.
    earliest = (known[1].astimezone(UTC) - (known[0] + 1) * _SECOND).astimezone(known[1].tzinfo)
    return earliest if began is None else min(began - _SECOND, earliest)


def _after(time: datetime) -> datetime:
    return (time.astimezone(UTC) + _SECOND).astimezone(time.tzinfo)
