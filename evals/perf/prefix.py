"""How much of each prompt is in a server's prefix cache: two scripted conversations through the real graphs, in both layouts.

The model's replies are fixed, so that layouts and servers get the same prompts; the server really processes each prompt, and
counts the tokens that it found in its prefix cache.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, get_args

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from evals.perf import prefix_talk
from evals.perf.prefix_talk import Message
from evals.perf.script import says, stage_of
from graph import consolidate, remember, respond
from graph.context import Context
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from graph.prompts.sections import Layout
from memory.core.errors import InvalidInput
from memory.core.query import SearchLimits
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
TALKS = {"two sessions": prefix_talk.sessions, "a long session": prefix_talk.long}
_DIRECT = "direct"
_WITHIN = "across calls of a turn"
_GROUPS = {
    _WITHIN: ("reason again", "answer"),
    "across turns, replies": ("reason", _DIRECT),
    "across turns, background": ("personality", "semantic", "change", "episodic", "procedural", "core"),
}
"""What a call can share with earlier ones: a later round continues the one before it, any other call resembles the one of its
type in an earlier turn (different types share no words).
"""
_MAX_RETRIEVALS = 2
_FIXED_REPLY = "So it was, as far as I can tell from what you told me."


class Models(Protocol):
    """Where the server is: `app.models.model_server.ModelServer`."""

    def chat(self, *, counts: bool) -> BaseChatModel:
        """Return a chat model whose answers say how many tokens were processed, and how many of them were cached."""

    def style(self) -> Style:
        """Return how prompts are made for it."""


@dataclass(frozen=True)
class Call:
    """One prompt, in tokens as the server counted them.

    Attributes:
        talk: Which conversation.
        layout: Which layout.
        stage: Which call of a turn.
        prompt: All tokens.
        cached: Tokens that were in the server's cache.
        cold: Whether it is the first of its type, so that nothing could be cached.
    """

    talk: str
    layout: Layout
    stage: str
    prompt: int
    cached: int
    cold: bool = False


class PromptCounter(BaseChatModel):
    """Has a server process each prompt, and replies with the script's text.

    Attributes:
        server: The server's chat model.
        mark: Precedes every prompt: prompts with another mark share no cache.
        counted: (stage, tokens, cached tokens) of every call so far.
    """

    server: BaseChatModel
    mark: str = ""
    counted: list[tuple[str, int, int]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "counting"

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        del stop, run_manager
        grammar, told = kwargs.get("grammar"), [{"content": message.text} for message in messages]
        stage = stage_of(grammar, told) if grammar else _DIRECT
        first = messages[0].model_copy(update={"content": f"({self.mark})\n{messages[0].text}"})
        prompt = cached = 0
        for chunk in self.server.stream([first, *messages[1:]], max_tokens=1):
            if isinstance(chunk, AIMessageChunk) and (usage := chunk.usage_metadata):
                # vLLM leaves the number out if it is 0.
                prompt, cached = usage["input_tokens"], usage.get("input_token_details", {}).get("cache_read") or 0
        self.counted.append((stage, prompt, cached))
        text = _FIXED_REPLY if stage == _DIRECT else says(stage, told)
        yield ChatGenerationChunk(message=AIMessageChunk(content=text))

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        [chunk] = self._stream(messages, stop, run_manager, **kwargs)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(chunk.text))])


def measure(
    models: Models,
    embedder: Embedder,
    layouts: Sequence[Layout] = LAYOUTS,
    on_progress: Callable[[str], None] = lambda _text: None,
) -> list[Call]:
    """Play the conversations; returns every call.

    Args:
        models: The server. In each call it writes one token.
        embedder: Makes the vectors of memories.
        layouts: Prompt layouts, one after the other.
        on_progress: Called with a line of progress.

    Raises:
        InvalidInput: The server does not report its cached tokens.
        ModelUnavailable: It does not answer.
    """
    calls: list[Call] = []
    for layout in layouts:
        # One mark per layout: its conversations share what all prompts of the layout share, as users of one server do.
        chat = PromptCounter(server=models.chat(counts=True), mark=secrets.token_hex(4))
        # The same prompts for all servers, as for a window of the default size.
        style = replace(models.style(), layout=layout, max_retrievals=_MAX_RETRIEVALS, limits=SearchLimits(), budgets=Budgets())
        known: set[str] = set()
        for talk, messages in TALKS.items():
            with tempfile.TemporaryDirectory() as folder, Memory(Path(folder), embedder) as memory:
                _play(messages(), chat, memory, style)
            for stage, prompt, cached in chat.counted:
                calls.append(Call(talk, layout, stage, prompt, cached, cold=stage not in (*known, *_GROUPS[_WITHIN])))
                known.add(stage)
            chat.counted.clear()
            on_progress(f"Played {talk} in the layout {layout}")
    if not any(call.cached for call in calls):
        raise InvalidInput(
            "The server does not say which tokens it had read before. Start vLLM with --enable-prompt-tokens-details "
            "(persona serve … -- --enable-prompt-tokens-details)."
        )
    return calls


def summed(calls: Sequence[Call]) -> dict[str, Any]:
    """Sum up by conversation and layout, without cold calls.

    Returns:
        `{talk: {layout: {"stages": {stage: numbers}, "shared": {with what: numbers}}}}`, in the order in which a turn makes
        its calls. The numbers: `calls`, `prompt` and `cached` tokens, `rate`, and `new`, the tokens that were not cached.
    """
    found: dict[str, Any] = {}
    for talk, layout in dict.fromkeys((call.talk, call.layout) for call in calls):
        warm = [call for call in calls if (call.talk, call.layout) == (talk, layout) and not call.cold]
        by_stage = {stage: [call for call in warm if call.stage == stage] for stages in _GROUPS.values() for stage in stages}
        by_group = {name: [call for stage in stages for call in by_stage[stage]] for name, stages in _GROUPS.items()}
        found.setdefault(talk, {})[layout] = {
            "stages": {stage: _sums(some) for stage, some in by_stage.items() if some},
            "shared": {name: _sums(some) for name, some in by_group.items() if some},
        }
    return found


def _sums(calls: Sequence[Call]) -> dict[str, float]:
    prompt, cached = sum(call.prompt for call in calls), sum(call.cached for call in calls)
    return {
        "calls": len(calls),
        "prompt": prompt,
        "cached": cached,
        "rate": round(cached / max(prompt, 1), 3),
        "new": round((prompt - cached) / len(calls)),
    }


def _play(messages: Sequence[Message], chat: BaseChatModel, memory: Memory, style: Style) -> None:
    """Answer each message and run its background work before the next one; an ended session is consolidated."""
    responding, remembering = respond.build(chat, memory, style), remember.build(chat, memory, style)
    consolidating = consolidate.build(chat, memory, style.prompts, style.budgets, small=style.is_small)
    for number, message in enumerate(messages, start=1):
        context = Context(time=message.time.isoformat(), reasoning=message.reasoning)
        responding.invoke({"text": message.text}, context=context)
        if number == len(messages) or messages[number].session != message.session:
            memory.journal.end_session(context.user_id)
        while item := memory.work.next_of(context.user_id, due_only=False):
            if item.kind == "remember":
                remembering.invoke({"turn_id": item.subject}, context=context)
            else:
                consolidating.invoke({"session": int(item.subject)}, context=context)
