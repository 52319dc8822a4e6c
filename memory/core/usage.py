"""Tokens and seconds that a reply took (pure)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Usage(BaseModel):
    """The total usage of all model calls of one reply; token counts have OpenAI's names.

    Attributes:
        prompt_tokens: Tokens in the prompts.
        completion_tokens: Tokens that the model wrote, including its thoughts.
        total_tokens: The sum of both.
        calls: Number of model calls.
        seconds: Seconds from the message to the end of the reply.
        first_word_seconds: Seconds from the message to the first word of the reply; None if there was no word.
        estimated: The server did not count all tokens, so some counts are estimated from the text, and rather too high.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    total_tokens: int = Field(default=0, ge=0)
    calls: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    first_word_seconds: float | None = Field(default=None, ge=0)
    estimated: bool = False

    def with_call(self, prompt: int, completion: int, *, estimated: bool) -> Usage:
        """Return the usage with one more call added."""
        return self.model_copy(
            update={
                "prompt_tokens": self.prompt_tokens + prompt,
                "completion_tokens": self.completion_tokens + completion,
                "total_tokens": self.total_tokens + prompt + completion,
                "calls": self.calls + 1,
                "estimated": self.estimated or estimated,
            }
        )

    def timed(self, timings_ms: dict[str, float]) -> Usage:
        """Return the usage with the seconds from a trace's timings (`total` and, if present, `first_answer`)."""
        first = timings_ms.get("first_answer")
        seconds = {
            "seconds": round(timings_ms.get("total", 0.0) / 1000, 3),
            "first_word_seconds": None if first is None else round(first / 1000, 3),
        }
        return self.model_copy(update=seconds)
