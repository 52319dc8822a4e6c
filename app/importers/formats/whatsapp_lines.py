"""Divides the lines of a WhatsApp chat into messages, with the senders (pure; streams).

A chat is read twice: first for what only the whole file tells (`Chat`), then for its messages (`entries`).
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import IntEnum
from typing import IO

from app.importers.formats.whatsapp_dates import Dates, Order, day_of
from app.importers.formats.whatsapp_senders import Senders
from app.importers.formats.whatsapp_stamps import Stamp, Style, stamped
from app.importers.formats.whatsapp_system import day_in_name, deleted_by_me

_MARK = "\u200e"
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_WESTERN = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}
"""The letters of bytes that are no UTF-8, which Python's `surrogateescape` keeps as halves of characters."""
_CHUNK = 65_536
_LONGEST_LINE = 200_000
MOST_CHARACTERS = 200_000
"""Most characters of one message that are kept."""
_MOST_DOUBTFUL = 500
_LATE = timedelta(minutes=90)
"""So much later than another a message may stand that was sent earlier: over a clock change, or without a connection."""
_ENOUGH_HEADS = 3


def lines_of(stream: IO[bytes], on_western: Callable[[], None] | None = None) -> Iterator[str]:
    """Yield the lines of a text without their ends; a very long line in pieces.

    Args:
        stream: UTF-8, or UTF-16 with a byte order mark. Bytes that are no UTF-8 are letters of Windows-1252 (Latin-1): programs
            of Windows save texts so.
        on_western: Called when there are such bytes.
    """
    data = stream.read(_CHUNK)
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if utf_16 else "utf-8-sig")("replace" if utf_16 else "surrogateescape")
    rest = ""
    while data:
        text = decoder.decode(data).replace("\x00", "")
        if not text.isascii() and _ESCAPED_BYTE.search(text):
            text = text.translate(_WESTERN)
            if on_western is not None:
                on_western()
        *lines, rest = (rest + text).split("\n")
        yield from (line.removesuffix("\r") for line in lines)
        if len(rest) > _LONGEST_LINE:
            yield rest
            rest = ""
        data = stream.read(_CHUNK)
    if rest:
        yield rest.removesuffix("\r")


def style_of(lines: Iterable[str]) -> Style | None:
    """Return how the first lines of a file write dates and times; None if they are no chat.

    The first line that is not empty begins with a date and a time, or at least three lines do; and one has a sender.
    """
    styles: Counter[Style] = Counter()
    first: Style | None = None
    number, has_sender = 0, False
    for line in lines:
        if not line.strip():
            continue
        number += 1
        found = stamped(line)
        if found is None:
            continue
        stamp, rest = found
        styles[stamp.style] += 1
        first = stamp.style if number == 1 else first
        has_sender = has_sender or Senders().split(rest) is not None
    if not styles or not has_sender or (first is None and styles.total() < _ENOUGH_HEADS):
        return None
    return styles.most_common(1)[0][0]


@dataclass
class Chat:
    """What only the whole of a chat tells.

    Attributes:
        name: The member of the source.
        title: Whom or what the chat is with; empty if no name says it.
        style: How it writes dates and times.
        dates: What its dates say about their order.
        senders: Who wrote.
        mine: The senders whose deleted messages are noted as the person's own.
        is_western: Whether some of its letters are no UTF-8, and are read as Windows-1252.
    """

    name: str
    title: str
    style: Style
    dates: Dates = field(default_factory=Dates)
    senders: Senders = field(default_factory=Senders)
    mine: Counter[str] = field(default_factory=Counter)
    is_western: bool = False

    def note_western(self) -> None:
        """Note that some letters are no UTF-8."""
        self.is_western = True

    def survey(self, lines: Iterable[str]) -> None:
        """Take all lines of the chat, once."""
        for line in lines:
            head = self.head(line)
            if head is None:
                continue
            stamp, rest = head
            self.dates.add(stamp, day_in_name(rest))
            self.senders.add(rest)
            sender = self.senders.split(rest)
            if sender and deleted_by_me(sender[1]):
                self.mine[sender[0]] += 1
        self.senders.finish(self.title)

    def head(self, line: str) -> tuple[Stamp, str] | None:
        """Return the date, the time and what follows, if a line begins as this chat's messages do."""
        found = stamped(line)
        return found if found is not None and found[0].style == self.style else None


