"""What a reply took: model calls, tokens read and written, and how long its first word was waited for."""

from __future__ import annotations

import time
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult


class Usage(BaseCallbackHandler):
    """Counts the calls of one run; the clock starts when it is made.

    Attributes:
        calls: Of the model.
        prompt_tokens: That it read, over all calls; 0 where the server does not count.
        completion_tokens: That it wrote, thoughts included.
        calls_to_first: Calls that were begun when the first word of the reply was there.
        first_seconds: How long that took; 0.0: there was no word.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.calls_to_first = 0
        self.first_seconds = 0.0
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Return how long it is since the clock started."""
        return time.perf_counter() - self._began

    def spoke(self) -> None:
        """Note that a word of the reply is there; the first one counts."""
        if not self.first_seconds:
            self.calls_to_first, self.first_seconds = self.calls, self.seconds

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        """Note a call."""
        self.calls += 1

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Note what the server counted of a call."""
        for [generation] in response.generations:
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if isinstance(message, AIMessage) and (usage := message.usage_metadata):
                self.prompt_tokens += usage["input_tokens"]
                self.completion_tokens += usage["output_tokens"]
