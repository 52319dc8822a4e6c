"""The chat model as the graph calls it: grammar in the server's own words, errors as sentences, calls that give way."""

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
from app.models.heard import Heard, WithoutOpening, told
from app.models.learned_limits import Learned
from app.models.parameters import TRIES
from app.models.refusals import no_api, refused
from app.models.thinking import FIELDS, Switch
from memory.core.errors import ModelBrokeOff, ModelUnavailable, PersonaError
from memory.core.priority import ReplyFirst, give_way

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
        learned: What is known of the server from earlier calls.
        priority: For background calls on an embedded model: give way to replies.
        ending: For background calls: set when the program ends.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    completions: Completions
    url: str
    model: str
    server: ServerKind = "other"
    counts: bool = False
    learned: Learned = Field(default_factory=Learned)
    priority: ReplyFirst | None = None
    ending: threading.Event | None = None
    _switch: Switch = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Make what is learnt of the server."""
        super().model_post_init(context)
        self._switch = Switch(knows_template=self.server != "other")

    def notices(self) -> tuple[str, ...]:
        """Return what a person should know of the server, and was not told before."""
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
        body, formed = self._body(messages, stop, grammar, max_tokens), grammar is not None
        give_way()
        if think:
            yield from self._answer(body, unwanted, formed=formed)
        else:
            yield from self._switch.watch(self._answer(body | self._switch.fields(), unwanted, formed=formed))

    def _answer(self, body: dict[str, Any], unwanted: Unwanted | None, *, formed: bool) -> Iterator[AIMessageChunk]:
        if self.priority is None:
            yield from self._checked(body, unwanted or _never, formed=formed)
            return
        for attempt in range(_GIVES_WAY + 1):
            self.priority.wait()
            chunks = self._until_wanted(body, self.priority, gives_way=attempt < _GIVES_WAY, formed=formed)
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

    def _until_wanted(
        self, body: dict[str, Any], priority: ReplyFirst, *, gives_way: bool, formed: bool
    ) -> list[AIMessageChunk] | None:
        """Collect a background call; None when it was given up for a reply."""

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
        """Pass the answer on; every way to break off becomes one sentence."""
        heard, opened = Heard(), WithoutOpening()
        bound = "grammar" in body and "<think>" not in body["grammar"]
        try:
            for told_piece in self._accepted(body, unwanted):
                piece = opened.take(told_piece) if bound else told_piece
                yield self._chunk(heard.take(told(piece) if formed and self._takes_it_whole else piece))
        except _UnwantedError:
            return
        except PersonaError:
            raise
        except Exception as error:
            if not heard.is_closed:
                raise _explained(error, self.url, self.model) from error
        if not heard.is_complete:
            raise ModelBrokeOff(
                f"The model server at {self.url} broke off in the middle of its answer. The message is kept; send it again."
            )
        if heard.usage:
            self.learned.counted(body, heard.usage)
            # Once, at the end: some servers count in each piece, and the counts of chunks are added up.
            yield AIMessageChunk(content="", usage_metadata=_counted(heard.usage))
        if formed and (text := heard.held_in_thought):
            # A grammar that binds inside the thought: the answer arrives as that.
            yield AIMessageChunk(content=text)
        if not heard.reason:
            yield self._chunk(
                {"choices": [{"delta": {"content": "", "reasoning": ""}, "finish_reason": "stop"}], "usage": None}
            )

    def _accepted(self, body: dict[str, Any], unwanted: Unwanted) -> Iterator[dict[str, Any]]:
        """Ask; again without what the server refuses to be told, and so from then on, once that was taken."""
        parameters, asked = self.learned.parameters, body
        for attempt in range(TRIES):
            sent = parameters.applied(asked)
            try:
                for piece in self._pieces(sent, unwanted, whole="stream" in parameters.left_out):
                    self.learned.parameters = parameters
                    yield piece
            except RefusedError as error:
                ours = {name: value for name, value in sent.items() if name not in FIELDS}
                less = parameters.without(ours, error.status, error.said)
                # What switches thinking off is known to another: it has more than one way.
                fewer = self._switch.less(asked, error.status, error.said) if less is None else asked
                if fewer is None or attempt == TRIES - 1:
                    if asked is not body:
                        self._switch.innocent()
                    raise
                parameters, asked = less or parameters, fewer
            else:
                self._switch.taken(body, asked)
                return

    def _pieces(self, body: dict[str, Any], unwanted: Unwanted, *, whole: bool) -> Iterator[dict[str, Any]]:
        whole = whole or self._takes_it_whole
        silence = _Silence(unwanted, self.ending, _LAST_WHOLE_S if whole else _LAST_SILENCE_S, whole=whole)
        if whole:
            yield self.completions.whole(body, silence.go_on, _PATIENCE)
            return
        with closing(self.completions.pieces(body, silence.go_on)) as pieces:
            for piece in pieces:
                silence.heard()
                yield piece

    def _chunk(self, piece: dict[str, Any]) -> AIMessageChunk:
        [choice] = piece["choices"][:1] or [{"delta": {"content": "", "reasoning": ""}, "finish_reason": None}]
        chunk = AIMessageChunk(content=choice["delta"]["content"])
        if thought := choice["delta"]["reasoning"]:
            chunk.additional_kwargs["reasoning_content"] = thought
        if reason := choice["finish_reason"]:
            chunk.response_metadata = {"finish_reason": reason, "model_name": self.model}
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
    """Turn whatever a call raises into a sentence."""
    if isinstance(error, RefusedError):
        return refused(error.status, error.said, url, model, told_to_wait=error.told_to_wait)
    if isinstance(error, NoApiError):
        return no_api(url, str(error))
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
    return ModelBrokeOff(
        f"The connection to the model server at {url} broke off ({type(error).__name__}). The message is kept; send it again."
    )


def _chain(error: BaseException | None) -> set[str]:
    """Name the types of an error and of all that it came of; urllib3 keeps some causes as arguments or attributes."""
    if error is None:
        return set()
    kept = [getattr(error, "reason", None), getattr(error, "original_error", None), *error.args]
    causes = [error.__cause__ or error.__context__, *(one for one in kept if isinstance(one, BaseException))]
    return {kind.__name__ for kind in type(error).__mro__}.union(*map(_chain, causes))
