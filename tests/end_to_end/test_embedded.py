"""Whole turns on a real model that is always well-formed and never wise: what holds is the machinery."""

from __future__ import annotations

import time

import httpx
import pytest

from app.events import AnswerDelta, Answered, Thinking
from graph.context import MessageOptions
from graph.formats import memory_formats, protocol
from graph.formats.lines import read_pairs
from memory.core.records import Turn, TurnState

GRAMMARS = {
    name: value for module in (protocol, memory_formats) for name, value in vars(module).items() if name.endswith("_GRAMMAR")
}


def say(service, text, time=None, **switches) -> Turn:
    return list(service.stream("ada", text, time=time, options=MessageOptions(**switches)))[-1].turn


def write(model, grammar, said="My dog Rex likes to swim on Fridays.", tokens=400):
    endpoint = model.endpoint()
    response = httpx.post(
        f"{endpoint.url}/chat/completions",
        headers={"Authorization": f"Bearer {endpoint.key}"},
        json={"messages": [{"role": "user", "content": said}], "grammar": grammar, "max_tokens": tokens, "temperature": 0},
        timeout=600,
    )
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("name", sorted(GRAMMARS))
def test_every_grammar_is_taken_by_llama_cpp(model, name):
    assert write(model, GRAMMARS[name], tokens=24)


def test_what_the_grammars_let_through_the_parsers_read(model):
    assert isinstance(protocol.parse_reasoning(write(model, protocol.RETRIEVE_GRAMMAR)), protocol.Retrieve)
    assert isinstance(protocol.parse_reasoning(write(model, protocol.ANSWER_GRAMMAR, tokens=200)), protocol.Answer)
    assert memory_formats.parse_personality(write(model, memory_formats.PERSONALITY_GRAMMAR)) is not None
    assert dict(read_pairs(write(model, memory_formats.SEMANTIC_GRAMMAR)))["decision"] in (True, False)
    assert memory_formats.parse_topics(write(model, memory_formats.EPISODIC_GRAMMAR, tokens=200), 3)
    assert memory_formats.parse_mapping(write(model, memory_formats.CORE_GRAMMAR, tokens=100))


def test_an_embedded_model_is_known_by_its_name_and_not_by_the_folder_it_lies_in(model):
    assert model.endpoint().model == "SmolLM2-135M-Instruct.Q4_1"
    assert model.style().layout == "cache"
    assert model.style().is_small
    assert model.endpoint().sees is False


@pytest.mark.minutes
def test_three_days_with_a_real_model(live):
    service = live()
    first = say(service, "I have a dog called Rex.", "2026-03-01 09:00")
    assert first.state == TurnState.ANSWERED
    assert first.reply
    assert service.wait() == 1
    second = say(service, "What is my dog called?", "2026-03-05 09:00", force_retrieve=True)
    assert "Rex" in " ".join(entry.text for entry in second.trace.memories)
    assert not any(step.warning and "Malformed" in step.warning for step in second.trace.steps)
    assert service.wait() == 2
    kinds = {type(entry).__name__ for entry in service.memory.memories.entries("ada")}
    assert "Episode" in kinds
    assert len(service.memory.personality.history("ada")) == 2
    service = live()
    assert [turn.id for turn in service.memory.journal.turns("ada")] == [first.id, second.id]
    assert service.memory.search("ada", "which animals live with me")


def test_without_reasoning_it_answers_in_plain_text(live):
    turn = say(live(), "Say hello.", reasoning=False)
    # The embedded server counts: nothing is estimated.
    assert turn.trace.usage.calls == 1
    assert turn.trace.usage.prompt_tokens > turn.trace.usage.completion_tokens > 0
    assert not turn.trace.usage.estimated
    assert turn.reply
    assert [step.action for step in turn.trace.steps] == ["retrieve", "answer"]


@pytest.mark.minutes
def test_a_reply_comes_first_and_the_background_call_is_done_later(live):
    service = live(work=True)
    say(service, "I moved to Lisbon.", "2026-03-01 09:00")
    while not service._worker._busy:
        time.sleep(0.01)
    assert service.memory.work.count() == 1
    events = service.stream("ada", "Hello again.", time="2026-03-01 09:01")
    free = [service.models.priority.wait(0) for event in events if isinstance(event, Thinking | AnswerDelta)]
    assert free
    assert not any(free), "a background call could have started while the reply was being written"
    service.wait("ada")
    assert service.memory.work.count() == 0
    assert len(service.memory.personality.history("ada")) == 2


@pytest.mark.minutes
def test_a_real_reply_can_be_stopped(live):
    service = live()
    events = service.stream("ada", "Tell me a very long story.")
    turn_id = next(events).turn.id
    for event in events:
        if isinstance(event, AnswerDelta):
            service.stop(turn_id)
        if isinstance(event, Answered):
            assert event.turn.state in (TurnState.STOPPED, TurnState.ANSWERED)
            assert event.turn.reply
    assert say(service, "Hello").state == TurnState.ANSWERED
