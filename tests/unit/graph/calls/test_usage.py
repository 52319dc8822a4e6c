"""Tokens and seconds of a reply: the server's own counts over all calls of the turn, and estimates that say so."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGenerationChunk

from app.events import AnswerDelta, Answered, Received
from app.ui import wording
from graph.calls.tally import Tally
from graph.context import MessageOptions
from memory.core.records import Trace
from memory.core.usage import Usage
from tests.fakes import ScriptedChat, answer, retrieve


class CountingChat(ScriptedChat):
    """Counts as a server does: 100 tokens read and 7 written a call, at the end of the answer."""

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        yield from super()._stream(messages, stop, run_manager, **kwargs)
        counted = {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=counted))


def reply(service, text, time, **switches):
    events = list(service.stream("ada", text, time=time, options=MessageOptions(**switches)))
    assert isinstance(events[-1], Answered)
    return events[-1].turn


def test_the_calls_of_a_turn_are_counted_together_and_kept(serve):
    service = serve(CountingChat({"reasoning": [answer("Noted."), retrieve("dog"), answer("Rex.")]}))
    first = reply(service, "My dog is called Rex", "2026-03-01 09:00")
    assert (first.trace.usage.prompt_tokens, first.trace.usage.completion_tokens, first.trace.usage.calls) == (100, 7, 1)
    turn = reply(service, "What is my dog called?", "2026-03-05 09:00")
    usage = turn.trace.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.calls) == (200, 14, 214, 2)
    assert not usage.estimated
    assert 0 < usage.first_word_seconds <= usage.seconds
    assert usage.seconds == pytest.approx(turn.trace.timings_ms["total"] / 1000, abs=0.001)
    assert service.memory.journal.turn(turn.id).trace.usage == usage


def test_a_second_try_and_a_direct_answer_are_counted_too(serve):
    service = serve(CountingChat({"reasoning": ["garbage", answer("Hello!")], "direct": "Hi!"}))
    turn = reply(service, "Hello", "2026-03-01 09:00")
    assert turn.trace.usage.calls == len(service.models.chat().calls)
    assert reply(service, "Hello", "2026-03-03 09:00", reasoning=False).trace.usage.calls == 1


def test_a_model_that_counts_nothing_is_estimated_and_it_is_said(serve):
    usage = reply(serve(ScriptedChat()), "Hello", "2026-03-01 09:00").trace.usage
    assert usage.estimated
    assert usage.prompt_tokens > 50
    assert usage.completion_tokens > 3
    assert "These numbers are estimates" in wording.used(usage)


def test_a_reply_that_is_stopped_has_what_it_took_by_then(serve):
    chat = CountingChat(
        {"reasoning": answer("One two three four five six seven eight nine ten.")}, gate=threading.Semaphore(12)
    )
    chat.gate.wait = lambda _: chat.gate.acquire(timeout=600)
    service = serve(chat)
    events = service.stream("ada", "Count", time="2026-03-01 09:00")
    for event in events:
        if isinstance(event, Received):
            turn_id = event.turn.id
        elif isinstance(event, AnswerDelta):
            service.stop(turn_id)
            chat.gate.release(100)
        elif isinstance(event, Answered):
            usage = event.turn.trace.usage
    assert usage.calls == 1
    assert usage.estimated
    assert usage.completion_tokens > 0


def test_a_request_to_forget_asks_no_model(serve):
    usage = reply(serve(ScriptedChat()), "Forget what I said about my dog", "2026-03-01 09:00").trace.usage
    assert (usage.calls, usage.total_tokens) == (0, 0)
    assert wording.used(usage).startswith("No model was called.")


def test_off_the_record_too(serve):
    assert reply(serve(CountingChat()), "Hello", None, off_the_record=True).trace.usage.total_tokens == 107


def test_a_trace_of_an_older_version_reads_without_it():
    assert Trace.model_validate({"timings_ms": {"total": 12.0}}).usage is None


def test_what_a_person_reads():
    usage = Usage(prompt_tokens=1298, completion_tokens=41, total_tokens=1339, calls=1, seconds=3.42, first_word_seconds=1.2)
    assert wording.used(usage) == (
        "The model read 1,298 tokens (parts of words) and wrote 41, in one call. The first word came after 1.2 s, and the whole reply took 3.4 s."
    )


CHUNKS = st.lists(st.tuples(st.text(), st.none() | st.tuples(st.integers(0, 9_000), st.integers(0, 900))), max_size=6)


@given(st.lists(CHUNKS, max_size=4))
def test_whatever_calls_say_the_sum_is_of_all_of_them(calls):
    tally = Tally()
    for chunks in calls:
        with tally.call([HumanMessage("Hello")]) as count:
            for text, counted in chunks:
                usage = counted and {"input_tokens": counted[0], "output_tokens": counted[1], "total_tokens": sum(counted)}
                count(AIMessageChunk(content=text, usage_metadata=usage))
    usage = tally.usage
    assert usage.calls == len(calls)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens >= sum(counted[0] for chunks in calls for _, counted in chunks if counted)
    if all(any(counted and all(counted) for _, counted in chunks) for chunks in calls):
        assert not usage.estimated
