"""The answer to a chat completion in OpenAI's form, whole or in chunks (pure)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from app.api.failures import openai_type, status_of
from memory.core.errors import PersonaError
from memory.core.records import Turn
from memory.core.usage import Usage

DONE = "data: [DONE]\n\n"
PING = ": waiting\n\n"
"""A comment that keeps a silent connection open; clients ignore it."""


@dataclass(frozen=True)
class Answering:
    """One answer in progress.

    Attributes:
        id: The completion's id.
        model: The model that the client asked for.
        created: When it began, in seconds since 1970.
    """

    id: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> str:
        """Return one chunk of a stream as a server-sent event."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return event({**self._head("chat.completion.chunk"), "choices": [choice]})

    def usage_chunk(self, usage: Usage) -> str:
        """Return the chunk that ends a stream with its usage."""
        return event({**self._head("chat.completion.chunk"), "choices": [], "usage": counts(usage)})

    def whole(self, reply: str, reasoning: str, usage: Usage) -> dict[str, Any]:
        """Return a whole answer."""
        message = {"role": "assistant", "content": reply, "refusal": None}
        if reasoning:
            message["reasoning_content"] = reasoning
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._head("chat.completion"), "choices": [choice], "usage": counts(usage)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def id_of(turn: Turn) -> str:
    """Return the completion id of a turn."""
    return f"chatcmpl-{turn.id}"


def usage_of(turn: Turn) -> Usage:
    """Return what a turn took; nothing if that is not known."""
    return (turn.trace.usage if turn.trace else None) or Usage()


def counts(usage: Usage) -> dict[str, int]:
    """Return token counts by OpenAI's names."""
    return usage.model_dump(include={"prompt_tokens", "completion_tokens", "total_tokens"})


def event(data: dict[str, Any]) -> str:
    """Return a server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def failed(error: PersonaError) -> str:
    """Return the event of an error in the middle of a stream."""
    kind = openai_type(status_of(error))
    return event({"error": {"message": error.message, "type": kind, "param": None, "code": error.code}})
