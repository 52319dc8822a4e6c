"""Reads chats that WhatsApp exported ("Export chat"): a text, alone or in a zip file or folder with its pictures.

The text differs by phone and language: `whatsapp_stamps` reads its dates, `whatsapp_dates` decides their order by the whole
file, `whatsapp_lines` finds where messages begin, `whatsapp_system` tells words from what WhatsApp wrote. Times have no zone:
they are those of `Choices.zone`. Which order the dates were taken in, and why, is a note among the places of `LeftOut`.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from app.importers.conversations import Choices, Conversation, LeftOut, Message, Picture, Role
from app.importers.formats.whatsapp_dates import AmbiguousDates, Decided
from app.importers.formats.whatsapp_lines import MOST_CHARACTERS, Chat, Entry, entries, lines_of, style_of
from app.importers.formats.whatsapp_stamps import Style
from app.importers.formats.whatsapp_system import PICTURES, SYSTEM_LINES, content_of, kind_of
from app.importers.heads import damage
from app.importers.parts import MOST_MESSAGES
from app.importers.pictures import Members
from app.importers.sources import Source
from app.importers.who import me_in
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "whatsapp"
LABEL = "WhatsApp"

OTHER_ORDER = "lines that look like messages with another date order, kept as text of the message before"
NO_SUCH_DAY = "lines that look like messages of a day that does not exist, kept as text of the message before"

_MOST_TEXTS = 2_000
"""Most text files of a source that are looked into."""
_OPENING = 5
"""Lines at the beginning of a chat among which the note on encryption stands."""
_MOST_NOTES = 20
_LETTER = "[A-Za-z\u00c0-\u04ff]"
"""A letter of those scripts that write spaces between words and names."""
_TWO = 2
_YOU = "You"
"""How old exports call the person."""
_PREPOSITIONS = "with|mit|met|med|con|com|avec|amb|dengan|cu|z|s|с|з|із|-|–"
_TITLE = re.compile(rf"whats\s?app\b.*?\s(?:{_PREPOSITIONS})\s+(?:контактом\s+|kontaktem\s+)?(?P<name>.+)", re.IGNORECASE)
_TITLE_BEFORE = re.compile(r"(?P<name>.+?)\s+ile\s+whatsapp\b.*|[与與](?P<name2>.+?)的\s?whatsapp.*", re.IGNORECASE)
_ENDINGS = re.compile(r"(?:\.(?:zip|txt))+$|\s?\(\d{1,3}\)$", re.IGNORECASE)


def recognises(source: Source) -> bool:
    """Return whether a text of the source begins as a chat of WhatsApp does."""
    return next(_chats(source, LeftOut()), None) is not None


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the chats of a source, each in parts of at most 5,000 messages.

    Args:
        source: The source.
        choices: The person's zone, name, and order of dates.
        left_out: Counts what is left out.

    Raises:
        AmbiguousDates: Nothing in a chat decides whether its dates have the day or the month first.
        InvalidInput: There is no chat, its dates do not exist, or nobody has the person's name.
    """
    chats = list(_chats(source, left_out))
    if not chats:
        raise damage(source) or InvalidInput(
            f"{source.name!r} has no chat of WhatsApp: no text in it begins with a date, a time and a name. Give the file that"
            ' "Export chat" made.'
        )
    for chat in chats:
        with source.open(chat.name) as stream:
            chat.survey(lines_of(stream, chat.note_western))
    orders = _orders(chats, choices)
    names = _own_names(source, chats, choices)
    reader = _Reader(source, clock.zone_of(choices.zone), left_out)
    notes = [
        f"{chat.name!r}: its dates are read {one.order}, because {one.why}" for chat, one in zip(chats, orders, strict=True)
    ]
    notes += [
        f"{chat.name!r}: letters that are no UTF-8 are read as Windows-1252 (Latin-1)" for chat in chats if chat.is_western
    ]
    left_out.places += notes[:_MOST_NOTES]
    for chat, decided, me in zip(chats, orders, names, strict=True):
        yield from reader.conversations(chat, decided, me)


def _chats(source: Source, left_out: LeftOut) -> Iterator[Chat]:
    names = source.names()
    texts = [name for name in names if name.lower().endswith(".txt")] or (names if len(names) == 1 else [])
    for name in texts[:_MOST_TEXTS]:
        try:
            head = source.head(name)
        except InvalidInput as error:
            left_out.add("files that cannot be read", f"{name} ({error.message})")
            continue
        style = style_of(lines_of(io.BytesIO(head)))
        if style is not None:
            yield Chat(name, _title(source, name), style)


def _title(source: Source, member: str) -> str:
    """Return whom or what a chat is with, as the name of its file, its folder or the source says; empty if none says it."""
    for written in (*reversed(member.split("/")), source.name):
        name = written
        while (shorter := _ENDINGS.sub("", name)) != name:
            name = shorter
        if " " not in name:
            name = name.replace("_", " ")
        match = _TITLE.search(name) or _TITLE_BEFORE.fullmatch(name)
        if match is not None:
            return next(found for found in match.groups() if found).strip()
    return ""


