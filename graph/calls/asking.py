"""Asking the chat model: a stream of text; and for background work an output in a form, with room for a thought before it."""

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
_ROOM = 4_096
"""Tokens for a thought, beside those of the output."""
_LEAST_ROOM = 512
_SPARE = 64
"""Tokens of the window that are left for what a chat template adds."""
_PROBE_TOKENS = 16
"""Of a call that shows whether the server answers; some servers refuse fewer."""
_FORM = re.compile(r'^\s*"', re.MULTILINE)


class ThoughtTooLong(Exception):
    """The model's thought took all of the tokens, and nothing of the output was written."""


def stream_text(
    chat: BaseChatModel,
    messages: Sequence[BaseMessage],
    *,
    grammar: str | None,
    max_tokens: int,
    unwanted: Callable[[], bool] | None = None,
    tally: Tally | None = None,
) -> Generator[str]:
    """Yield the model's text as it comes; an empty piece is a sign of life.

    Args:
        chat: Any chat model that takes (or ignores) the keywords `grammar`, `max_tokens` and `unwanted`.
        messages: The prompt.
        grammar: GBNF that the output has to follow, where the server can hold it.
        max_tokens: At most so many new tokens.
        unwanted: Says whether nobody waits any more; a model that can asks it while its server is silent, and ends there.
        tally: What counts its tokens.
    """
    asked: dict[str, Any] = {} if unwanted is None else {"unwanted": unwanted}
    with (tally or Tally()).call(messages) as count:
        for chunk in chat.stream(list(messages), grammar=grammar, max_tokens=max_tokens, **asked):
            count(chunk)
            # Half a surrogate pair is no text: nothing could store or show it.
            yield chunk.text.encode(errors="replace").decode()


def notices_of(chat: BaseChatModel) -> tuple[str, ...]:
    """Return what a person should know of the model's server, each once; a chat model that knows nothing of it says nothing."""
    notices = getattr(chat, "notices", None)
    return tuple(notices()) if callable(notices) else ()


@dataclass(frozen=True)
class Written:
    """What a model wrote of an output in a form.

    Attributes:
        text: Without a thought.
        thinks: Whether there was one.
        cut: The token limit cut it off.
        filtered: The server's content filter cut it off.
    """

    text: str
    thinks: bool = False
    cut: bool = False
    filtered: bool = False

    @property
    def is_all_thought(self) -> bool:
        """Say whether nothing of the output is there; a thought that a template opened has no mark before its end."""
        return not self.text.strip() or (not self.thinks and not _FORM.search(self.text))

    @property
    def begins_otherwise(self) -> bool:
        """Say whether something stands before the first line of the output: it may all be a thought without a mark."""
        return not self.text.lstrip().startswith('"')


class Asker:
    """Asks for outputs in a form, as background work does. It learns whether the model thinks, and gives a thought room then.

    Args:
        chat: As in `stream_text`; `think=False` tells a model that can switch its thinking off to do so.
        malformed: What the model is told before its second try.
        window: The model's window in tokens.
    """

    def __init__(self, chat: BaseChatModel, malformed: str, window: int) -> None:
        self._chat = chat
        self._malformed = malformed
        self._window = window
        self._room = _ROOM
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
        """Ask for an output; once more, saying so, when it is not in its form.

        Args:
            messages: The prompt.
            parse: Reads the output; None: not in its form.
            grammar: As in `stream_text`.
            max_tokens: Of the output; a thought has room of its own.

        Returns:
            The last raw output, without a thought, and what `parse` made of it.

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
        # An empty assistant message is refused by some servers.
        again = [*messages, AIMessage(written.text or "(nothing)"), HumanMessage(self._malformed)]
        written = self._write(again, grammar, max_tokens)
        return written.text, parse(written.text)

    def answers(self) -> bool:
        """Say whether the server answers a short call of nobody's words."""
        try:
            for _ in stream_text(self._chat, [HumanMessage("Write: yes.")], grammar=None, max_tokens=_PROBE_TOKENS):
                pass
        except PersonaError:
            return False
        return True

    def _write(self, messages: Sequence[BaseMessage], grammar: str, max_tokens: int) -> Written:
        """Ask once; once more with room for a thought, where the model was not known to need it."""
        known = self._thinks
        written = (self._with_room if known else self._without)(messages, grammar, max_tokens)
        if not known and written.cut and (written.is_all_thought or (written.begins_otherwise and not self._rambles)):
            written = self._with_room(messages, grammar, max_tokens)
            # Text before the output, and no mark of a thought: with more room there is more of it.
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
        """Ask with room for a thought; with less from then on, where the window is smaller than the server said."""
        while True:
            room = max(max_tokens, min(max_tokens + self._room, self._window - tokens_of(messages) - _SPARE))
            try:
                return _written(self._chat, messages, grammar, room)
            except MessageTooLong:
                if room == max_tokens:
                    raise
                self._room = self._room // 2 if self._room > _LEAST_ROOM else 0

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
    # Half a surrogate pair is no text: nothing could store or show it.
    text, thought = (one.encode(errors="replace").decode() for one in (text, thought))
    thinks = bool(thought.strip() or counted or has_thought(text))
    if not text.strip() and finish == "stop":
        # A grammar that binds inside the thought: the output arrives as that.
        text, thinks = thought, False
    return Written(without_thought(text), thinks, finish == "length", finish == "content_filter")


def _filtered() -> ModelRefused:
    reason = "its content filter ended the output"
    return ModelRefused(f"The model server refused to go on: {reason}.", status=None, reason=reason, fault="prompt")
