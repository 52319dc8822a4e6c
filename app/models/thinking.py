"""Asking a server to leave its model's thinking out, in the ways that servers know; what one refuses is left out from then on.

vLLM, SGLang and llama.cpp hand `chat_template_kwargs` to the model's template: Qwen3, GLM and others know `enable_thinking`,
DeepSeek and Granite `thinking`. OpenAI, Ollama, LM Studio and others know `reasoning_effort`. A server may refuse a field that
it does not know.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.messages import AIMessageChunk

from graph.formats.thoughts import has_thought

_TEMPLATE, _EFFORT = "chat_template_kwargs", "reasoning_effort"
FIELDS = (_TEMPLATE, _EFFORT)
_OFF = {"enable_thinking": False, "thinking": False}
_EFFORTS = ("none", "low")
"""The least first: some models refuse to think nothing."""
_REFUSED = frozenset({400, 422})


class Switch:
    """What one server is told so that its model does not think.

    Args:
        knows_template: It takes `chat_template_kwargs`; another is told something only once its model was seen to think.
    """

    def __init__(self, *, knows_template: bool) -> None:
        self._template = True
        self._always = knows_template
        self._efforts = list(_EFFORTS)
        self._seen = False
        self._settled = False
        self._lock = threading.Lock()

    def fields(self) -> dict[str, Any]:
        """Return what is added to a request."""
        with self._lock:
            told: dict[str, Any] = {}
            if self._template and (self._always or self._seen):
                told[_TEMPLATE] = dict(_OFF)
            if self._efforts and self._seen:
                told[_EFFORT] = self._efforts[0]
            return told

    def watch(self, chunks: Iterable[AIMessageChunk]) -> Iterator[AIMessageChunk]:
        """Pass on the answer to a request with these fields, and note whether the model thought all the same."""
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
        """Return a refused request without what may have been refused in it; None: it was not refused for these fields.

        Args:
            body: The request.
            status: Of HTTP.
            said: The server's own words.
        """
        ours = [name for name in FIELDS if name in body]
        if not ours:
            return None
        named = [name for name in ours if name in said]
        if status not in _REFUSED or (self._settled and not named):
            return None
        left = {name: value for name, value in body.items() if name not in (named or ours)}
        with self._lock:
            for name in named:
                self._leave_out(name, body)
            if named == [_EFFORT] and self._efforts:
                left[_EFFORT] = self._efforts[0]
        return left

    def taken(self, told: dict[str, Any], asked: dict[str, Any]) -> None:
        """Note that a server took a request.

        Args:
            told: As it was to be.
            asked: As it was taken: what it does not hold of these fields is left out from now on.
        """
        self._settled = self._settled or _TEMPLATE in asked or _EFFORT in asked
        with self._lock:
            for name in FIELDS:
                if name in told and name not in asked:
                    self._leave_out(name, told)

    def innocent(self) -> None:
        """Note that a request was refused without these fields too: they are not in the way."""
        self._settled = True

    def _leave_out(self, name: str, body: dict[str, Any]) -> None:
        if name == _TEMPLATE:
            self._template = False
        elif self._efforts and self._efforts[0] == body[_EFFORT]:
            del self._efforts[0]
