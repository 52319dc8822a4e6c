"""Synthetic histories of any length in the files of other programs, streamed to disk (forms: docs/guides/import.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from evals.perf.corpus import Life, Said

FORMATS = ("chatgpt", "claude", "telegram", "whatsapp", "json_lines")
_CONVERSATION = 20
"""Messages of the person in a conversation."""


def write(format_: str, folder: Path, messages: int, *, long: bool = False) -> Path:
    """Write a history, and return its file.

    Args:
        format_: One of `FORMATS`.
        folder: Where to write it.
        messages: Messages of both sides together.
        long: Every second message is a long reply of an assistant (2,000 characters).
    """
    return _WRITERS[format_](folder, _talks(messages, long=long))


def said(messages: int, *, long: bool = False) -> Iterator[Said]:
    """Yield the same history as turns."""
    for talk in _talks(messages, long=long):
        yield from talk


def _talks(messages: int, *, long: bool) -> Iterator[list[Said]]:
    turns = Life().turns(messages // 2)
    while talk := list(islice(turns, _CONVERSATION)):
        yield [Said(one.time, one.text, f"{one.reply} " * 25 if long else one.reply) for one in talk]


def _chatgpt(folder: Path, talks: Iterator[list[Said]]) -> Path:
    def conversation(number: int, talk: list[Said]) -> dict[str, object]:
        nodes: dict[str, object] = {}
        parent = None
        for place, (role, text, at) in enumerate(_sides(talk)):
            name = f"{number}-{place}"
            message = {
                "id": name, "author": {"role": role}, "create_time": at,
                "content": {"content_type": "text", "parts": [text]},
            }  # fmt: skip
            nodes[name] = {"id": name, "parent": parent, "message": message}
            parent = name
        return {
            "id": str(number),
            "title": f"Talk {number}",
            "create_time": talk[0].time.timestamp(),
            "mapping": nodes,
            "current_node": parent,
        }

    return _listed(folder / "conversations.json", (conversation(*one) for one in enumerate(talks)))


def _claude(folder: Path, talks: Iterator[list[Said]]) -> Path:
    def conversation(number: int, talk: list[Said]) -> dict[str, object]:
        messages = []
        parent = "00000000-0000-4000-8000-000000000000"
        for place, (role, text, at) in enumerate(_sides(talk)):
            name = f"{number}-{place}"
            said = {"uuid": name, "parent_message_uuid": parent, "sender": "human" if role == "user" else "assistant"}
            shown = {"text": text, "content": [{"type": "text", "text": text}], "created_at": _iso(talk, at)}
            messages.append({**said, **shown, "attachments": [], "files": []})
            parent = name
        return {
            "uuid": str(number),
            "name": f"Talk {number}",
            "created_at": talk[0].time.isoformat(),
            "chat_messages": messages,
        }

    return _listed(folder / "conversations.json", (conversation(*one) for one in enumerate(talks)))


def _telegram(folder: Path, talks: Iterator[list[Said]]) -> Path:
    path = folder / "result.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"name": "Bea", "type": "personal_chat", "id": 7, "messages": [')
        number = 0
        for talk in talks:
            for role, text, at in _sides(talk):
                name = "Ada" if role == "user" else "Bea"
                row = {
                    "id": number, "type": "message", "date_unixtime": str(int(at)), "from": name, "from_id": f"user{name}",
                    "text": text,
                }  # fmt: skip
                file.write(f"{',' if number else ''}\n{json.dumps(row)}")
                number += 1
        file.write("]}")
    return path


def _whatsapp(folder: Path, talks: Iterator[list[Said]]) -> Path:
    path = folder / "WhatsApp Chat with Bea.txt"
    with path.open("w", encoding="utf-8") as file:
        for talk in talks:
            for role, text, at in _sides(talk):
                when = talk[0].time + timedelta(seconds=at - talk[0].time.timestamp())
                file.write(f"{when:%d/%m/%Y, %H:%M} - {'Ada' if role == 'user' else 'Bea'}: {text}\n")
    return path


def _json_lines(folder: Path, talks: Iterator[list[Said]]) -> Path:
    path = folder / "talk.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for talk in talks:
            for one in talk:
                file.write(json.dumps({"time": one.time.isoformat(), "user": one.text, "assistant": one.reply}) + "\n")
    return path


def _sides(talk: list[Said]) -> Iterator[tuple[str, str, float]]:
    for one in talk:
        yield "user", one.text, one.time.timestamp()
        yield "assistant", one.reply, one.time.timestamp() + 20


def _iso(talk: list[Said], at: float) -> str:
    return (talk[0].time + timedelta(seconds=at - talk[0].time.timestamp())).isoformat()


def _listed(path: Path, values: Iterator[dict[str, object]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, value in enumerate(values):
            file.write(f"{',' if number else ''}\n{json.dumps(value)}")
        file.write("]")
    return path


_WRITERS: dict[str, Callable[[Path, Iterator[list[Said]]], Path]] = {
    "chatgpt": _chatgpt, "claude": _claude, "telegram": _telegram, "whatsapp": _whatsapp, "json_lines": _json_lines,
}  # fmt: skip
