"""Messages in the form that chat templates take (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


def chat_of(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """Return messages in the form that chat templates take: text parts, and marks for images."""
    chat = []
    for message in messages:
        content = message.content if isinstance(message.content, list) else [{"type": "text", "text": message.content}]
        parts = [
            {"type": "image"}
            if isinstance(part, dict) and part.get("type") != "text"
            else {"type": "text", "text": _text(part)}
            for part in content
        ]
        chat.append({"role": _ROLES[message.type], "content": parts})
    return chat


def _text(part: str | dict[str, Any]) -> str:
    return part if isinstance(part, str) else str(part["text"])
