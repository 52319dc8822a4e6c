"""The cost of a reply: model calls, prompt and completion tokens, and the time to its first word."""

from __future__ import annotations

import time
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult


class Usage(BaseCallbackHandler):
    """Counts the calls of one run; the clock starts when it is created.

    Attributes:
        calls: Model calls.
        prompt_tokens: Prompt tokens over all calls; 0 if the server does not count.
        completion_tokens: Written tokens, thoughts included.
        calls_to_first: Calls that had begun when the first word of the reply arrived.
        first_seconds: Seconds to the first word; 0.0: there was none.
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
        """Return the seconds since the clock started."""
        return time.perf_counter() - self._began

    def spoke(self) -> None:
        """Record that a word of the reply has arrived; the first one counts."""
        if not self.first_seconds:
            self.calls_to_first, self.first_seconds = self.calls, self.seconds

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        """Count a call."""
        self.calls += 1

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Add the server's token counts of a call."""
        for [generation] in response.generations:
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if isinstance(message, AIMessage) and (usage := message.usage_metadata):
                self.prompt_tokens += usage["input_tokens"]
                self.completion_tokens += usage["output_tokens"]
