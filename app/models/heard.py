"""Tracks the chunks of an answer, and whether it is complete: servers end streams in several ways (pure)."""

from __future__ import annotations

import re
from typing import Any

_TAIL_CHARACTERS = 64
_CLOSED = re.compile(r"</(?:answer|retrieve)>\s*\Z", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…。！？।؟][\"'”’»)\]*`]*\s*\Z")


class Heard:
    """Collects the chunks of an answer.

    Attributes:
        reason: The finish reason of the server; empty before it.
        usage: The last token counts of the server.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.usage: dict[str, Any] | None = None
        self._done = False
        self._counted = False
        self._tail = ""
        self._thoughts: list[str] = []

    def take(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Record a chunk in the form of `server_events.as_chunk`, and return it."""
        for choice in chunk["choices"][:1]:
            self._tail = (self._tail + choice["delta"]["content"])[-_TAIL_CHARACTERS:]
            self._thoughts.append(choice["delta"]["reasoning"])
            self.reason = choice["finish_reason"] or self.reason
        self._done = self._done or bool(chunk.get("done"))
        self.usage = chunk["usage"] or self.usage
        # Some servers count in each chunk; a separate count comes last.
        self._counted = self._counted or (chunk["usage"] is not None and not chunk["choices"])
        return chunk

    @property
    def is_closed(self) -> bool:
        """Return whether the answer is complete however its connection ends; our formats have an end tag."""
        return bool(self.reason) or self._done or _CLOSED.search(self._tail) is not None

    @property
    def is_complete(self) -> bool:
        """Return whether an answer is complete, if its connection ended in good order.

        Some servers close a stream without a finish reason; then a token count or the end of a sentence decides.
        """
        return self.is_closed or (bool(self._tail) and (self._counted or _SENTENCE.search(self._tail) is not None))

    @property
    def thought_as_answer(self) -> str:
        """Return the thought if the answer has no other text and was not cut off; otherwise an empty text."""
        return "".join(self._thoughts) if not self._tail.strip() and self.reason != "length" else ""


def answer_from_thought(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return a whole answer; its thought becomes the text if it has no other text and was not cut off."""
    heard = Heard()
    heard.take(chunk)
    text = heard.thought_as_answer
    return {**chunk, "choices": [{**chunk["choices"][0], "delta": {"content": text, "reasoning": ""}}]} if text else chunk


class WithoutOpening:
    """Removes an opening `<think>` that the grammar does not allow: llama.cpp writes it if the template opens a thought."""

    _TAG = "<think>"

    def __init__(self) -> None:
        self._buffer: str | None = ""

    def take(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Return a chunk without the tag; an incomplete tag waits for the next chunk."""
        if self._buffer is None or not chunk["choices"]:
            return chunk
        [first, *others] = chunk["choices"]
        text = (self._buffer + first["delta"]["content"]).lstrip()
        if len(text) < len(self._TAG) and self._TAG.startswith(text) and not first["finish_reason"]:
            self._buffer, text = text, ""
        else:
            self._buffer, text = None, text.removeprefix(self._TAG)
        return {**chunk, "choices": [{**first, "delta": {**first["delta"], "content": text}}, *others]}
