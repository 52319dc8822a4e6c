"""Turns conversations of other programs into lines of an import (pure but for the pictures, which are read when asked for)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.importers.conversations import Conversation, LeftOut, Message, Picture, Role
from memory.core.validation import MAX_IMAGES, MAX_TEXT
from memory.imports.lines import ImportedLine, ImportedPicture

_LONGEST_NAME = 80
OPENINGS = "replies before the first message of yours"
EMPTY = "messages without words or pictures"
EARLIER = "messages before the day that you named"


@dataclass
class _Turn:
    said: Message
    replies: list[str]


def lines_of(conversation: Conversation, left_out: LeftOut, since: datetime | None = None) -> Iterator[ImportedLine]:
    """Yield the lines of a conversation.

    In a talk between people each message is a line, with its speaker's name before it. Otherwise a message of the person and
    the answers that follow are one line. A text that is longer than a message may be, and pictures beyond those that fit, go on
    in further lines of the same time.

    Args:
        conversation: The conversation.
        left_out: Counts what is left out.
        since: Leave out what is older; None: nothing.
    """
    for turn in _turns(conversation, left_out):
        said = turn.said
        if since is not None and said.time.timestamp() < since.timestamp():
            left_out.add(EARLIER)
            continue
        text = _clean(said.text)
        if not text and not said.pictures:
            left_out.add(EMPTY)
            continue
        speaker = _name(said.speaker) if conversation.between_people else ""
        if speaker:
            text = f"{speaker}: {text}".rstrip()
        reply = "\n\n".join(filter(None, map(_clean, turn.replies)))
        parts = list(_parts(text, said.pictures))
        for number, (words, pictures) in enumerate(parts, start=1):
            yield ImportedLine(
                time=said.time,
                text=words,
                reply=reply if number == len(parts) else "",
                conversation=conversation.id,
                speaker=speaker or None,
                by_other=said.role is Role.OTHER,
                pictures=tuple(ImportedPicture(one.name, one.read) for one in pictures),
                has_seconds=conversation.has_seconds,
            )


def _turns(conversation: Conversation, left_out: LeftOut) -> Iterator[_Turn]:
    if conversation.between_people:
        yield from (_Turn(message, []) for message in conversation.messages)
        return
    turn: _Turn | None = None
    for message in conversation.messages:
        if message.role is not Role.ASSISTANT:
            if turn is not None:
                yield turn
            turn = _Turn(message, [])
        elif turn is None:
            left_out.add(OPENINGS)
        else:
            turn.replies.append(message.text)
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
