"""Tells a person's words from what WhatsApp itself wrote into a message: files, marks of edits, notes (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from app.importers.formats.whatsapp_stamps import MARKS
from app.importers.formats.whatsapp_words import ATTACHED, CALLS, DELETED_BY_ME, EDITED, ENCRYPTED, MEDIA, OMITTED
from app.importers.pictures import is_picture

SYSTEM_LINES = "system lines"
PICTURES = "pictures"
"""The kind of files that are kept."""


@dataclass(frozen=True)
class Content:
    """What a message holds.

    Attributes:
        words: The person's words.
        files: The names of its files.
        left_out: Why something of it is left out, each as a plural noun.
        by_me: Whether it is the note that the person who exported the chat deleted this message.
    """

    words: str
    files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    by_me: bool = False


def _any(words: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, words))


_DELETED = "deleted messages"
_BY_PHRASE = {phrase: reason for reason, phrases in OMITTED.items() for phrase in phrases} | dict.fromkeys(
    DELETED_BY_ME, _DELETED
)
_MARK = "\u200e"
_REMOVED = str.maketrans(dict.fromkeys(MARKS, "") | dict.fromkeys("\u00a0\u202f\u2009", " "))
_IN = r"[^<>:：\n]"
_EDIT = re.compile(rf"\s*(?:{_MARK}<{_IN}{{5,80}}>|<{_IN}{{0,60}}(?:{_any(EDITED)}){_IN}{{0,40}}>)\s*$", re.IGNORECASE)
_NOTE = re.compile(_any(ENCRYPTED), re.IGNORECASE)
_CALL = re.compile(rf"(?:{_any(CALLS)})", re.IGNORECASE)
_OMITTED_MEDIA = re.compile(rf"<[^<>]{{0,50}}(?:{_any(MEDIA)})[^<>]{{0,50}}>", re.IGNORECASE)
_PLACE = re.compile(r"(?:[^\n:]{1,40}:\s*)?https?://maps\.google\.com/(?:maps)?\?q=-?[\d.]+,\s?-?[\d.]+")
_POLL = re.compile(r"[^\n:]{2,30}:\n.+(?:\n.*)*\n[^\n:]{2,30}: .*\(\d+ [^()\n]+\)(?:\n|$)")
# Android: IMG-20260506-WA0003.jpg. iOS: 00000012-PHOTO-2026-05-06-12-30-00.jpg, before 2018 2016-05-06-PHOTO-00000012.jpg.
_NUMBERED = re.compile(r"[A-Z]{2,7}-(\d{4})(\d\d)(\d\d)-WA\d+\.\w{2,5}")
_DATED = re.compile(
    r"\d{6,}-[A-Z_]+-(\d{4})-(\d\d)-(\d\d)-\d\d-\d\d-\d\d\.\w{2,5}|(\d{4})-(\d\d)-(\d\d)-[A-Z_]+-\d{6,}\.\w{2,5}"
)
_FILE = r"[^<>/\\\n]{1,200}\.\w{1,5}"
_IN_ANGLES = re.compile(rf"(?P<before>.*?)<[^<>:：\n]{{1,40}}[:：]\s?(?P<name>{_FILE})>")
_BEFORE_ANGLES = re.compile(rf"(?P<name>{_FILE}) <[^<>\n]{{1,40}}>")
_BEFORE_BRACKETS = re.compile(rf"(?P<name>{_FILE}) \((?P<words>[^()\n]{{1,40}})\)")
_BEHIND_BRACKETS = re.compile(rf"\([^()\n]{{1,40}}\) (?P<name>{_FILE})")
_ATTACHED = re.compile(_any(ATTACHED), re.IGNORECASE)
_NAME_ALONE = re.compile(r"[^\n]{1,200}\.\w{2,5}(?: • .*)?")
_MENTION = re.compile(r"(?:@[\u2066-\u2068]|[\u2066-\u2068]@)(?:~[ \u00a0\u202f]?)?([^\u2066-\u2069\n]*)\u2069")
_NUMBER = re.compile(r"[\u202a\u202d](\+?[\d\s()‑.-]+)\u202c")
_AROUND_LINES = re.compile(r"^[\u200e\u200f\ufeff]+|[\u200e\u200f]+$", re.MULTILINE)
_SHORTEST_NOTE, _LONGEST_NOTE = 40, 600
_LONGEST_PHRASE = max(map(len, _BY_PHRASE)) + 10
_MAY_BE_OURS = re.compile(rf"[<>{_MARK}]|\)|\.\w{{2,5}}(?:\n|$)|maps\.google")
"""What stands in every longer text in which WhatsApp wrote something."""
_KINDS = {
    "videos": "mp4 mov 3gp avi mkv webm m4v",
    "voice messages without words": "opus m4a mp3 aac amr ogg wav oga flac",
    "contact cards": "vcf",
}
_BY_ENDING = {f".{ending}": kind for kind, endings in _KINDS.items() for ending in endings.split()}


def content_of(text: str, is_member: Callable[[str], bool], *, opening: bool = False) -> Content:
    """Return what a message holds.

    Args:
        text: The message as it stands in the file, without its beginning.
        is_member: Whether the export has a file of this name.
        opening: Whether the message is one of the first, where the note on encryption stands.
    """
    if len(text) > _LONGEST_PHRASE and not opening and not _MAY_BE_OURS.search(text):
        return Content(tidy(text))
    plain = _plain(text)
    if plain not in _BY_PHRASE:
        text = _EDIT.sub("", text.strip())
        plain = _plain(text)
    marked = text.startswith(_MARK)
    if plain in _BY_PHRASE:
        return Content("", left_out=(_BY_PHRASE[plain],), by_me=plain in DELETED_BY_ME)
    if opening and _SHORTEST_NOTE <= len(text) <= _LONGEST_NOTE and "\n" not in text and _NOTE.search(text):
        return Content("", left_out=(SYSTEM_LINES,))
    if _PLACE.fullmatch(text.translate(_REMOVED)):
        return Content("", left_out=("locations",))
    lines, files, reasons = _divided(text, is_member)
    if files or reasons:
        # The name of a document stands before its number of pages, or a second time below it.
        lines = [line for line in lines if not _NAME_ALONE.fullmatch(line.translate(_REMOVED).strip())]
    elif marked and "://" not in text and not _POLL.match(text.translate(_REMOVED)):
        return Content("", left_out=("calls" if _CALL.match(plain) else SYSTEM_LINES,))
    return Content(tidy("\n".join(lines)), tuple(files), tuple(reasons))


def _divided(text: str, is_member: Callable[[str], bool]) -> tuple[list[str], list[str], list[str]]:
    """Return the lines of a text without what WhatsApp wrote into them, the names of its files, and why others are left out."""
    files: list[str] = []
    reasons: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        found = _file(line, is_member)
        if found is not None:
            files.append(found[1])
            lines.append(found[0])
        elif (omitted := _omitted(line)) is not None:
            reasons.append(omitted[1])
            lines.append(omitted[0])
        else:
            lines.append(line)
    return lines, files, reasons


def deleted_by_me(text: str) -> bool:
    """Return whether a message is the note that the person who exported the chat deleted it."""
    return _plain(text) in DELETED_BY_ME


def kind_of(name: str) -> str:
    """Return what a file is, by its name: `PICTURES`, or why it is left out."""
    upper = name.upper()
    if "STICKER" in upper or upper.startswith("STK-"):
        return "stickers"
    if "-GIF-" in upper:
        return "animations"
    return PICTURES if is_picture(name) else _BY_ENDING.get(PurePosixPath(name).suffix.lower(), "documents")


def day_in_name(text: str) -> date | None:
    """Return the day in the name of a file that WhatsApp named, if the text holds one."""
    found = _NUMBERED.search(text) or _DATED.search(text)
    if found is None:
        return None
    try:
        year, month, day = (int(number) for number in found.groups() if number)
        return date(year, month, day)
    except ValueError:
        return None


def tidy(text: str) -> str:
    """Return a text without the marks that WhatsApp puts around mentions, numbers and lines; a person's own stay."""
    if text.isascii():
        return text.strip()
    return _AROUND_LINES.sub("", _NUMBER.sub(r"\1", _MENTION.sub(r"@\1", text))).strip()


