"""Parse a plain reply as it streams: all of it is the answer, except for the model's own thought before it (pure)."""

from __future__ import annotations

from graph.formats.answer_stream import Delta

_OPEN, _CLOSE = "<think>", "</think>"


class DirectStream:
    """Splits the text stream of a reply that was requested without tags; models that think write `<think>…</think>` first."""

    def __init__(self) -> None:
        self._buffer = ""
        self._part: str | None = None
        self._follows = False

    def feed(self, text: str) -> list[Delta]:
        """Take the next chunk of text; returns the deltas that can be shown now."""
        if self._part == "answer":
            return self._answered(text)
        self._buffer += text
        if self._part is None:
            begun = self._buffer.lstrip()
            if len(begun) < len(_OPEN) and _OPEN.startswith(begun.lower()):
                return []
            thinks = begun[: len(_OPEN)].lower() == _OPEN
            self._part, self._buffer = ("think", begun[len(_OPEN) :]) if thinks else ("answer", self._buffer)
        if self._part == "answer":
            return self._taken("answer", len(self._buffer))
        end = self._buffer.lower().find(_CLOSE)
        if end < 0:
            # The closing tag may be split between two chunks.
            return self._taken("think", max(0, len(self._buffer) - len(_CLOSE) + 1))
        thought = self._taken("think", end)
        self._part, rest = "answer", self._buffer[len(_CLOSE) :]
        self._buffer, self._follows = "", True
        return [*thought, *self._answered(rest)]

    def close(self) -> list[Delta]:
        """End the stream; returns the deltas that were still buffered."""
        return self._taken("think" if self._part == "think" else "answer", len(self._buffer))

    def _answered(self, text: str) -> list[Delta]:
        if self._follows:
            # The blank lines between a thought and the reply belong to neither.
            text = text.lstrip()
            self._follows = not text
        return [Delta("answer", text)] if text else []

    def _taken(self, part: str, place: int) -> list[Delta]:
        text, self._buffer = self._buffer[:place], self._buffer[place:]
        return [Delta("think" if part == "think" else "answer", text)] if text else []


def shown(output: str) -> str:
    """Return what a person has seen of a plain reply that was stopped."""
    return "".join(delta.text for delta in DirectStream().feed(output) if delta.part == "answer")
