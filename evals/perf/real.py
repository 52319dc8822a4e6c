"""A short conversation with a real model: words per second, seconds per turn, and how much of each prompt was cached."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from app.events import AnswerDelta, Answered
from app.models.model_server import ModelServer
from app.service import PersonaService
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

if TYPE_CHECKING:
    from app.models.chat import PersonaChat

_USER = "bench"
_PAUSE = timedelta(minutes=3)
_TALK = (
    ("I adopted a beagle last week, his name is Biscuit.", timedelta()),
    ("He barks at the neighbour's cat every single morning.", _PAUSE),
    ("I work as a nurse, and the night shifts are wearing me out.", _PAUSE),
    ("On Saturday I walk along the river with my sister Lena.", _PAUSE),
    ("Good morning! How are you today?", timedelta(days=2)),
    ("What is my dog called?", _PAUSE),
    ("What do I do for a living?", _PAUSE),
    ("With whom do I walk on Saturdays?", _PAUSE),
)
"""Each message, and the time since the message before it: two sessions, the second with questions about the first."""


class Counter(BaseCallbackHandler):
    """Sums the tokens of prompts, and those that were in the server's prefix cache."""

    def __init__(self) -> None:
        self.prompt = 0
        self.cached = 0

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Add the server's token counts of a call."""
        for [generation] in response.generations:
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if isinstance(message, AIMessage) and (usage := message.usage_metadata):
                self.prompt += usage["input_tokens"]
                self.cached += usage.get("input_token_details", {}).get("cache_read") or 0

    @property
    def rate(self) -> float:
        """Return the share of tokens that were cached."""
        return round(self.cached / max(self.prompt, 1), 3)


class Counted(ModelServer):
    """A model server whose calls are counted, replies and background work separately."""

    replies = Counter()
    background = Counter()

    def chat(self, *, background: bool = False, counts: bool = True) -> PersonaChat:
        """Return a chat model that records its prompts' tokens."""
        made = super().chat(background=background, counts=counts)
        made.callbacks = [self.background if background else self.replies]
        return made


def measure(models: Counted, embedder: Embedder, on_progress: Callable[[str], None]) -> dict[str, Any]:
    """Chat with the model, each turn until its background work is done.

    Args:
        models: The model; closed at the end.
        embedder: Makes the vectors.
        on_progress: Called with each message.

    Returns:
        `model`; medians of `first_s` (to the first word of a reply), `reply_s`, `after_s` (background work) and
        `words_per_second` (of the answer as it streams); `cached`: shares of the prompts' tokens that were cached.
    """
    model = models.endpoint().model
    firsts: list[float] = []
    replies: list[float] = []
    afters: list[float] = []
    speeds: list[float] = []
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder, PersonaService(Memory(Path(folder), embedder), models, work=False) as service:
        for text, pause in _TALK:
            at += pause
            began, first, reply = time.monotonic(), None, ""
            for event in service.stream(_USER, text, time=at):
                if isinstance(event, AnswerDelta) and first is None:
                    first = time.monotonic()
                if isinstance(event, Answered):
                    reply = event.turn.reply
            replied = time.monotonic()
            service.wait(_USER)
            firsts.append((first or replied) - began)
            replies.append(replied - began)
            afters.append(time.monotonic() - replied)
            if first is not None and replied > first:
                speeds.append(len(reply.split()) / (replied - first))
            on_progress(f"{text} -> {reply} ({replies[-1]:.1f} s, {afters[-1]:.1f} s of background work)")
    return {
        "model": model,
        **{
            name: round(statistics.median(values), 2)
            for name, values in (("first_s", firsts), ("reply_s", replies), ("after_s", afters), ("words_per_second", speeds))
        },
        "cached": {"replies": models.replies.rate, "background": models.background.rate},
    }
