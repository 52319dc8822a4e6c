"""One call of the model as its caller sees it: split into thought and answer as it streams, and guarded before it is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, HumanMessage

from graph.calls.asking import stream_text
from graph.calls.tally import Tally
from graph.events import AnswerDelta, Thinking
from graph.formats.answer_stream import AnswerStream, Delta
from graph.formats.direct_stream import DirectStream
from graph.formats.protocol import ANSWER_GRAMMAR
from graph.replies.loops import goes_round
from graph.replies.slips import Kind, ReplyGuard
from memory.core.priority import model_speaks

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from graph.events import Send
    from memory.core.usage import Usage


@dataclass
class Speech:
    """One call.

    Attributes:
        output: The raw text.
        answer: The words of the answer that were shown.
        timings: `first_answer`, in milliseconds since the turn began, once a word was shown.
        stopped: Whether the person stopped it.
        slips: What was left out of the answer, or changed.
        tries: Number of calls that it took.
    """

    output: str = ""
    answer: str = ""
    timings: dict[str, float] = field(default_factory=dict)
    stopped: bool = False
    slips: tuple[Kind, ...] = ()
    tries: int = 1

    @property
    def warning(self) -> str | None:
        """Return what was wrong with the answer, for the trace."""
        if not self.slips:
            return None
        again = " The model was asked once more." if self.tries > 1 else ""
        return f"Left out of the reply: {', '.join(self.slips)}.{again}"


class Speaker:
    """Streams the calls of one turn to its caller.

    Args:
        chat: The model.
        max_tokens: Maximum new tokens of one call.
        started: When the turn began, in milliseconds of `time.perf_counter`.
        send: Takes the events.
        unwanted: Returns whether the person has stopped the reply.
        guard: Makes the guard of one answer.
        before: Token counts of the turn's earlier calls.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        *,
        max_tokens: int,
        started: float,
        send: Send,
        unwanted: Callable[[], bool],
        guard: Callable[[], ReplyGuard],
        before: Usage | None = None,
    ) -> None:
        self._chat = chat
        self._max_tokens = max_tokens
        self._started = started
        self._send = send
        self._unwanted = unwanted
        self._guard = guard
        self._tally = Tally(before)

    @property
    def usage(self) -> Usage:
        """Return the token counts of the turn's calls, including those made here."""
        return self._tally.usage

    def speak(
        self, messages: Sequence[BaseMessage], grammar: str | None, *, direct: bool = False, quiet: bool = False
    ) -> Speech:
        """Stream one call to the caller; retry once if no part of the answer could be shown, then show a plain sentence.

        Args:
            messages: The prompt.
            grammar: As in `stream_text`.
            direct: All of the text is the answer, except for the model's own thought.
            quiet: This call may not produce an answer: show the thought alone.
        """
        guard = self._guard()
        speech = self._call(messages, grammar, guard, direct=direct, quiet=quiet)
        if speech.stopped or not guard.is_spoilt:
            return speech
        again = [*messages, AIMessage(speech.output), HumanMessage(guard.problem)]
        answering = grammar and ANSWER_GRAMMAR
        second = guard.second()
        slips, speech = speech.slips, self._call(again, answering, second, direct=direct)
        if not speech.stopped and not speech.answer.strip():
            self._show(speech, [Delta("answer", guard.last_resort)])
        speech.slips, speech.tries = tuple(dict.fromkeys([*slips, *speech.slips])), 2
        return speech

    def say(self, text: str) -> str:
        """Show a text that no call has shown, as far as the guard allows; returns what was shown."""
        speech, guard = Speech(), self._guard()
        self._show(speech, [*guard.feed(text), *guard.close()])
        if guard.is_spoilt:
            self._show(speech, [Delta("answer", guard.last_resort)])
        return speech.answer

    def _call(
        self, messages: Sequence[BaseMessage], grammar: str | None, guard: ReplyGuard, *, direct: bool, quiet: bool = False
    ) -> Speech:
        speech = Speech()
        stream = DirectStream() if direct else AnswerStream()

        def show(deltas: Sequence[Delta]) -> None:
            for delta in deltas:
                if delta.part == "think":
                    self._send(Thinking(delta.text))
                elif not quiet:
                    self._show(speech, guard.feed(delta.text))

        limit, unwanted = self._max_tokens, self._unwanted
        spoken = stream_text(self._chat, messages, grammar=grammar, max_tokens=limit, unwanted=unwanted, tally=self._tally)
        with model_speaks(), closing(spoken) as texts:
            for text in texts:
                if self._unwanted():
                    speech.stopped = True
                    return speech
                if text:
                    speech.output += text
                    show(stream.feed(text))
                if guard.ended or goes_round(speech.output):
                    # Nothing more would be shown, or nothing new would come.
                    break
        show(stream.close())
        self._show(speech, guard.close())
        speech.stopped, speech.slips = self._unwanted(), tuple(guard.slips)
        return speech

    def _show(self, speech: Speech, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if "first_answer" not in speech.timings:
                speech.timings["first_answer"] = time.perf_counter() * 1000 - self._started
            speech.answer += delta.text
            self._send(AnswerDelta(delta.text))