def _plain(text: str) -> str:
    plain = (text if text.isascii() else text.translate(_REMOVED)).strip()
    if plain.startswith("<") and plain.endswith(">"):
        plain = plain[1:-1].strip()
    return plain.rstrip(".。").casefold()


def _file(line: str, is_member: Callable[[str], bool]) -> tuple[str, str] | None:
    """Return the words before a file's name, and the name; None if the line names no file."""
    if "." not in line:
        return None
    marked, plain = _MARK in line, line.translate(_REMOVED).strip()
    match = _IN_ANGLES.fullmatch(plain)
    if match is not None and (marked or is_member(match["name"]) or day_in_name(plain)):
        words = line.replace(_MARK, "").rpartition("<")[0].strip()
        return words, match["name"]
    for form in (_BEFORE_BRACKETS, _BEHIND_BRACKETS, _BEFORE_ANGLES):
        match = form.fullmatch(plain)
        if match is not None and _is_file(match["name"], plain.replace(match["name"], ""), marked=marked, is_member=is_member):
            return "", match["name"]
    return ("", plain) if _NUMBERED.fullmatch(plain) and is_member(plain) else None


def _is_file(name: str, words: str, *, marked: bool, is_member: Callable[[str], bool]) -> bool:
    return marked or bool(day_in_name(name)) or bool(_ATTACHED.search(words)) or is_member(name)


def _omitted(line: str) -> tuple[str, str] | None:
    """Return the words before the note that a file is not in the export, and the reason; None if the line has no such note."""
    words, mark, note = line.rpartition(_MARK)
    if not mark and "<" not in line:
        return None
    plain = _plain(note)
    if (mark or note.strip().startswith("<")) and plain in _BY_PHRASE:
        return words, _BY_PHRASE[plain]
    if _OMITTED_MEDIA.fullmatch(note.translate(_REMOVED).strip()):
        return words, "attachments that are not in the export"
    return None
