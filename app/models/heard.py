"""What has come of an answer so far, and whether it is whole: servers end their streams in several ways (pure)."""

from __future__ import annotations

import re
from typing import Any

_TAIL = 64
_CLOSED = re.compile(r"</(?:answer|retrieve)>\s*\Z", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…。！？।؟][\"'”’»)\]*`]*\s*\Z")


class Heard:
    """Takes the pieces of an answer in.

    Attributes:
        reason: Why the server says that it ended, once it has said so.
        usage: The tokens that it counted last.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.usage: dict[str, Any] | None = None
        self._done = False
        self._counted = False
        self._tail = ""
        self._thoughts: list[str] = []

    def take(self, piece: dict[str, Any]) -> dict[str, Any]:
        """Take in a piece in the shape of `server_events.as_piece`; returns it."""
        for choice in piece["choices"][:1]:
            self._tail = (self._tail + choice["delta"]["content"])[-_TAIL:]
            self._thoughts.append(choice["delta"]["reasoning"])
            self.reason = choice["finish_reason"] or self.reason
        self._done = self._done or bool(piece.get("done"))
        self.usage = piece["usage"] or self.usage
        # Some count in each piece; a count by itself comes last.
        self._counted = self._counted or (piece["usage"] is not None and not piece["choices"])
        return piece

    @property
    def is_closed(self) -> bool:
        """Say whether the answer is whole however its connection ends: in our form it shows its own end."""
        return bool(self.reason) or self._done or _CLOSED.search(self._tail) is not None

    @property
    def is_complete(self) -> bool:
        """Say whether an answer whose connection ended in good order is whole.

        Some servers close a stream without saying that it is done: then tokens were counted, or a sentence has ended.
        """
        return self.is_closed or (bool(self._tail) and (self._counted or _SENTENCE.search(self._tail) is not None))

    @property
    def held_in_thought(self) -> str:
        """Return the thought, where nothing else came of an answer that was not cut off."""
        return "".join(self._thoughts) if not self._tail.strip() and self.reason != "length" else ""


def told(piece: dict[str, Any]) -> dict[str, Any]:
    """Return a whole answer with its thought as its text, where it has no other and was not cut off."""
    heard = Heard()
    heard.take(piece)
    text = heard.held_in_thought
    return {**piece, "choices": [{**piece["choices"][0], "delta": {"content": text, "reasoning": ""}}]} if text else piece


class WithoutOpening:
    """Leaves out a `<think>` that no grammar allowed: llama.cpp writes it where a template opens the thought, unclosed."""

    _TAG = "<think>"

    def __init__(self) -> None:
        self._held: str | None = ""

    def take(self, piece: dict[str, Any]) -> dict[str, Any]:
        """Return a piece without it; its beginning waits for the rest."""
        if self._held is None or not piece["choices"]:
            return piece
        [first, *others] = piece["choices"]
        text = (self._held + first["delta"]["content"]).lstrip()
        if len(text) < len(self._TAG) and self._TAG.startswith(text) and not first["finish_reason"]:
            self._held, text = text, ""
        else:
            self._held, text = None, text.removeprefix(self._TAG)
        return {**piece, "choices": [{**first, "delta": {**first["delta"], "content": text}}, *others]}
