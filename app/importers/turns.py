"""Turns conversations of other programs into lines of an import (pure but for the pictures, which are read when asked for)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.importers.conversations import Conversation, LeftOut, Message, Picture, Role
from memory.core import clock
from memory.core.validation import MAX_IMAGES, MAX_TEXT
from memory.imports.lines import ImportedLine, ImportedPicture
from memory.imports.reasons import EARLIER, EMPTY, NOT_KEPT, ODD_TIMES, OPENINGS, REPLY_PICTURES, UNASKED

_LONGEST_NAME = 80
_FIRST_YEAR, _FIRST_PHOTO_YEAR = 1971, 1826
"""A stamp of 0 is in 1970, or in zones west of Greenwich on the last day of 1969. Scanned photos are older."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class _Turn:
    said: Message
    replies: list[str] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """The number of messages in it."""
        return 1 + len(self.replies)


def can_be_right(time: datetime, *, photo: bool = False) -> bool:
    """Return whether a message may have been written, or a photo taken, at a time: until the end of the next year.

    Other times come from a clock that was never set, a stamp of 0, or a number that is no time.
    """
    # The year in its own zone: near the years 1 and 9999, no other zone has the time.
    first = _FIRST_PHOTO_YEAR if photo and time != _EPOCH else _FIRST_YEAR
    return first <= time.year <= datetime.now(UTC).year + 1


def lines_of(
    conversation: Conversation,
    left_out: LeftOut,
    since: datetime | None = None,
    unkept: Callable[[str], object] | None = None,
) -> Iterator[ImportedLine]:
    """Yield the lines of a conversation. Every message is in one of them, or counted as left out; see `memory.imports.reasons`.

    In a talk between people each message is a line, with its speaker's name before it. Otherwise a message of the person and
    the answers that follow are one line. A text that is longer than a message may be, and pictures beyond those that fit, go on
    in further lines of the same time.

    Args:
        conversation: The conversation.
        left_out: Counts what is left out.
        since: Leave out what is older; None: nothing.
        unkept: Says whether a text must not be kept (anything but None); then its whole message is left out. None: all may.
    """
    for turn in _turns(conversation, left_out):
        said = turn.said
        if not can_be_right(said.time, photo=bool(said.pictures)):
            # Not with strftime, which has no years before 1000 on some systems.
            place = f'conversation "{conversation.title or conversation.id}", {clock.show(said.time)}'
            left_out.add(ODD_TIMES, place, turn.messages)
            continue
        if since is not None and said.time.timestamp() < since.timestamp():
            left_out.add(EARLIER, number=turn.messages)
            continue
        text = _clean(said.text)
        if not text and not said.pictures:
            left_out.add(EMPTY)
            if turn.replies:
                left_out.add(UNASKED, number=len(turn.replies))
            continue
        speaker = _name(said.speaker) if conversation.between_people else ""
        if speaker:
            text = f"{speaker}: {text}".rstrip()
        parts = list(_parts(text, said.pictures))
        if unkept is not None and any(unkept(words) is not None for words, _ in parts):
            left_out.add(NOT_KEPT, number=turn.messages)
            continue
        for number, (words, pictures) in enumerate(parts, start=1):
            yield ImportedLine(
                time=said.time,
                text=words,
                reply="\n\n".join(turn.replies) if number == len(parts) else "",
                conversation=conversation.id,
                speaker=speaker or None,
                by_other=said.role is Role.OTHER,
                pictures=tuple(ImportedPicture(one.name, one.read) for one in pictures),
                has_seconds=conversation.has_seconds,
                messages=turn.messages if number == 1 else 0,
            )


def _turns(conversation: Conversation, left_out: LeftOut) -> Iterator[_Turn]:
    if conversation.between_people:
        yield from map(_Turn, conversation.messages)
        return
    turn: _Turn | None = None
    for message in conversation.messages:
        if message.role is not Role.ASSISTANT:
            if turn is not None:
                yield turn
            turn = _Turn(message)
            continue
        if message.pictures:
            left_out.add(REPLY_PICTURES, number=len(message.pictures))
        if turn is None:
            left_out.add(OPENINGS)
        elif words := _clean(message.text):
            turn.replies.append(words)
        else:
            left_out.add(EMPTY)
    if turn is not None:
        yield turn


def _parts(text: str, pictures: tuple[Picture, ...]) -> Iterator[tuple[str, tuple[Picture, ...]]]:
    texts = list(_divided(text))
    shown = [pictures[start : start + MAX_IMAGES] for start in range(0, len(pictures), MAX_IMAGES)] or [()]
    for number in range(max(len(texts), len(shown))):
        yield texts[number] if number < len(texts) else "", shown[number] if number < len(shown) else ()


def _divided(text: str) -> Iterable[str]:
    """Yield a text in pieces that a message may have, divided at paragraphs, lines or words where possible."""
    while len(text) > MAX_TEXT:
        cut = next((at for mark in ("\n\n", "\n", " ") if (at := text.rfind(mark, MAX_TEXT // 2, MAX_TEXT)) > 0), MAX_TEXT)
        yield text[:cut].strip()
        text = text[cut:].strip()
    yield text


def _clean(text: str) -> str:
    """Return a text as the journal takes it: without half surrogate pairs and NULs, which no store holds."""
    return text.replace("\x00", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace").strip()


def _name(speaker: str) -> str:
    return " ".join(_clean(speaker).split())[:_LONGEST_NAME]