def _orders(chats: list[Chat], choices: Choices) -> list[Decided]:
    """Return the order of each chat's dates. Where nothing in a chat decides, the other chats of the same phone do.

    Raises:
        AmbiguousDates: Nothing decides.
    """
    found: dict[int, Decided] = {}
    undecided: dict[int, AmbiguousDates] = {}
    by_style: dict[Style, set[Decided]] = {}
    for place, chat in enumerate(chats):
        try:
            found[place] = chat.dates.decide(chat.name, choices.day_first)
        except AmbiguousDates as error:
            undecided[place] = error
        else:
            by_style.setdefault(chat.style, set()).add(Decided(found[place].order, "the other chats here have them so"))
    for place, ambiguous in undecided.items():
        others = by_style.get(chats[place].style, set())
        if len(others) != 1:
            raise ambiguous
        found[place] = next(iter(others))
    return [found[place] for place in range(len(chats))]


def _own_names(source: Source, chats: list[Chat], choices: Choices) -> list[str]:
    """Return the person's own name in each chat; empty where nothing says it.

    Raises:
        InvalidInput: The person gave a name that nobody has.
    """
    if choices.me:
        everyone: Counter[str] = sum((chat.senders.counts for chat in chats), Counter())
        return [me_in(everyone, "", choices.me)] * len(chats)
    found = [_own_name(source, chat) for chat in chats]
    known = {name for name in found if name}
    # A name that is the person's in one chat is so in the others that were exported with it.
    only = next(iter(known)) if len(known) == 1 else ""
    return [name or (only if only in chat.senders.counts else "") for name, chat in zip(found, chats, strict=True)]


def _own_name(source: Source, chat: Chat) -> str:
    """Return the person's own name in a chat: who deleted messages, "You", or who is not whom the chat is named after."""
    if chat.mine:
        return chat.mine.most_common(1)[0][0]
    if _YOU in chat.senders.counts:
        return _YOU
    if not chat.title:
        chat.title = _sender_in_name(source, chat)
    return me_in(chat.senders.counts, chat.title, "")


def _sender_in_name(source: Source, chat: Chat) -> str:
    """Return the one of two senders whose name stands in the name of the file, in a language whose form is not known."""
    if len(chat.senders.counts) != _TWO:
        return ""
    names = [written for written in (*chat.name.split("/"), source.name) if re.search(r"whats\s?app", written, re.IGNORECASE)]
    written = "\n".join(names)
    found = [one for one in chat.senders.counts if re.search(rf"(?<!{_LETTER}){re.escape(one)}(?!{_LETTER})", written)]
    return found[0] if len(found) == 1 else ""


@dataclass
class _Reader:
    """Turns the messages of chats into conversations."""

    source: Source
    zone: tzinfo
    left_out: LeftOut

    def __post_init__(self) -> None:
        self._members = Members(self.source)

    def conversations(self, chat: Chat, decided: Decided, me: str) -> Iterator[Conversation]:
        """Yield a chat in parts."""
        messages: list[Message] = []
        time: datetime | None = None
        with self.source.open(chat.name) as stream:
            misdated = partial(self._note_misdated, chat.name)
            for number, entry in enumerate(entries(lines_of(stream), chat, decided.order, misdated)):
                time = _instant(entry.time, self.zone, time)
                message = self._message(chat, entry, time, me, opening=number < _OPENING)
                if message is not None:
                    messages.append(message)
                if len(messages) == MOST_MESSAGES:
                    yield _part(chat, messages)
                    messages = []
        if messages:
            yield _part(chat, messages)

    def _note_misdated(self, name: str, line: int, in_other_order: bool) -> None:  # noqa: FBT001 - as `entries` calls it
        self.left_out.add(OTHER_ORDER if in_other_order else NO_SUCH_DAY, f"{name!r}, line {line:,}")

    def _message(self, chat: Chat, entry: Entry, time: datetime, me: str, *, opening: bool) -> Message | None:
        """Return what a person said; None for a line of WhatsApp's own and for a message of which nothing is left."""
        place = f"{chat.name!r}, {entry.sender}, {entry.time:%Y-%m-%d %H:%M}"
        if entry.cut:
            self.left_out.add(f"characters of messages with more than {MOST_CHARACTERS:,}", place, entry.cut)
        if not entry.sender:
            self.left_out.add(SYSTEM_LINES)
            return None
        folder = chat.name.rpartition("/")[0]
        content = content_of("\n".join(entry.lines), lambda name: self._find(folder, name) is not None, opening=opening)
        for reason in content.left_out:
            self.left_out.add(reason)
        pictures: list[Picture] = []
        for name in content.files:
            kind = kind_of(name)
            picture = self._find(folder, name) if kind == PICTURES else None
            if picture is not None:
                pictures.append(picture)
            elif kind == PICTURES:
                self.left_out.add("pictures that are not in the export", f"{place}, {name}")
            else:
                self.left_out.add(kind)
        if not content.words and not pictures:
            if not content.left_out and not content.files:
                self.left_out.add("empty messages")
            return None
        role = Role.ME if me and entry.sender == me else Role.OTHER
        return Message(time, role, content.words, entry.sender, tuple(pictures))

    def _find(self, folder: str, name: str) -> Picture | None:
        return self._members.picture(f"{folder}/{name}" if folder else name)


def _part(chat: Chat, messages: list[Message]) -> Conversation:
    return Conversation(chat.name, chat.title, tuple(messages), between_people=True, has_seconds=chat.style.seconds)


def _instant(shown: datetime, zone: tzinfo, previous: datetime | None) -> datetime:
    """Return the time at which a clock of a zone showed a time.

    An hour that occurs twice is the first one, but not if the message before it would then be later.
    """
    first = shown.replace(tzinfo=zone).astimezone(UTC)
    second = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    twice = timedelta(0) < second - first
    return (second if twice and previous is not None and first < previous <= second else first).astimezone(zone)
