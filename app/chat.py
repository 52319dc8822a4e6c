"""The chat model as the graph calls it: grammar in the server's own words, errors as sentences, calls that give way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.callbacks import CallbackManager, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig, ensure_config
from pydantic import ConfigDict, PrivateAttr

from app.completions import Completions, RefusedError
from app.refusals import refused
from app.thinking import Switch
from memory.errors import ModelUnavailable, PersonaError
from memory.reply_first import ReplyFirst, give_way

ServerKind = Literal["llamacpp", "vllm", "other"]
Unwanted = Callable[[], bool]
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}
_GIVES_WAY = 3
"""How often a background call starts anew for a reply, before it runs to its end."""
_LAST_SILENCE_S, _LAST_WHOLE_S = 5.0, 12.0
"""Seconds that a background call may stay silent once the program is ending; one whose answer comes whole."""
_PATIENCE = 5.0
"""How many times longer a whole answer may take than a server may be silent."""


class _UnwantedError(Exception):
    """Nobody waits for this call any more."""


class PersonaChat(BaseChatModel):
    """A model behind an OpenAI-compatible server.

    Attributes:
        completions: The server.
        url: Where it is, for what is said of it.
        model: The name to ask for.
        server: Which server it is, and so how a grammar is handed over (`other`: not at all).
        counts: Ask the server to count tokens.
        priority: For background calls on an embedded model: give way to replies.
        ending: For background calls: set when the program ends.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    completions: Completions
    url: str
    model: str
    server: ServerKind = "other"
    counts: bool = False
    priority: ReplyFirst | None = None
    ending: threading.Event | None = None
    _switch: Switch = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Make what is learnt of the server."""
        super().model_post_init(context)
        self._switch = Switch(knows_template=self.server != "other")

    @property
    def _llm_type(self) -> str:
        return "persona"

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """Stream as every chat model does; where nobody listens to the run, without the bookkeeping for those who do."""
        config = ensure_config(config)
        if CallbackManager.configure(config.get("callbacks"), self.callbacks, self.verbose).handlers:
            yield from super().stream(input, config, stop=stop, **kwargs)
        else:
            yield from self._said(self._convert_input(input).to_messages(), stop, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        # What calls this reports the pieces to callbacks.
        del run_manager
        chunk = None
        for chunk in self._said(messages, stop, **kwargs):
            yield ChatGenerationChunk(message=chunk, generation_info=chunk.response_metadata or None)
        if chunk is None:
            # Nobody waited for it any more; an answer without a piece is an error to LangChain.
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _said(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None = None,
        *,
        grammar: str | None = None,
        max_tokens: int | None = None,
        unwanted: Unwanted | None = None,
        think: bool = True,
    ) -> Iterator[AIMessageChunk]:
        """Yield an answer's pieces.

        Args:
            messages: The prompt.
            stop: Texts that end the answer.
            grammar: GBNF that it has to follow, where the server can hold it.
            max_tokens: At most so many.
            unwanted: Asked while the server is silent: whether nobody waits any more. The answer ends there then.
            think: Off: the server is asked to leave the model's own thinking out, where it can.
        """
        body = self._body(messages, stop, grammar, max_tokens)
        give_way()
        if think:
            yield from self._answer(body, unwanted)
        else:
            yield from self._switch.watch(self._answer(body | self._switch.fields(), unwanted))

    def _answer(self, body: dict[str, Any], unwanted: Unwanted | None) -> Iterator[AIMessageChunk]:
        if self.priority is None:
            yield from self._checked(body, unwanted or _never)
            return
        for attempt in range(_GIVES_WAY + 1):
            self.priority.wait()
            chunks = self._until_wanted(body, self.priority, gives_way=attempt < _GIVES_WAY)
            if chunks is not None:
                yield from chunks
                return

    def _body(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, grammar: str | None, max_tokens: int | None
    ) -> dict[str, Any]:
        told = [
            {"role": _ROLES[message.type], "content": message.content}
            if message.type in _ROLES
            else convert_to_openai_messages(message)
            for message in messages
        ]
        body: dict[str, Any] = {"model": self.model, "messages": told, "temperature": 0}
        if stop:
            body["stop"] = stop
        if max_tokens is not None:
            body["max_tokens"] = max_tokens
        if self.server == "llamacpp":
            # Lines of progress come while the prompt is read: a call that was given up is noticed at the next one.
            body |= {"cache_prompt": True, "reasoning_format": "none", "return_progress": True}
            if grammar:
                body["grammar"] = grammar
        elif self.server == "vllm" and grammar:
            body["structured_outputs"] = {"grammar": grammar}
        if self.counts and not self._takes_it_whole:
            body["stream_options"] = {"include_usage": True}
        return body

    @property
    def _takes_it_whole(self) -> bool:
        """Say whether an answer comes in one piece: a background call's, whose text nobody watches come.

        An embedded model's can be given up between two pieces.
        """
        return self.ending is not None and self.priority is None

    def _until_wanted(self, body: dict[str, Any], priority: ReplyFirst, *, gives_way: bool) -> list[AIMessageChunk] | None:
        """Collect a background call; None when it was given up for a reply."""

        def unwanted() -> bool:
            return gives_way and priority.wanted

        collected = []
        with closing(self._checked(body, unwanted)) as stream:
            for chunk in stream:
                collected.append(chunk)
                if unwanted():
                    return None
        return collected if _is_whole(collected) else None

    def _checked(self, body: dict[str, Any], unwanted: Unwanted) -> Generator[AIMessageChunk]:
        """Pass the answer on; every way to break off becomes one sentence."""
        finished = False
        try:
            for chunk in self._taken(body, unwanted):
                finished = finished or _is_whole([chunk])
                yield chunk
        except _UnwantedError:
            return
        except PersonaError:
            raise
        except Exception as error:
            raise _explained(error, self.url) from error
        if not finished:
            raise ModelUnavailable(
                f"The model server at {self.url} broke off in the middle of its answer. The message is kept; send it again."
            )

    def _taken(self, body: dict[str, Any], unwanted: Unwanted) -> Iterator[AIMessageChunk]:
        """Ask; again without the fields that switch thinking off, where the server refuses them."""
        asked = body
        while True:
            try:
                yield from self._pieces(asked, unwanted)
            except RefusedError as error:
                less = self._switch.less(asked, error.status, error.said)
                if less is None:
                    if asked is not body:
                        self._switch.innocent()
                    raise
                asked = less
            else:
                self._switch.taken(body, asked)
                return

    def _pieces(self, body: dict[str, Any], unwanted: Unwanted) -> Iterator[AIMessageChunk]:
        whole = self._takes_it_whole
        silence = _Silence(unwanted, self.ending, _LAST_WHOLE_S if whole else _LAST_SILENCE_S, whole=whole)
        if whole:
            yield self._chunk(self.completions.whole(body, silence.go_on, _PATIENCE))
            return
        with closing(self.completions.pieces(body, silence.go_on)) as pieces:
            for piece in pieces:
                silence.heard()
                yield self._chunk(piece)

    def _chunk(self, piece: dict[str, Any]) -> AIMessageChunk:
        choices = piece.get("choices") or [{}]
        delta = choices[0].get("delta") or {}
        chunk = AIMessageChunk(content=delta.get("content") or "")
        if thought := delta.get("reasoning_content") or delta.get("reasoning"):
            chunk.additional_kwargs["reasoning_content"] = thought
        if reason := choices[0].get("finish_reason"):
            chunk.response_metadata = {"finish_reason": reason, "model_name": self.model}
        if usage := piece.get("usage"):
            chunk.usage_metadata = _counted(usage)
        return chunk


@dataclass
class _Silence:
    """A server's, while it writes nothing.

    Attributes:
        unwanted: Whether nobody waits any more.
        ending: Set when the program ends.
        last_s: Seconds of silence that are waited for then.
        whole: The answer comes at once: its silence is counted from the end of the program on.
        since: When something was heard last.
    """

    unwanted: Unwanted
    ending: threading.Event | None
    last_s: float
    whole: bool
    since: float = field(default_factory=time.monotonic)

    def heard(self) -> None:
        """Note that something came."""
        self.since = time.monotonic()

    def go_on(self) -> None:
        """Raise where it is not waited for any longer."""
        if self.unwanted():
            raise _UnwantedError
        if self.ending is None:
            return
        if not self.ending.is_set():
            if self.whole:
                self.heard()
        elif time.monotonic() - self.since > self.last_s:
            raise ModelUnavailable("The program is ending, and the model server says nothing. The work stays pending.")


def _never() -> bool:
    return False


def _is_whole(chunks: Sequence[AIMessageChunk]) -> bool:
    return any("finish_reason" in chunk.response_metadata for chunk in chunks)


def _counted(usage: dict[str, Any]) -> UsageMetadata:
    details, thought = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    return UsageMetadata(
        input_tokens=usage.get("prompt_tokens") or 0,
        output_tokens=usage.get("completion_tokens") or 0,
        total_tokens=usage.get("total_tokens") or 0,
        input_token_details=InputTokenDetails(cache_read=details.get("cached_tokens") or 0),
        output_token_details=OutputTokenDetails(reasoning=thought.get("reasoning_tokens") or 0),
    )


def _explained(error: Exception, url: str) -> PersonaError:
    """Turn whatever a call raises into a sentence."""
    if isinstance(error, RefusedError):
        return refused(error.status, error.said, url, told_to_wait=error.told_to_wait)
    causes = _chain(error)
    if causes & {"NewConnectionError", "ConnectTimeoutError", "ConnectionRefusedError"}:
        return ModelUnavailable(
            f"No model server answers at {url}. Start it, or correct PERSONA_LLM_BASE_URL. The message is kept."
        )
    if any("Timeout" in name for name in causes):
        return ModelUnavailable(
            f"The model server at {url} did not answer in time. The message is kept; send it again, "
            "or raise PERSONA_LLM_TIMEOUT_S."
        )
    return ModelUnavailable(
        f"The connection to the model server at {url} broke off ({type(error).__name__}). The message is kept; send it again."
    )


def _chain(error: BaseException | None) -> set[str]:
    """Name the types of an error and of all that it came of; urllib3 keeps some causes as arguments or attributes."""
    if error is None:
        return set()
    kept = [getattr(error, "reason", None), getattr(error, "original_error", None), *error.args]
    causes = [error.__cause__ or error.__context__, *(one for one in kept if isinstance(one, BaseException))]
    return {kind.__name__ for kind in type(error).__mro__}.union(*map(_chain, causes))
