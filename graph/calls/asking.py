"""Call the chat model: as a text stream, and for background work as formatted output with room for a thought before it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from graph.calls.tally import Tally
from graph.formats.thoughts import has_thought, without_thought
from graph.prompts.sections import tokens_of
from memory.core.errors import MessageTooLong, ModelRefused, PersonaError

Parsed = TypeVar("Parsed")
_log = logging.getLogger(__name__)
_THOUGHT_TOKENS = 4_096
"""Tokens for a thought, in addition to those of the output."""
_MIN_THOUGHT_TOKENS = 512
_TEMPLATE_TOKENS = 64
"""Tokens of the window reserved for what a chat template adds."""
_PROBE_TOKENS = 16
"""Token limit of a call that tests whether the server answers; some servers refuse a smaller limit."""
_FORM = re.compile(r'^\s*"', re.MULTILINE)


class ThoughtTooLong(Exception):
    """The model's thought used all tokens, and no output was written."""


def stream_text(
    chat: BaseChatModel,
    messages: Sequence[BaseMessage],
    *,
    grammar: str | None,
    max_tokens: int,
    unwanted: Callable[[], bool] | None = None,
    tally: Tally | None = None,
) -> Generator[str]:
    """Yield the model's text as it arrives; an empty delta is a sign of life.

    Args:
        chat: Any chat model that takes (or ignores) the keywords `grammar`, `max_tokens` and `unwanted`.
        messages: The prompt.
        grammar: GBNF that the output must follow, where the server can enforce it.
        max_tokens: Maximum number of new tokens.
        unwanted: Returns whether the caller has stopped waiting. A model that supports it calls this while its server is
            silent, and stops.
        tally: Counts the tokens.
    """
    asked: dict[str, Any] = {} if unwanted is None else {"unwanted": unwanted}
    with (tally or Tally()).call(messages) as count:
        for chunk in chat.stream(list(messages), grammar=grammar, max_tokens=max_tokens, **asked):
            count(chunk)
            # A lone surrogate is not valid text: it can be neither stored nor shown.
            yield chunk.text.encode(errors="replace").decode()


def notices_of(chat: BaseChatModel) -> tuple[str, ...]:
    """Return the notices about the model's server that a person should see, each once; empty if the chat model has none."""
    notices = getattr(chat, "notices", None)
    return tuple(notices()) if callable(notices) else ()


@dataclass(frozen=True)
class Written:
    """The formatted output that a model wrote.

    Attributes:
        text: The output without a thought.
        thinks: Whether the model wrote a thought.
        cut: Whether the token limit cut it off.
        filtered: Whether the server's content filter cut it off.
    """

    text: str
    thinks: bool = False
    cut: bool = False
    filtered: bool = False

    @property
    def is_all_thought(self) -> bool:
        """Return whether the output is missing; a thought that a chat template opened has a mark only at its end."""
        return not self.text.strip() or (not self.thinks and not _FORM.search(self.text))

    @property
    def begins_otherwise(self) -> bool:
        """Return whether there is text before the first line of the output: all of it may be an unmarked thought."""
        return not self.text.lstrip().startswith('"')


