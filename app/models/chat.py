"""The chat model that the graphs call: sends grammars as each server needs, explains errors, and yields to replies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from langchain_core.callbacks import CallbackManager, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig, ensure_config
from pydantic import ConfigDict, Field, PrivateAttr

from app.models.completions import Completions, NoApiError, RefusedError
from app.models.cut_prompts import count_in
from app.models.endpoint import ServerKind
from app.models.heard import Heard, WithoutOpening, answer_from_thought
from app.models.learned_limits import Learned
from app.models.parameters import TRIES
from app.models.refusals import no_api, refused
from app.models.thinking import FIELDS, Switch
from app.operations.model_calls import ModelCalls
from memory.core.errors import ModelBrokeOff, ModelUnavailable, PersonaError
from memory.core.priority import ReplyFirst, give_way

Unwanted = Callable[[], bool]
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}
_MAX_RESTARTS = 3
"""How often a background call is restarted for a reply before it runs to its end."""
_LAST_SILENCE_S, _LAST_WHOLE_S = 5.0, 12.0
"""Seconds that a background call may stay silent at the end of the program: streamed, and not streamed."""
_WHOLE_ANSWER_FACTOR = 5.0
"""A whole answer may take this many times as long as a silence in a stream."""


class _UnwantedError(Exception):
    """The call was cancelled, because its result is no longer needed."""


class PersonaChat(BaseChatModel):
    """A model behind an OpenAI-compatible server.

    Attributes:
        completions: The HTTP client of the server.
        url: The URL of the server, for error messages.
        model: The model name for calls.
        server: The type of server, which decides how a grammar is sent (`other`: not at all).
        counts: Ask the server to count tokens.
        learned: What earlier calls revealed about the server.
        calls: Watches the calls.
        priority: For background calls on an embedded model, which yield to replies.
        ending: For background calls: set when the program ends.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    completions: Completions
    url: str
    model: str
    server: ServerKind = "other"
    counts: bool = False
    learned: Learned = Field(default_factory=Learned)
    calls: ModelCalls = Field(default_factory=ModelCalls)
    priority: ReplyFirst | None = None
    ending: threading.Event | None = None
    _switch: Switch = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Create the switch for the thinking of the model."""
        super().model_post_init(context)
        self._switch = Switch(knows_template=self.server != "other")

    def notices(self) -> tuple[str, ...]:
        """Return the new notices about the server for a person."""
        return self.learned.taken()

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
        """Stream like every chat model, but without LangChain's bookkeeping if the run has no callbacks."""
        config = ensure_config(config)
        if CallbackManager.configure(config.get("callbacks"), self.callbacks, self.verbose).handlers:
            yield from super().stream(input, config, stop=stop, **kwargs)
        else:
            yield from self._ask(self._convert_input(input).to_messages(), stop, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        # The caller reports the chunks to callbacks.
        del run_manager
        chunk = None
        for chunk in self._ask(messages, stop, **kwargs):
            yield ChatGenerationChunk(message=chunk, generation_info=chunk.response_metadata or None)
        if chunk is None:
            # The call was cancelled; LangChain treats an answer without a chunk as an error.
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _ask(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None = None,
        *,
        grammar: str | None = None,
        max_tokens: int | None = None,
        unwanted: Unwanted | None = None,
        think: bool = True,
    ) -> Iterator[AIMessageChunk]:
        """Yield the chunks of an answer.

        Args:
            messages: The prompt.
            stop: Texts that end the answer.
            grammar: A GBNF grammar for the answer, if the server supports grammars.
            max_tokens: The maximum number of tokens.
            unwanted: Called while the server is silent; returning true ends the answer.
            think: Off: the server is asked to switch off the thinking of the model, if it can.
        """
        body, formed = self._body(messages, stop, grammar, max_tokens), grammar is not None
        give_way()
        answer = (
            self._answer(body, unwanted, formed=formed)
            if think
            else self._switch.watch(self._answer(body | self._switch.fields(), unwanted, formed=formed))
        )
        yield from self.calls.watched(answer, self.model, background=self.ending is not None)

    def _answer(self, body: dict[str, Any], unwanted: Unwanted | None, *, formed: bool) -> Generator[AIMessageChunk]:
        if self.priority is None:
            yield from self._checked(body, unwanted or _never, formed=formed)
            return
        for attempt in range(_MAX_RESTARTS + 1):
            self.priority.wait()
            chunks = self._until_wanted(body, self.priority, gives_way=attempt < _MAX_RESTARTS, formed=formed)
            if chunks is not None:
                yield from chunks
                return

    def _body(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, grammar: str | None, max_tokens: int | None
    ) -> dict[str, Any]:
        prompt = [
            {"role": _ROLES[message.type], "content": message.content}
            if message.type in _ROLES
            else convert_to_openai_messages(message)
            for message in messages
        ]
        body: dict[str, Any] = {"model": self.model, "messages": prompt, "temperature": 0}
        if stop:
            body["stop"] = stop
        if max_tokens is not None:
            body["max_tokens"] = max_tokens
        if self.server == "llamacpp":
            # Progress lines arrive while the prompt is read, so a cancelled call is noticed at the next one.
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
        """Return whether an answer comes as a whole, as for background calls, whose text is not shown as it comes.

        Calls to an embedded model are streamed, so that they can be cancelled between two chunks.
        """
        return self.ending is not None and self.priority is None

    def _until_wanted(
        self, body: dict[str, Any], priority: ReplyFirst, *, gives_way: bool, formed: bool
    ) -> list[AIMessageChunk] | None:
        """Return the chunks of a background call; None if it was cancelled for a reply."""

        def unwanted() -> bool:
            return gives_way and priority.wanted

        collected = []
        with closing(self._checked(body, unwanted, formed=formed)) as stream:
            for chunk in stream:
                collected.append(chunk)
                if unwanted():
                    return None
        return collected if _is_whole(collected) else None

    def _checked(self, body: dict[str, Any], unwanted: Unwanted, *, formed: bool) -> Generator[AIMessageChunk]:
        """Yield the chunks of an answer; every failure becomes an error with one sentence."""
        heard, opened = Heard(), WithoutOpening()
        bound = "grammar" in body and "<think>" not in body["grammar"]
        try:
            for received in self._accepted(body, unwanted):
                chunk = opened.take(received) if bound else received
                yield self._message_chunk(heard.take(answer_from_thought(chunk) if formed and self._takes_it_whole else chunk))
        except _UnwantedError:
            return
        except PersonaError:
            raise
        except Exception as error:
            if not heard.is_closed:
                raise _explained(error, self.url, self.model) from error
        if not heard.is_complete:
            raise ModelBrokeOff(
                f"The model server at {self.url} broke off in the middle of its answer. The message is saved; send it again."
            )
        if heard.usage:
            self.learned.counted(body, heard.usage)
            # Once, at the end: some servers count in each chunk, and LangChain adds up the counts of chunks.
            yield AIMessageChunk(content="", usage_metadata=_counted(heard.usage))
        if formed and (text := heard.thought_as_answer):
            # The grammar applied inside the thought, so the answer arrived as the thought.
            yield AIMessageChunk(content=text)
        if not heard.reason:
            yield self._message_chunk(
                {"choices": [{"delta": {"content": "", "reasoning": ""}, "finish_reason": "stop"}], "usage": None}
            )

    def _accepted(self, body: dict[str, Any], unwanted: Unwanted) -> Iterator[dict[str, Any]]:
        """Send a call, and repeat it without rejected parameters; they are omitted from then on once that works."""
        parameters, asked = self.learned.parameters, body
        for attempt in range(TRIES):
            sent = parameters.applied(asked)
            try:
                for chunk in self._chunks(sent, unwanted, whole="stream" in parameters.left_out):
                    self.learned.parameters = parameters
                    yield chunk
            except RefusedError as error:
                ours = {name: value for name, value in sent.items() if name not in FIELDS}
                less = parameters.without(ours, error.status, error.said)
                # The fields that switch thinking off are handled by `Switch`, which knows several.
                fewer = self._switch.less(asked, error.status, error.said) if less is None else asked
                if fewer is None or attempt == TRIES - 1:
                    if asked is not body:
                        self._switch.innocent()
                    raise
                parameters, asked = less or parameters, fewer
            else:
                self._switch.taken(body, asked)
                return

    def _chunks(self, body: dict[str, Any], unwanted: Unwanted, *, whole: bool) -> Iterator[dict[str, Any]]:
        whole = whole or self._takes_it_whole
        silence = _Silence(unwanted, self.ending, _LAST_WHOLE_S if whole else _LAST_SILENCE_S, whole=whole)
        if whole:
            yield self.completions.whole(body, silence.go_on, _WHOLE_ANSWER_FACTOR)
            return
        with closing(self.completions.chunks(body, silence.go_on)) as chunks:
            for chunk in chunks:
                silence.heard()
                yield chunk

    def _message_chunk(self, chunk: dict[str, Any]) -> AIMessageChunk:
        [choice] = chunk["choices"][:1] or [{"delta": {"content": "", "reasoning": ""}, "finish_reason": None}]
        message = AIMessageChunk(content=choice["delta"]["content"])
        if thought := choice["delta"]["reasoning"]:
            message.additional_kwargs["reasoning_content"] = thought
        if reason := choice["finish_reason"]:
            message.response_metadata = {"finish_reason": reason, "model_name": self.model}
        return message


@dataclass
class _Silence:
    """The silence of a server during a call.

    Attributes:
        unwanted: Returns whether the call is no longer needed.
        ending: Set when the program ends.
        last_s: Seconds of silence allowed after that.
        whole: The answer comes as a whole, so its silence is counted from the end of the program.
        since: The time of the last chunk.
    """

    unwanted: Unwanted
    ending: threading.Event | None
    last_s: float
    whole: bool
    since: float = field(default_factory=time.monotonic)

    def heard(self) -> None:
        """Record that a chunk came."""
        self.since = time.monotonic()

    def go_on(self) -> None:
        """Raise an error if the call should end."""
        if self.unwanted():
            raise _UnwantedError
        if self.ending is None:
            return
        if not self.ending.is_set():
            if self.whole:
                self.heard()
        elif time.monotonic() - self.since > self.last_s:
            raise ModelUnavailable("The program is ending, and the model server does not answer. The work stays pending.")


def _never() -> bool:
    return False


def _is_whole(chunks: Sequence[AIMessageChunk]) -> bool:
    return any("finish_reason" in chunk.response_metadata for chunk in chunks)


def _counted(usage: dict[str, Any]) -> UsageMetadata:
    details, thought = (_dict(usage.get(f"{name}_tokens_details")) for name in ("prompt", "completion"))
    return UsageMetadata(
        input_tokens=count_in(usage.get("prompt_tokens")),
        output_tokens=count_in(usage.get("completion_tokens")),
        total_tokens=count_in(usage.get("total_tokens")),
        input_token_details=InputTokenDetails(cache_read=count_in(details.get("cached_tokens"))),
        output_token_details=OutputTokenDetails(reasoning=count_in(thought.get("reasoning_tokens"))),
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _explained(error: Exception, url: str, model: str) -> PersonaError:
    """Return the error, with one sentence, for any exception of a call."""
    if isinstance(error, RefusedError):
        return refused(error.status, error.said, url, model, told_to_wait=error.told_to_wait)
    if isinstance(error, NoApiError):
        return no_api(url, str(error))
    causes = _chain(error)
    if causes & {"NewConnectionError", "ConnectTimeoutError", "ConnectionRefusedError"}:
        return ModelUnavailable(
            f"No model server answers at {url}. Start it, or correct PERSONA_LLM_BASE_URL. The message is saved."
        )
    if any("Timeout" in name for name in causes):
        return ModelUnavailable(
            f"The model server at {url} did not answer in time. The message is saved; send it again, "
            "or raise PERSONA_LLM_TIMEOUT_S."
        )
    return ModelBrokeOff(f"The connection to the model server at {url} broke off. The message is saved; send it again.")


def _chain(error: BaseException | None) -> set[str]:
    """Return the type names of an error and all its causes; urllib3 keeps some causes as arguments or attributes."""
    if error is None:
        return set()
    kept = [getattr(error, "reason", None), getattr(error, "original_error", None), *error.args]
    causes = [error.__cause__ or error.__context__, *(one for one in kept if isinstance(one, BaseException))]
    return {kind.__name__ for kind in type(error).__mro__}.union(*map(_chain, causes))
