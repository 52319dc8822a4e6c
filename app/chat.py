"""The chat model as the graph calls it: grammar in the server's own words, errors as sentences, calls that give way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, Literal, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from openai import APIStatusError
from pydantic import ConfigDict, model_validator

from app.alive import alive
from app.untyped import Untyped
from memory.errors import MessageTooLong, ModelUnavailable, PersonaError
from memory.reply_first import ReplyFirst, give_way

Call = Callable[[], Iterator[dict[str, Any]]]
ServerKind = Literal["llamacpp", "vllm", "other"]
_GIVES_WAY = 3
"""How often a background call starts anew for a reply, before it runs to its end."""
_LAST_SILENCE_S, _LAST_WHOLE_S = 5.0, 12.0
"""Seconds that a background call may stay silent once the program is ending; one whose answer comes whole."""
_EVERY_S, _WHOLE_EVERY_S = 0.2, 1.0
"""Seconds between two signs of life; where nobody watches, between two looks at whether the program ends."""
_PATIENCE = 5.0
"""How many times longer a whole answer may take than a server may be silent."""


class PersonaChat(ChatOpenAI):
    """ChatOpenAI for the servers that we know.

    Attributes:
        server: Which server it is, and so how a grammar is handed over (`other`: not at all).
        priority: For background calls on an embedded model: give way to replies.
        ending: For background calls: set when the program ends.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    server: ServerKind = "other"
    priority: ReplyFirst | None = None
    ending: threading.Event | None = None

    @model_validator(mode="after")
    def _without_types(self) -> Self:
        self.client = Untyped(self.root_client)
        return self

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        grammar: str | None = None,
        max_tokens: int | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        # What calls this reports the pieces to callbacks.
        del run_manager
        # Not through `max_tokens` of the library: it renames the field to one that older servers ignore.
        body: dict[str, Any] = {} if max_tokens is None else {"max_tokens": max_tokens}
        if self.server == "llamacpp":
            # Progress lines come while the prompt is read: between them a call can be given up.
            body |= {"cache_prompt": True, "reasoning_format": "none", "return_progress": True}
            if grammar:
                body["grammar"] = grammar
        elif self.server == "vllm" and grammar:
            body["structured_outputs"] = {"grammar": grammar}

        whole = self._takes_it_whole
        if self.stream_usage and not whole:
            body["stream_options"] = {"include_usage": True}
        payload = self._get_request_payload(messages, stop=stop, stream=not whole, extra_body=body, **kwargs)

        give_way()

        def call() -> Iterator[dict[str, Any]]:
            if whole:
                yield self.client.whole(patience=_PATIENCE, **payload)
                return
            with self.client.create(**payload) as pieces:
                yield from pieces

        if self.priority is None:
            yield from self._checked(call)
            return
        for attempt in range(_GIVES_WAY + 1):
            self.priority.wait()
            chunks = self._until_wanted(call, gives_way=attempt < _GIVES_WAY)
            if chunks is not None:
                yield from chunks
                return

    @property
    def _takes_it_whole(self) -> bool:
        """Say whether an answer comes in one piece: a background call's, whose text nobody watches come.

        An embedded model's can be given up between two pieces.
        """
        return self.ending is not None and self.priority is None

    def _until_wanted(self, call: Call, *, gives_way: bool) -> list[ChatGenerationChunk] | None:
        """Collect a background call; None when it was given up for a reply."""
        collected = []
        with closing(self._checked(call)) as stream:
            for chunk in stream:
                collected.append(chunk)
                if gives_way and self.priority is not None and self.priority.wanted:
                    return None
        return collected

    def _checked(self, call: Call) -> Generator[ChatGenerationChunk]:
        """Pass the stream on, with an empty piece a few times a second; every way to break off becomes one sentence."""
        finished = False
        try:
            with closing(alive(call, _WHOLE_EVERY_S if self._takes_it_whole else _EVERY_S)) as pieces:
                for chunk in self._until_ending(pieces):
                    finished = finished or bool((chunk.generation_info or {}).get("finish_reason"))
                    yield chunk
        except PersonaError:
            raise
        except Exception as error:
            raise _said(error, self.openai_api_base or "") from error
        if not finished:
            raise ModelUnavailable(
                f"The model server at {self.openai_api_base} broke off in the middle of its answer. "
                "The message is kept; send it again."
            )

    def _until_ending(self, pieces: Iterator[list[dict[str, Any]] | None]) -> Iterator[ChatGenerationChunk]:
        """Make signs of life of silence, until the program ends and the silence goes on."""
        whole = self._takes_it_whole
        heard = time.monotonic()
        for some in pieces:
            ending = self.ending is not None and self.ending.is_set()
            if some is not None or (whole and not ending):
                # An answer that comes whole is silent before it: how long is counted from the end of the program on.
                heard = time.monotonic()
            elif ending and time.monotonic() - heard > (_LAST_WHOLE_S if whole else _LAST_SILENCE_S):
                raise ModelUnavailable("The program is ending, and the model server says nothing. The work stays pending.")
            chunk = self._convert_chunk_to_generation_chunk(together(some), AIMessageChunk, None) if some else None
            if chunk is not None or not whole:
                yield chunk or ChatGenerationChunk(message=AIMessageChunk(content=""))


def together(pieces: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Make one piece of an answer of several that came at once: their text, and whatever else any of them says."""
    if len(pieces) == 1:
        return pieces[0]
    choices = [choice for piece in pieces for choice in piece.get("choices") or []]
    whole: dict[str, Any] = {}
    for piece in pieces:
        whole |= {key: value for key, value in piece.items() if value is not None}
    if choices:
        deltas = [choice.get("delta") or {} for choice in choices]
        ends = [choice.get("finish_reason") for choice in choices if choice.get("finish_reason")]
        delta = {**deltas[0], "content": "".join(delta.get("content") or "" for delta in deltas)}
        whole["choices"] = [{**choices[0], "delta": delta, "finish_reason": ends[-1] if ends else None}]
    return whole


def _said(error: Exception, url: str) -> PersonaError:
    """Turn whatever the client library raises into a sentence (it may raise its own, and its transport's, errors)."""
    causes = _chain(error)
    if causes & {"ConnectError", "ConnectTimeout", "ConnectionRefusedError"}:
        return ModelUnavailable(
            f"No model server answers at {url}. Start it, or correct PERSONA_LLM_BASE_URL. The message is kept."
        )
    if any("Timeout" in name for name in causes):
        return ModelUnavailable(
            f"The model server at {url} did not answer in time. The message is kept; send it again, "
            "or raise PERSONA_LLM_TIMEOUT_S."
        )
    if isinstance(error, APIStatusError):
        if error.status_code == 400 and "context" in str(error).lower():  # noqa: PLR2004 - HTTP's 'bad request'
            return MessageTooLong(
                f"The message does not fit into the model's window ({error.message}). Send it in parts, or use a "
                "model with a larger window."
            )
        return ModelUnavailable(
            f"The model server at {url} refused the call (HTTP {error.status_code}: {error.message}). "
            "Check PERSONA_LLM_MODEL and PERSONA_LLM_API_KEY. The message is kept."
        )
    return ModelUnavailable(
        f"The connection to the model server at {url} broke off ({type(error).__name__}). The message is kept; send it again."
    )


def _chain(error: BaseException | None) -> set[str]:
    """Name the types of an error and its causes: the client library changes its transport, the names stay."""
    names = set()
    while error is not None:
        names |= {kind.__name__ for kind in type(error).__mro__}
        error = error.__cause__ or error.__context__
    return names
