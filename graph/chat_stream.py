"""A reply in progress as a chat model, so that LangGraph streams its tokens to every kind of client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from graph.chat_messages import reply_of
from graph.events import AnswerDelta, Send
from memory.core.records import Turn


class ReplyModel(BaseChatModel):
    """Says the reply that arrives as events. LangGraph streams the chunks of a chat model in each of its protocols.

    The chunks have the id of the message that `invoke` returns; `push_message` would reach only clients of the older protocol.

    Attributes:
        events: The events of the reply; the last one is the answered turn.
        send: Takes the other events, such as thoughts and retrievals.
        answered: The turn, once the reply is complete.
    """

    events: Any
    send: Any
    answered: Turn | None = None
    cache: bool | None = False

    @property
    def _llm_type(self) -> str:
        return "persona"

    def _stream(
        self,
        messages: list[BaseMessage],  # noqa: ARG002 - LangChain's signature
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for message in self._chunks():
            yield ChatGenerationChunk(message=message)

    def _generate(
        self,
        messages: list[BaseMessage],  # noqa: ARG002 - LangChain's signature
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_: Any,
    ) -> ChatResult:
        text = "".join(chunk.text for chunk in self._chunks())
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _chunks(self) -> Iterator[AIMessageChunk]:
        send: Send = self.send
        shown = False
        for event in self.events:
            if isinstance(event, Turn):
                self.answered = event
            elif isinstance(event, AnswerDelta):
                shown = True
                yield AIMessageChunk(content=event.text)
            else:
                send(event)
        if self.answered is not None:
            whole = reply_of(self.answered, None)
            yield AIMessageChunk(
                content="" if shown else whole.content,
                usage_metadata=whole.usage_metadata,
                response_metadata=whole.response_metadata,
                chunk_position="last",
            )
