"""A chat model with a fixed call time and well-formed output, so that our own part alone is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from graph.formats import memory_formats, protocol
from graph.formats.memory_formats import Extraction, format_semantic
from memory.core.records import TRAITS

_SAYS = {
    protocol.REASONING_GRAMMAR: protocol.format_reasoning(protocol.Answer("(a)", "It is plain.")),
    memory_formats.PERSONALITY_GRAMMAR: "\n".join(f'"{trait}": 3' for trait in TRAITS),
    memory_formats.SEMANTIC_GRAMMAR: format_semantic(Extraction(False, "", (), "It tells nothing.")),
    memory_formats.CORE_GRAMMAR: '"name": "unknown"',
    memory_formats.EPISODIC_GRAMMAR: '"topic_summary": "The user talked."\n"keywords": "talk"\n"source_dialog_indices": 0',
    memory_formats.PROCEDURAL_GRAMMAR: "none",
}
_ELSE = "(a)"


class StandIn(BaseChatModel):
    """Returns output that fits the grammar of the call.

    Attributes:
        seconds: Duration of every call.
    """

    seconds: float = 1.0

    @property
    def _llm_type(self) -> str:
        return "stand-in"

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        del messages, stop, run_manager
        time.sleep(self.seconds)
        yield ChatGenerationChunk(message=AIMessageChunk(content=_SAYS.get(str(kwargs.get("grammar")), _ELSE)))

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        [chunk] = self._stream(messages, stop, run_manager, **kwargs)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(chunk.text))])
