"""Parses the events or the whole answer of a completion server into chunks of one form (pure functions).

Servers differ: `choices` empty or with null in it, `delta` or `content` null, content as a list of parts, a whole answer
instead of a stream, or a stream instead of a whole answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

DONE = b"[DONE]"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_ENDS = re.compile(rb"\r\n|\n|\r(?!\Z)")
_MAX_REFUSAL_CHARACTERS = 300
"""Characters of a refusal that are shown."""


class EventReader:
    """Splits the bytes of an answer into the data of its events, for any block boundaries; a whole answer is one event.

    Attributes:
        streams: Whether the answer is a stream; None before the first bytes.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self.streams: bool | None = None

    def feed(self, block: bytes) -> Iterator[Any]:
        """Add the next bytes, and yield the content of each complete event: a JSON value, `DONE`, or the bytes of a web page.

        Raises:
            ValueError: An event is not JSON.
        """
        self._rest += block
        if self.streams is None:
            begun = self._rest.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
            if not begun:
                return
            self.streams = begun not in b"{[<"
        if not self.streams:
            return
        *lines, self._rest = _LINE_ENDS.split(self._rest)
        for line in lines:
            yield from self._line(line)

    def close(self) -> Iterator[Any]:
        """End the answer, and yield the last event if it had no end. Raises as `feed` does."""
        if self.streams:
            yield from self._line(self._rest)
            yield from self._line(b"")
        elif self.streams is not None:
            whole = self._rest.removeprefix(_BYTE_ORDER_MARK).strip()
            yield whole if whole.startswith(b"<") else json.loads(whole)

    def _line(self, line: bytes) -> Iterator[Any]:
        if not line.strip() and self._data:
            yield json.loads(b"\n".join(self._data))
            self._data.clear()
        if not line.startswith(b"data:"):
            return
        data = line[len(b"data:") :].strip()
        if data == DONE:
            yield DONE
        elif self._data or data[:1] in {b"{", b"["}:
            # An event may have several lines; it is complete when it is JSON, because some servers omit the empty line.
            self._data.append(data)
            with suppress(ValueError):
                said = json.loads(b"\n".join(self._data))
                self._data.clear()
                yield said


@dataclass(frozen=True)
class Refusal:
    """A refusal: the server's own words, and its status, if it names one."""

    said: str
    status: int | None = None


def refusal_in(said: Any) -> Refusal | None:
    """Return the refusal in a chunk, or None; gateways write `"error": null` into every chunk."""
    if not isinstance(said, dict):
        return None
    choices = [one for one in _list(said.get("choices")) if isinstance(one, dict)]
    error = said.get("error") or next((one["error"] for one in choices if one.get("error")), None)
    if error is None and "choices" not in said and ("detail" in said or "message" in said or said.get("object") == "error"):
        error = said
    if not error:
        return None
    code = (error.get("code") or error.get("status")) if isinstance(error, dict) else None
    return Refusal(words_of(error), int(str(code)) if str(code).isdecimal() else None)


def words_of(said: Any) -> str:
    """Return a server's words from any wrapping, in one line."""
    while isinstance(said, dict):
        inner = next((said[name] for name in ("error", "message", "detail", "msg", "title") if said.get(name)), None)
        if inner is None:
            break
        loc, param = said.get("loc"), said.get("param")
        named = ".".join(map(str, loc)) if isinstance(loc, list) else str(param or "")
        # Pydantic and OpenAI name the field separately.
        said = f"{inner} ({named})" if isinstance(inner, str) and named and named not in inner else inner
    if isinstance(said, list):
        said = "; ".join(words_of(one) for one in said)
    return re.sub(r"\s+", " ", str(said)).strip()[:_MAX_REFUSAL_CHARACTERS]


def words_in(data: bytes) -> str:
    """Return a server's words from the body of a refusal: JSON, a web page, or plain text."""
    try:
        return words_of(json.loads(data))
    except ValueError:
        text = data[:20_000].decode(errors="replace")
    if text.lstrip().startswith("<"):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    return words_of(text)


def as_chunk(said: Any) -> dict[str, Any]:
    """Return a chunk in one form: a list of choices, each with a delta (`content`, `reasoning`) and a finish reason."""
    said = said if isinstance(said, dict) else {}
    choices = [_choice(one) for one in _list(said.get("choices")) if isinstance(one, dict)]
    usage = said.get("usage")
    return {"choices": choices, "usage": usage if isinstance(usage, dict) else None}


def joined(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the chunks of a stream as one chunk."""
    choices = [one for chunk in chunks for one in chunk["choices"]]
    delta = {name: "".join(one["delta"][name] for one in choices) for name in ("content", "reasoning")}
    reason = next((one["finish_reason"] for one in reversed(choices) if one["finish_reason"]), None)
    usage = next((chunk["usage"] for chunk in reversed(chunks) if chunk["usage"]), None)
    return {"choices": [{"delta": delta, "finish_reason": reason}] if choices else [], "usage": usage}


def _choice(said: dict[str, Any]) -> dict[str, Any]:
    delta = next((said[name] for name in ("delta", "message", "text") if said.get(name)), None)
    delta = delta if isinstance(delta, dict) else {"content": delta}
    content = delta.get("content")
    text = _text(content) or _text(delta.get("refusal"))
    thought = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")) or _text(content, thinking=True)
    reason = said.get("finish_reason")
    return {"delta": {"content": text, "reasoning": thought}, "finish_reason": str(reason) if reason else None}


def _text(content: Any, *, thinking: bool = False) -> str:
    """Return the text of a content or its parts; with `thinking`, of Mistral's thinking parts."""
    if isinstance(content, str):
        return "" if thinking else content
    if isinstance(content, dict):
        content = [content]
    parts = [one if isinstance(one, dict) else {"text": one} for one in _list(content)]
    if thinking:
        return "".join(_text(part["thinking"]) for part in parts if part.get("thinking"))
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
