"""How much of each prompt a server has read before: two made-up talks through the real graphs, in both layouts.

What the model says is fixed, so that layouts and servers get the same prompts; each prompt is really read by the server, which
counts what it found in its prefix cache.
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
from memory.core.query import Limits
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
"""What a call can have in common with earlier ones: a later round goes on from the one before it, any other call is like
the one of its kind in an earlier turn (different kinds have no words in common)."""
_LOOKS = 2
_SAID = "So it was, as far as I can tell from what you told me."


class Models(Protocol):
    """Where the server is: `app.models.model_server.ModelServer`."""

    def chat(self, *, counts: bool) -> BaseChatModel:
        """Return a chat model whose answers say how many tokens were read, and how many of them had been read before."""

    def style(self) -> Style:
        """Say how prompts are made for it."""


@dataclass(frozen=True)
class Call:
    """One prompt, in tokens as the server counted them.

    Attributes:
        talk: Which talk.
        layout: Which layout.
        stage: Which call of a turn.
        prompt: All tokens.
        cached: Those that were in the server's cache.
        cold: It is the first of its kind, so that nothing of it could have been there.
    """

    talk: str
    layout: Layout
    stage: str
    prompt: int
    cached: int
    cold: bool = False


class Reading(BaseChatModel):
    """Has a server read each prompt, and says what the script has for it.

    Attributes:
        reader: The server's chat model.
        mark: Stands before every prompt: what was read under another mark does not count.
        read: (stage, tokens, cached tokens) of every call so far.
    """

    reader: BaseChatModel
    mark: str = ""
    read: list[tuple[str, int, int]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "reading"

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        del stop, run_manager
        grammar, told = kwargs.get("grammar"), [{"content": message.text} for message in messages]
        stage = stage_of(grammar, told) if grammar else _DIRECT
        first = messages[0].model_copy(update={"content": f"({self.mark})\n{messages[0].text}"})
        prompt = cached = 0
        for chunk in self.reader.stream([first, *messages[1:]], max_tokens=1):
            if isinstance(chunk, AIMessageChunk) and (usage := chunk.usage_metadata):
                # vLLM leaves the number out where it is 0.
                prompt, cached = usage["input_tokens"], usage.get("input_token_details", {}).get("cache_read") or 0
        self.read.append((stage, prompt, cached))
        text = _SAID if stage == _DIRECT else says(stage, told)
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
    """Play the talks; returns every call.

    Args:
        models: The server. In each call it writes one token.
        embedder: Makes the vectors of what is remembered.
        layouts: Of the prompts, one after the other.
        on_progress: Told what is done.

    Raises:
        InvalidInput: The server does not say which tokens it had read before.
        ModelUnavailable: It does not answer.
    """
    calls: list[Call] = []
    for layout in layouts:
        # One mark a layout: its talks share what all prompts of it have in common, as users of one server do.
        chat = Reading(reader=models.chat(counts=True), mark=secrets.token_hex(4))
        # The same prompts for all servers, as for a window of the default size.
        style = replace(models.style(), layout=layout, max_looks=_LOOKS, limits=Limits(), budgets=Budgets())
        known: set[str] = set()
        for talk, messages in TALKS.items():
            with tempfile.TemporaryDirectory() as folder, Memory(Path(folder), embedder) as memory:
                _play(messages(), chat, memory, style)
            for stage, prompt, cached in chat.read:
                calls.append(Call(talk, layout, stage, prompt, cached, cold=stage not in (*known, *_GROUPS[_WITHIN])))
                known.add(stage)
            chat.read.clear()
            on_progress(f"Played {talk} in the layout {layout}")
    if not any(call.cached for call in calls):
        raise InvalidInput(
            "The server does not say which tokens it had read before. Start vLLM with --enable-prompt-tokens-details "
            "(persona serve … -- --enable-prompt-tokens-details)."
        )
    return calls


def summed(calls: Sequence[Call]) -> dict[str, Any]:
    """Sum up by talk and layout, cold calls left out.

    Returns:
        `{talk: {layout: {"stages": {stage: numbers}, "shared": {with what: numbers}}}}`, in the order in which a turn makes its
        calls. The numbers: `calls`, `prompt` and `cached` tokens, `rate`, and `new`, the tokens that a call had to read.
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
    """Answer each message and do what follows from it before the next one comes; a session that is over is consolidated."""
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
