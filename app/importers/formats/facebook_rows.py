"""Reads one message of Facebook Messenger or Instagram, in both spellings of its keys (pure).

Messages are written in two ways: with underscores (`sender_name`, `timestamp_ms`, `content`, `photos`), every string as Latin-1
characters of its UTF-8 bytes; and, in exports of encrypted chats, without (`senderName`, `timestamp`, `text`, `media`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields
from app.importers.conversations import LeftOut, Picture
from app.importers.mojibake import repaired
from app.importers.pictures import is_picture

FindPicture = Callable[[str, datetime | None], Picture | None]
"""Finds a picture by its path in the export and its own time."""

_LONGEST_NOTICE = 200
"""Most characters of a sentence that the program wrote itself."""
_SYSTEM_KINDS = ("Subscribe", "Unsubscribe", "placeholder")
_OTHER_FILES = {
    "videos": "videos",
    "audio_files": "voice messages without words",
    "gifs": "animated pictures",
    "files": "attached files",
}
_FILES_BY_ENDING = {
    "mp4": "videos", "mov": "videos", "webm": "videos", "m4v": "videos",
    "mp3": "voice messages without words", "m4a": "voice messages without words", "aac": "voice messages without words",
    "ogg": "voice messages without words", "opus": "voice messages without words", "wav": "voice messages without words",
}  # fmt: skip
# Reactions and likes that Instagram writes as messages of their own, in the languages in which they are known.
_REACTION = re.compile(
    r"(?:reacted (?:.{1,12} )?to your message|liked (?:a|your) message"
    r"|hat mit .{1,12} auf deine nachricht reagiert|hat (?:eine|deine) nachricht mit .{1,20} markiert"
    r"|gefällt eine nachricht|reagierte? (?:mit )?.{1,12} auf deine nachricht"
    r"|a réagi (?:.{1,12} )?à votre message|a aimé un message"
    r"|reaccionó (?:con )?(?:.{1,12} )?a tu mensaje|le gustó (?:un|tu) mensaje|ha indicato che gli piace un messaggio"
    r"|reagiu (?:com )?(?:.{1,12} )?à sua mensagem|curtiu uma mensagem"
    r"|ha reagito (?:con )?(?:.{1,12} )?al tuo messaggio|heeft .{1,12} op je bericht gereageerd|vond een bericht leuk)\s*[.!]?",
    re.IGNORECASE,
)
# What the program writes in its own words, after the name of the one who did it, or after "You". Fixed sentences alone: a
# message may well begin with "You called" or, from a person called Will, with "Will".
_NOTICE = re.compile(
    r"(?:sent (?:an attachment|a (?:photo|video|link|live location|location|GIF|sticker|voice message))"
    r"|(?:added|removed) .+ (?:to|from) the group|left the group|created the group|named the group .+|changed the group photo"
    r"|set (?:the|your|his|her|their|my) .*nickname .+|set the (?:emoji|quick reaction) to .+|changed the (?:chat )?theme to .+"
    r"|joined the (?:call|video chat)|started (?:a|an) (?:audio |video )?(?:call|video chat)|missed your (?:video |audio )?call"
    r"|missed a (?:video |audio )?call from .+|pinned a message|unsent a message|waved at (?:you|each other)|ended the .*call"
    r"|(?:hat|hast) (?:einen Anhang|ein Foto|ein Video|einen Link|einen Sticker|eine Sprachnachricht) gesendet"
    r"|(?:hat|hast) (?:die Gruppe verlassen|die Gruppe erstellt|die Gruppe .+ genannt|das Gruppenfoto geändert"
    r"|.+ zur Gruppe hinzugefügt|.+ aus der Gruppe entfernt|deinen (?:Video)?anruf verpasst)"
    r"|(?:a|avez|as) envoyé (?:une pièce jointe|une photo|une vidéo|un lien)|(?:a|avez|as) quitté le groupe"
    r"|(?:envió|enviaste|has enviado|ha enviado) (?:un archivo adjunto|una foto|un vídeo|un video|un enlace)"
    r"|(?:abandonó|ha salido de|salió de) (?:el |del )?grupo"
    r"|enviou (?:um anexo|uma foto|um vídeo|um link)|saiu do grupo"
    r"|(?:ha|hai) inviato (?:un allegato|una foto|un video|un link)|ha abbandonato il gruppo"
    r"|(?:heeft|hebt) een (?:bijlage|foto|video|link) (?:verzonden|gestuurd))\s?[.!]?"
)
_SELF = re.compile(r"(?:You|Du|Vous|Tu|Você|Je|Hai|Has) ?")
_ATTACHMENT = re.compile(r"[^\n]{3,80}\.")
"""Any sentence beside a shared thing: in every language the program names its sender, and says that something was sent."""


@dataclass(frozen=True)
class Row:
    """A message before its sender is known to be the person or another.

    Attributes:
        sender: The name of its sender.
        time: When it was sent; None if its time is missing.
        text: Its words.
        pictures: Its pictures.
    """

    sender: str
    time: datetime | None
    text: str
    pictures: tuple[Picture, ...]


def row_of(value: Any, zone: tzinfo, find: FindPicture, left_out: LeftOut, place: str) -> Row | None:
    """Return a message; None if it is none of a person's words or pictures.

    Args:
        value: The message as the export has it.
        zone: The zone of its time.
        find: Finds its pictures in the export.
        left_out: Counts what is left out.
        place: The conversation, for the places of keys that do not fit.
    """
    if not isinstance(value, dict):
        left_out.add("damaged messages", place)
        return None
    is_plain = "senderName" in value
    read = fields.words if is_plain else (lambda one: fields.words(repaired(one)) if isinstance(one, str) else "")
    sender = read(value.get("senderName" if is_plain else "sender_name"))
    text = read(value.get("text" if is_plain else "content"))
    if (reason := _no_message(value, sender, text)) is not None:
        left_out.add(reason)
        return None
    if _is_notice(text, sender, beside_files=_has_files(value)):
        text = ""
    text = _with_link(text, read(fields.at(value, "share", "link")))
    time = fields.from_unix(value.get("timestamp" if is_plain else "timestamp_ms"), zone)
    pictures, missing = _pictures(value, zone, find, left_out)
    if not text and not pictures:
        if not missing:
            left_out.add("messages without words", f"{place}, key {'text' if is_plain else 'content'}")
        return None
    return Row(sender, time, text, pictures)


def _no_message(value: dict[str, Any], sender: str, text: str) -> str | None:
    """Return why a row is no message of a person; None if it is one."""
    kind = value.get("type")
    if value.get("is_unsent") is True or value.get("isUnsent") is True:
        return "deleted messages"
    if kind == "Call" or "call_duration" in value or value.get("missed") is True:
        return "calls"
    if len(text) <= _LONGEST_NOTICE and _REACTION.fullmatch(text.removeprefix(sender).strip()):
        return "reactions"
    is_notice = not _has_files(value) and _is_notice(text, sender, beside_files=False)
    return "system lines" if is_notice or kind in _SYSTEM_KINDS else None


def _has_files(value: dict[str, Any]) -> bool:
    return any(value.get(key) for key in ("photos", "media", "share", "sticker", *_OTHER_FILES))


def _is_notice(text: str, sender: str, *, beside_files: bool) -> bool:
    """Return whether the program wrote a text.

    Args:
        text: The text.
        sender: The name of its sender.
        beside_files: Whether it came with something shared: then a sentence that begins with its sender's name is no words.
    """
    if not text or len(text) > _LONGEST_NOTICE or "\n" in text:
        return False
    if sender and text.startswith(f"{sender} "):
        after = text.removeprefix(sender).strip()
        return _NOTICE.fullmatch(after) is not None or (beside_files and _ATTACHMENT.fullmatch(after) is not None)
    own = _SELF.match(text)
    return (own is not None and _NOTICE.fullmatch(text[own.end() :]) is not None) or _NOTICE.fullmatch(text) is not None


def _with_link(text: str, link: str) -> str:
    return text if not link or link in text else f"{text}\n{link}".strip()


def _pictures(value: dict[str, Any], zone: tzinfo, find: FindPicture, left_out: LeftOut) -> tuple[tuple[Picture, ...], bool]:
    """Return a message's pictures, and whether it has files that are left out; those are counted."""
    found: list[Picture] = []
    reasons: list[str] = []
    for one in [*fields.listed(value.get("photos")), *fields.listed(value.get("media"))]:
        path = fields.words(fields.at(one, "uri"))
        ending = path.rpartition(".")[2].lower()
        if path and not is_picture(path):
            reasons.append(_FILES_BY_ENDING.get(ending, "attached files"))
        elif (picture := find(path, fields.from_unix(fields.at(one, "creation_timestamp"), zone, per_second=1))) is not None:
            found.append(picture)
        else:
            reasons.append("pictures that are not in the export")
    for key, reason in _OTHER_FILES.items():
        reasons += [reason] * len(fields.listed(value.get(key)))
    if isinstance(value.get("sticker"), dict):
        reasons.append("stickers")
    for reason in reasons:
        left_out.add(reason)
    return tuple(found), bool(reasons)
