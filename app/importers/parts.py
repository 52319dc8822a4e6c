"""Divides long conversations into parts, so that what is written at a time stays bounded (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.importers.conversations import Conversation, Role

MOST_MESSAGES = 5_000
"""Most messages of one part, but for the answers that end it."""


def in_parts(conversation: Conversation) -> Iterator[Conversation]:
    """Yield a conversation, or the parts of a long one; nothing for one without messages.

    A part never begins with an answer of an assistant, so that it stays with the message that it answers.
    """
    messages = conversation.messages
    start = 0
    while start < len(messages):
        end = start + MOST_MESSAGES
        while end < len(messages) and messages[end].role is Role.ASSISTANT:
            end += 1
        yield replace(conversation, messages=messages[start:end])
        start = end
