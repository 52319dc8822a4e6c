"""Decides what of a ChatGPT message is words or a picture of the talk, and what is its machinery."""

from __future__ import annotations

import json
import re
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields
from app.importers.assembly import Draft
from app.importers.assets import Assets, kind_of
from app.importers.conversations import LeftOut, Picture, Role
from app.importers.stamps import UNREADABLE_TIMES, moment

_ROLES = {"user": Role.ME, "assistant": Role.ASSISTANT}
_NOT_A_MESSAGE = {
    "user_editable_context": "custom instructions",
    "model_editable_context": "notes of the program to itself",
    "thoughts": "thoughts of the model",
    "reasoning_recap": "thoughts of the model",
    "code": "tool calls",
    "execution_output": "tool calls",
    "computer_output": "tool calls",
    "tether_quote": "tool calls",
    "tether_browsing_display": "tool calls",
    "sonic_webpage": "tool calls",
    "citable_code_output": "tool calls",
    "system_error": "error messages of the program",
}
_RECORDINGS = ("audio_asset_pointer", "real_time_user_audio_video_asset_pointer", "video_container_asset_pointer")
_WORDS = {"text", "multimodal_text", ""}
_MARK = re.compile(r"\ue200([^\ue200\ue201\ue202]*)(?:\ue202([^\ue201]*))?\ue201")
_OLD_MARK = re.compile(r"\s?【\d+(?::\d+)?†[^】\n]{0,200}】|:contentReference\[oaicite:\d+\](?:\{[^}\n]{0,80}\})?")
_LEFT_MARK = re.compile(r"[\ue200-\ue206]")
_RESEARCH = re.compile(r"\AThe latest state of the widget is:|\A\{\s*\"task_violates_safety_guidelines\"")