class Asker:
    """Asks for formatted output in background work. It learns whether the model thinks, and then leaves room for a thought.

    Args:
        chat: As in `stream_text`; `think=False` tells a model that can switch its thinking off to do so.
        malformed: What the model is told before its second try.
        window: The model's window in tokens.
    """

    def __init__(self, chat: BaseChatModel, malformed: str, window: int) -> None:
        self._chat = chat
        self._malformed = malformed
        self._window = window
        self._room = _THOUGHT_TOKENS
        self._thinks = False
        self._rambles = False
        self._cut = False

    def ask(
        self,
        messages: Sequence[BaseMessage],
        parse: Callable[[str], Parsed | None],
        *,
        grammar: str,
        max_tokens: int,
    ) -> tuple[str, Parsed | None]:
        """Ask for an output; if it is malformed, tell the model so and ask once more.

        Args:
            messages: The prompt.
            parse: Parses the output; returns None if it is malformed.
            grammar: As in `stream_text`.
            max_tokens: Limit for the output; a thought has tokens of its own.

        Returns:
            The last raw output without a thought, and the result of `parse`.

        Raises:
            ThoughtTooLong: The thought left no room for the output.
            PersonaError: The call failed.
        """
        written = self._write(messages, grammar, max_tokens)
        parsed = parse(written.text)
        if parsed is None and written.filtered:
            raise _filtered()
        if parsed is not None:
            return written.text, parsed
        # Some servers refuse an empty assistant message.
        again = [*messages, AIMessage(written.text or "(nothing)"), HumanMessage(self._malformed)]
        written = self._write(again, grammar, max_tokens)
        return written.text, parse(written.text)

    def answers(self) -> bool:
        """Return whether the server answers a short call that contains no user's words."""
        try:
            for _ in stream_text(self._chat, [HumanMessage("Write: yes.")], grammar=None, max_tokens=_PROBE_TOKENS):
                pass
        except PersonaError:
            return False
        return True

    def _write(self, messages: Sequence[BaseMessage], grammar: str, max_tokens: int) -> Written:
        """Ask once; ask again with room for a thought if the model was not known to need it."""
        known = self._thinks
        written = (self._with_room if known else self._without)(messages, grammar, max_tokens)
        if not known and written.cut and (written.is_all_thought or (written.begins_otherwise and not self._rambles)):
            written = self._with_room(messages, grammar, max_tokens)
            # There is text before the output and no mark of a thought: more room would only bring more text.
            self._rambles = self._rambles or (written.cut and not written.is_all_thought)
        if written.thinks:
            self._say_it_thinks()
        if written.cut and written.is_all_thought:
            raise ThoughtTooLong
        if written.cut and not self._cut:
            self._cut = True
            _log.warning("an output of the model was cut off at its limit of %d tokens", max_tokens)
        return written

    def _without(self, messages: Sequence[BaseMessage], grammar: str, max_tokens: int) -> Written:
        return _written(self._chat, messages, grammar, max_tokens)

    def _with_room(self, messages: Sequence[BaseMessage], grammar: str, max_tokens: int) -> Written:
        """Ask with room for a thought; use less room from then on if the window is smaller than the server said."""
        while True:
            room = max(max_tokens, min(max_tokens + self._room, self._window - tokens_of(messages) - _TEMPLATE_TOKENS))
            try:
                return _written(self._chat, messages, grammar, room)
            except MessageTooLong:
                if room == max_tokens:
                    raise
                self._room = self._room // 2 if self._room > _MIN_THOUGHT_TOKENS else 0

    def _say_it_thinks(self) -> None:
        if not self._thinks:
            self._thinks = True
            _log.warning(
                "the model thinks before it writes what it remembers, which takes longer: switch its thinking off on its server"
            )


def _written(chat: BaseChatModel, messages: Sequence[BaseMessage], grammar: str, limit: int) -> Written:
    text, thought, finish, counted = "", "", "", 0
    for chunk in chat.stream(list(messages), grammar=grammar, max_tokens=limit, think=False):
        text += chunk.text
        thought += str(chunk.additional_kwargs.get("reasoning_content") or "")
        finish = chunk.response_metadata.get("finish_reason") or finish
        usage = getattr(chunk, "usage_metadata", None) or {}
        counted = (usage.get("output_token_details") or {}).get("reasoning") or counted
    # A lone surrogate is not valid text: it can be neither stored nor shown.
    text, thought = (one.encode(errors="replace").decode() for one in (text, thought))
    thinks = bool(thought.strip() or counted or has_thought(text))
    if not text.strip() and finish == "stop":
        # The grammar also applies inside the thought: the output arrives as the thought.
        text, thinks = thought, False
    return Written(without_thought(text), thinks, finish == "length", finish == "content_filter")


def _filtered() -> ModelRefused:
    reason = "its content filter ended the output"
    return ModelRefused(f"The model server refused to go on: {reason}.", status=None, reason=reason, fault="prompt")
