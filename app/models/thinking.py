"""Asks a server to switch off the thinking of its model, in several ways; rejected ways are not used again.

vLLM, SGLang and llama.cpp pass `chat_template_kwargs` to the template of the model: Qwen3, GLM and others know
`enable_thinking`, DeepSeek and Granite `thinking`. OpenAI, Ollama, LM Studio and others know `reasoning_effort`. A server may
reject a field that it does not know.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from typing import Any

from langchain_core.messages import AIMessageChunk

from graph.formats.thoughts import has_thought

_TEMPLATE, _EFFORT = "chat_template_kwargs", "reasoning_effort"
FIELDS = (_TEMPLATE, _EFFORT)
_OFF = {"enable_thinking": False, "thinking": False}
_EFFORTS = ("none", "low")
"""Lowest first: some models reject `none`."""
_REJECTED_STATUSES = frozenset({400, 422})


class Switch:
    """The request fields that switch off thinking on one server.

    Args:
        knows_template: The server accepts `chat_template_kwargs`. Other servers get fields only after their model has thought.
    """

    def __init__(self, *, knows_template: bool) -> None:
        self._template = True
        self._always = knows_template
        self._efforts = list(_EFFORTS)
        self._seen = False
        self._settled = False
        self._lock = threading.Lock()

    def fields(self) -> dict[str, Any]:
        """Return the fields to add to a request."""
        with self._lock:
            told: dict[str, Any] = {}
            if self._template and (self._always or self._seen):
                told[_TEMPLATE] = dict(_OFF)
            if self._efforts and self._seen:
                told[_EFFORT] = self._efforts[0]
            return told

    def watch(self, chunks: Iterable[AIMessageChunk]) -> Generator[AIMessageChunk]:
        """Yield the answer to a request with these fields, and record whether the model thought anyway."""
        text, hidden, cut = "", False, False
        for chunk in chunks:
            text += chunk.text
            usage = chunk.usage_metadata
            counted = (usage.get("output_token_details") or {}).get("reasoning") if usage else None
            hidden = hidden or bool(counted or chunk.additional_kwargs.get("reasoning_content"))
            cut = cut or chunk.response_metadata.get("finish_reason") == "length"
            yield chunk
        if hidden or has_thought(text) or (cut and not text.strip()):
            self._seen = True

    def less(self, body: dict[str, Any], status: int | None, said: str) -> dict[str, Any] | None:
        """Return a rejected request without the fields that caused it; None if these fields did not cause it.

        Args:
            body: The request.
            status: The HTTP status.
            said: The server's own words.
        """
        ours = [name for name in FIELDS if name in body]
        if not ours:
            return None
        named = [name for name in ours if name in said]
        if status not in _REJECTED_STATUSES or (self._settled and not named):
            return None
        left = {name: value for name, value in body.items() if name not in (named or ours)}
        with self._lock:
            for name in named:
                self._leave_out(name, body)
            if named == [_EFFORT] and self._efforts:
                left[_EFFORT] = self._efforts[0]
        return left

    def taken(self, told: dict[str, Any], asked: dict[str, Any]) -> None:
        """Record that a server accepted a request.

        Args:
            told: The request as intended.
            asked: The request as accepted; fields missing here are omitted from now on.
        """
        self._settled = self._settled or _TEMPLATE in asked or _EFFORT in asked
        with self._lock:
            for name in FIELDS:
                if name in told and name not in asked:
                    self._leave_out(name, told)

    def innocent(self) -> None:
        """Record that a request was also rejected without these fields, so they are not the cause."""
        self._settled = True

    def _leave_out(self, name: str, body: dict[str, Any]) -> None:
        if name == _TEMPLATE:
            self._template = False
        elif self._efforts and self._efforts[0] == body[_EFFORT]:
            del self._efforts[0]