class Reader:
    """Reads the messages of one conversation."""

    def __init__(self, assets: Assets, zone: tzinfo, left_out: LeftOut, place: str) -> None:
        self._assets = assets
        self._zone = zone
        self._left_out = left_out
        self._place = place

    def draft(self, message: Any) -> Draft | None:
        """Return a message of the talk; None for anything else, which is counted."""
        if message is None:
            return None
        if reason := self._reason(message):
            self._left_out.add(reason)
            return None
        role = _ROLES.get(str(fields.at(message, "author", "role")))
        content = fields.at(message, "content")
        if role is None or not isinstance(content, dict | str):
            key = "message.author.role" if role is None else "message.content"
            self._left_out.add("messages of unknown form", f"{self._place}, key {key}")
            return None
        return self._said(message, role, content)

    def _said(self, message: dict[str, Any], role: Role, content: dict[str, Any] | str) -> Draft | None:
        time = self._time(message)
        before = self._left_out.counts.total()
        text, pictures = self._parts(content, time)
        pictures += self._attached(message, time)
        if role is Role.ASSISTANT:
            text = without_marks(text)
            if _RESEARCH.search(text) or (not text.strip() and fields.at(message, "metadata", "async_task_id")):
                self._left_out.add("placeholders of a research", self._place)
                return None
        text = fields.words(text)
        if text or pictures:
            return Draft(role, text, time, pictures)
        if self._left_out.counts.total() == before:
            self._left_out.add("messages without words")
        return None

    def _reason(self, message: Any) -> str:
        """Return why a message is none of the talk; empty if it is one."""
        role = fields.at(message, "author", "role")
        kind = fields.at(message, "content", "content_type")
        reason = _NOT_A_MESSAGE.get(kind, "") if isinstance(kind, str) else ""
        if reason == "custom instructions" or fields.at(message, "metadata", "is_user_system_message"):
            return "custom instructions"
        if fields.at(message, "metadata", "is_visually_hidden_from_conversation"):
            return "hidden messages"
        if role == "system":
            return "messages of the program"
        if role == "tool" or fields.at(message, "recipient") not in (None, "", "all"):
            return "generated pictures" if role == "tool" and _has_picture(message) else "tool calls"
        if fields.at(message, "channel") == "analysis":
            return "thoughts of the model"
        return "" if role == "user" and reason == "tool calls" else reason

    def _time(self, message: Any) -> datetime | None:
        value = fields.at(message, "create_time")
        time = moment(value, self._zone)
        if time is None and value:
            self._left_out.add(UNREADABLE_TIMES, f"{self._place}, key create_time")
        return time

    def _parts(self, content: dict[str, Any] | str, time: datetime | None) -> tuple[str, tuple[Picture, ...]]:
        """Return the words and the pictures of a content."""
        if isinstance(content, str):
            return content, ()
        parts = self._listed(content)
        texts: list[str] = []
        pictures: list[Picture] = []
        recordings = 0
        for part in parts:
            if isinstance(words := part if isinstance(part, str) else fields.at(part, "text"), str):
                texts.append(words.strip("\n"))
            elif fields.at(part, "content_type") in _RECORDINGS:
                recordings += 1
                self._count_videos(part)
            elif pointer := _pointer(part):
                pictures += self._picture(pointer, time)
            elif part is not None:
                self._left_out.add("parts of unknown form", f"{self._place}, key content.parts")
        text = "\n".join(filter(None, texts))
        if recordings and not text.strip():
            self._left_out.add("voice messages without words", number=recordings)
        return text, tuple(pictures)

    def _listed(self, content: dict[str, Any]) -> list[Any]:
        """Return the parts of a content; a content of an unknown form has none, and is counted."""
        kind, parts = content.get("content_type"), content.get("parts")
        if not isinstance(parts, list):
            parts = [parts if isinstance(parts, str) else content.get("text")]
        known = not isinstance(kind, str) or kind in _WORDS or any(isinstance(part, str) for part in parts)
        if known and parts != [None]:
            return parts
        self._left_out.add("messages of unknown form", f"{self._place}, key content ({str(kind)[:40]})")
        return []

    def _count_videos(self, part: Any) -> None:
        if any(fields.at(part, key) for key in ("video_container_asset_pointer", "frames_asset_pointers")):
            self._left_out.add("videos")

    def _picture(self, pointer: str, time: datetime | None) -> list[Picture]:
        member = self._assets.find(pointer)
        if member is None:
            self._left_out.add("pictures that are not in the export", self._place)
        elif self._assets.is_picture(member):
            return [self._assets.picture(member, time)]
        else:
            self._left_out.add("documents", self._place)
        return []

    def _attached(self, message: Any, time: datetime | None) -> tuple[Picture, ...]:
        """Return attached pictures of a message that points to none; other attachments are counted."""
        pointers = " ".join(map(_pointer, fields.listed(fields.at(message, "content", "parts"))))
        pictures: list[Picture] = []
        for attachment in fields.listed(fields.at(message, "metadata", "attachments")):
            name, mark = fields.words(fields.at(attachment, "name")), fields.words(fields.at(attachment, "id"))
            kind = fields.words(fields.at(attachment, "mime_type")) or fields.words(fields.at(attachment, "mimeType"))
            if mark and mark in pointers:
                continue
            if not (kind.startswith("image/") or kind_of(name) == "pictures"):
                self._left_out.add(kind_of(name), self._place)
            elif not pointers.strip():
                pictures += self._picture(mark or name, time)
        return tuple(pictures)


def without_marks(text: str) -> str:
    """Return a reply without the marks that stand for its sources; a mark that shows a name keeps the name."""
    text = _MARK.sub(_shown, text)
    return _LEFT_MARK.sub("", _OLD_MARK.sub("", text))


def _shown(mark: re.Match[str]) -> str:
    kind, value = mark[1], mark[2] or ""
    if kind == "entity":
        try:
            names = json.loads(value)
        except (ValueError, RecursionError):
            return ""
        return next((name for name in fields.listed(names)[1:2] if isinstance(name, str)), "")
    return value.split("\ue202", 1)[0] if kind in {"url", "link_title"} else ""


def _pointer(part: Any) -> str:
    return fields.words(fields.at(part, "asset_pointer"))


def _has_picture(message: Any) -> bool:
    return any(map(_pointer, fields.listed(fields.at(message, "content", "parts"))))
