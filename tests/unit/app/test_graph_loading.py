"""A model that is not there yet: messages are taken and wait, and what the next prompt begins with is read ahead."""

from __future__ import annotations

import threading

import pytest

from app.events import Answered
from app.models.background_fetch import Fetching
from app.service import PersonaService
from memory.core.errors import ModelMissing, ModelUnavailable
from memory.core.priority import ReplyFirst
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer


class Slow(ScriptedModels):
    """An embedded model that is there once `come` is set; `fails` says how often it cannot be loaded before."""

    def __init__(self, chat):
        super().__init__(chat, priority=ReplyFirst())
        self.come, self.asked, self.fails = threading.Event(), threading.Event(), 0
        self.loads = 0
        self.fetching = None

    def style(self):
        self.asked.set()
        self.loads += 1
        if self.fails:
            self.fails -= 1
            raise ModelMissing("No chat model is on this machine. Run `persona models pull`.")
        assert self.come.wait(600)
        return super().style()


@pytest.fixture
def chat():
    return ScriptedChat({"direct": "Hello.", "reasoning": answer("I see.")})


@pytest.fixture
def slow(chat):
    return Slow(chat)


@pytest.fixture
def service(slow, tmp_path):
    with PersonaService(Memory(tmp_path / "data", WordEmbedder()), slow, work=False) as opened:
        yield opened
        slow.come.set()


def test_messages_of_several_people_are_taken_while_it_is_loaded(service, slow):
    service.prepare("ada")
    assert slow.asked.wait(600)
    waiting = [service.stream(user, "Hello", time="2026-03-01 09:00") for user in ("ada", "bob")]
    assert [next(events).turn.user_id for events in waiting] == ["ada", "bob"]
    assert service.waits_for == "The chat model is loading."
    slow.come.set()
    assert all(isinstance(list(events)[-1], Answered) for events in waiting)
    assert service.waits_for == ""
    assert slow.loads == 1, "anyone who asks first loads it for all"


def test_a_message_that_is_stopped_waits_no_longer(service, slow):
    service.prepare("ada")
    events = service.stream("ada", "Hello")
    service.stop(next(events).turn.id)
    with pytest.raises(ModelUnavailable, match="The message is saved"):
        list(events)


def test_what_cannot_be_loaded_is_tried_again_with_the_next_message(service, slow):
    slow.fails = 1
    slow.come.set()
    with pytest.raises(ModelMissing):
        list(service.stream("ada", "Hello"))
    assert isinstance(list(service.stream("ada", "Hello"))[-1], Answered)


def read_to_its_end(service):
    service._loading.close(600)


def begins_with(prompt):
    return prompt.split("## User Input")[0]


@pytest.mark.parametrize("known", [False, True], ids=["a new person", "someone who is known"])
def test_what_is_read_ahead_is_what_the_next_prompt_begins_with(service, slow, chat, known):
    slow.come.set()
    if known:
        list(service.stream("ada", "I have a dog"))
        service.wait()
    chat.calls.clear()
    service.prepare("ada")
    read_to_its_end(service)
    [ahead] = chat.prompts("direct")
    list(service.stream("ada", "And what is my dog called?"))
    [prompt] = chat.prompts("reasoning")
    assert begins_with(prompt) == begins_with(ahead)
    assert len(begins_with(prompt)) > 1_000
    assert ("I have a dog" in ahead) is known


def test_it_is_read_once_and_leaves_nothing_behind(service, slow, chat):
    slow.come.set()
    for user in ("ada", "ada", "bob"):
        service.prepare(user)
    read_to_its_end(service)
    assert chat.steps() == ["direct"]
    assert not service.memory.journal.knows("ada")
    assert service.memory.journal.users() == []


def test_a_message_comes_before_it(service, slow, chat):
    service.prepare("ada")
    assert slow.asked.wait(600)
    events = service.stream("ada", "Hello")
    next(events)
    read_to_its_end(service)
    slow.come.set()
    list(events)
    assert chat.steps()[0] == "reasoning", "nothing is read ahead of a message that is there"


def reading(chat):
    chat.gate, chat.script["direct"] = threading.Event(), "A long text that is written piece by piece, and never to its end."
    return chat.gate


def in_the_middle(chat):
    while "direct" not in chat.steps():
        threading.Event().wait(0.01)


def test_a_message_in_the_middle_waits_for_its_end(service, slow, chat):
    slow.come.set()
    gate = reading(chat)
    service.prepare("ada")
    in_the_middle(chat)
    events = service.stream("ada", "Hello")
    next(events)
    assert chat.steps() == ["direct"], "its prompt begins with what is being read"
    gate.set()
    assert isinstance(list(events)[-1], Answered)
    assert chat.steps() == ["direct", "reasoning"]


def test_a_program_that_ends_waits_for_no_reading(service, slow, chat):
    slow.come.set()
    gate = reading(chat)
    service.prepare("ada")
    in_the_middle(chat)
    closing = threading.Thread(target=service.close)
    closing.start()
    while not service._closed:
        threading.Event().wait(0.01)
    gate.set()
    closing.join()
    assert chat.steps() == ["direct"]


def test_a_model_on_a_server_is_left_alone(chat, tmp_path):
    with PersonaService(Memory(tmp_path / "data", WordEmbedder()), ScriptedModels(chat), work=False) as service:
        service.prepare("ada")
        assert service.waits_for == ""
    assert chat.calls == []


def test_how_far_it_is_fetched_is_said(service, slow):
    slow.fetching = Fetching()
    service.prepare("ada")
    assert slow.asked.wait(600)
    slow.fetching.moved("qwen2.5-coder-1.5b", 340_000_000, 1_117_320_768)
    assert service.waits_for == "The chat model qwen2.5-coder-1.5b is downloading: 340 MB of 1.1 GB."
    slow.fetching.now = None
    assert service.waits_for == "The chat model is loading."


def test_what_is_announced_is_said_and_begins_later(service, slow):
    service.announce()
    assert service.waits_for == "The chat model is loading."
    assert slow.loads == 0
    slow.come.set()
    service.prepare("ada")
    read_to_its_end(service)
    assert (slow.loads > 0, service.waits_for) == (True, "")
