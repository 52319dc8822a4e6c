"""Count the tokens of a turn's calls: as the model server reports them, or estimated where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from langchain_core.messages import AIMessageChunk, BaseMessage

from graph.prompts.budgets import estimate_tokens
from graph.prompts.sections import tokens_of
from memory.core.usage import Usage


@dataclass
class _Call:
    prompt: int = 0
    completion: int = 0
    written: str = ""

    def hear(self, chunk: AIMessageChunk) -> None:
        self.written += chunk.text + str(chunk.additional_kwargs.get("reasoning_content") or "")
        # The counts of an answer's chunks add up, as LangChain adds chunks.
        if usage := chunk.usage_metadata:
            self.prompt += usage["input_tokens"]
            self.completion += usage["output_tokens"]


class Tally:
    """Sums the token counts of one turn's calls.

    Args:
        before: The sum of the earlier calls.

    Attributes:
        usage: The sum including the calls counted here.
    """

    def __init__(self, before: Usage | None = None) -> None:
        self.usage = before or Usage()

    @contextmanager
    def call(self, messages: Sequence[BaseMessage]) -> Iterator[Callable[[AIMessageChunk], None]]:
        """Count one call; yields a function that takes each chunk of the answer.

        An interrupted call has no count from the server: its prompt and the text so far are estimated.

        Args:
            messages: The prompt.
        """
        call = _Call()
        try:
            yield call.hear
        finally:
            missing = not call.prompt or bool(call.written and not call.completion)
            prompt = call.prompt or tokens_of(messages)
            completion = call.completion or (estimate_tokens(call.written) if call.written else 0)
            self.usage = self.usage.with_call(prompt, completion, estimated=missing)