class Doubt(IntEnum):
    """Whether a line that looks like the beginning of a message may be a part of the message before it."""

    NONE = 0
    ONCE = 1
    """Its sender occurs only once in the chat."""
    UNNAMED = 2
    """It has no sender: a system line, or a date in a person's words."""


@dataclass
class Entry:
    """A message or a system line.

    Attributes:
        time: The date and time that the phone's clock showed.
        sender: Who wrote it; empty for a system line.
        lines: Its lines.
        doubt: Whether it may be a part of the message before it.
        raw: The line with which it begins, whole.
        cut: How many characters were too many.
    """

    time: datetime
    sender: str
    lines: list[str]
    doubt: Doubt
    raw: str
    cut: int = 0
    _size: int = 0

    def add(self, line: str) -> None:
        """Take a further line."""
        self._size += len(line) + 1
        if self._size > MOST_CHARACTERS:
            self.cut += len(line)
        else:
            self.lines.append(line)


def entries(
    lines: Iterable[str], chat: Chat, order: Order, on_misdated: Callable[[int, bool], None] | None = None
) -> Iterator[Entry]:
    """Yield the messages and system lines of a chat in the order of the file.

    A line that looks like the beginning of a message, but has a sender who occurs nowhere else or none at all, and a time
    before the message above it or after the one below it, is a part of the message above it.

    Args:
        lines: The lines of the file.
        chat: What the whole file tells.
        order: The order of its dates.
        on_misdated: Called for a line that begins as a message, but with a date that does not exist in this order; it stays a
            part of the message above it, for a chat that was pasted into a message begins so. Takes the number of the line, and
            whether the date exists in another order.
    """
    group: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, chat, order)
        if entry is None:
            if on_misdated is not None and (misdated := _misdated(line, chat)) is not None:
                on_misdated(number, misdated)
            if group:
                group[-1].add(line)
        elif entry.doubt == Doubt.NONE or len(group) > _MOST_DOUBTFUL:
            yield from _settled(group, entry if entry.doubt == Doubt.NONE else None)
            group = [entry]
        else:
            group.append(entry)
    yield from _settled(group, None)


def _entry(line: str, chat: Chat, order: Order) -> Entry | None:
    head = chat.head(line)
    if head is None:
        return None
    stamp, rest = head
    day = day_of(stamp.numbers, order)
    if day is None:
        return None
    moment = datetime.combine(day, time(stamp.hour, stamp.minute, stamp.second))
    named = chat.senders.split(rest)
    if named is None:
        doubt = Doubt.NONE if rest.lstrip().startswith(_MARK) else Doubt.UNNAMED
        return Entry(moment, "", [rest], doubt, line)
    sender, text = named
    return Entry(moment, sender, [text], Doubt.ONCE if chat.senders.counts[sender] == 1 else Doubt.NONE, line)


def _misdated(line: str, chat: Chat) -> bool | None:
    """Return of a line that is no entry, but begins as one, whether its date exists in some order; None for other lines."""
    head = chat.head(line)
    if head is None or chat.senders.split(head[1]) is None:
        return None
    return any(day_of(head[0].numbers, other) for other in Order)


def _settled(group: list[Entry], following: Entry | None) -> Iterator[Entry]:
    """Yield the entries of a group that are messages of their own; the others become lines of the one before them.

    Args:
        group: An entry, and the doubtful ones after it.
        following: The entry behind them, if it is not doubtful.
    """
    kept = group
    for level in (Doubt.ONCE, Doubt.UNNAMED):
        kept = _without_strays(kept, following, level)
    accepted = {id(entry) for entry in kept}
    last: Entry | None = None
    for entry in group:
        if last is None or id(entry) in accepted:
            if last is not None:
                yield last
            last = entry
        else:
            for line in (entry.raw, *entry.lines[1:]):
                last.add(line)
            last.cut += entry.cut
    if last is not None:
        yield last


def _without_strays(group: list[Entry], following: Entry | None, level: Doubt) -> list[Entry]:
    """Return a group without the entries of a level of doubt whose time does not fit between the surer ones around them."""
    kept: list[Entry] = []
    before: datetime | None = None
    for place, entry in enumerate(group):
        if entry.doubt != level:
            before = entry.time if entry.doubt < level else before
            kept.append(entry)
            continue
        behind = next(
            (other.time for other in group[place + 1 :] if other.doubt < level), following.time if following else None
        )
        if (before is None or entry.time >= before - _LATE) and (behind is None or entry.time <= behind + _LATE):
            kept.append(entry)
    return kept
