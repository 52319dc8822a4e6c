"""What a small model is asked after a reply: two short questions, or none; the fact is in the person's own words."""

from __future__ import annotations

import pytest

from graph.formats import memory_formats
from graph.prompts.briefing import Style
from memory.core.records import BigFive
from tests.fakes import ScriptedChat

KEEP = '"decision": true'


@pytest.fixture
def small(serve):
    def make(**script):
        chat = ScriptedChat({"worth": KEEP, **script})
        return chat, serve(chat, style=Style(size="small"))

    return make


def say(service, text, time="2026-03-02 09:00"):
    list(service.stream("ada", text, time=time))
    service.wait("ada")
    return [one.content for one in service.memory.memories.entries("ada", kind="semantic")]


def asked(chat):
    return sorted(step for step in chat.steps() if step in ("worth", "semantic", "personality"))


@pytest.mark.parametrize("text", ["Good morning!", "What was my sister's name?", "Thanks a lot!", "谢谢你！"])
def test_nothing_is_asked_of_what_states_nothing(small, text):
    chat, service = small()
    assert say(service, text) == []
    assert asked(chat) == []
    assert service.memory.personality.newest("ada").inferred == BigFive()


def test_a_fact_is_the_persons_own_words(small):
    chat, service = small()
    assert say(service, "My flatmate got into the Gothenburg orchestra, and I fly there on Friday.") == [
        "The user's flatmate got into the Gothenburg orchestra, and the user flies there on Friday (2026-03-06)."
    ]
    assert asked(chat) == ["personality"]


def test_without_a_name_or_a_number_the_model_decides(small):
    chat, service = small()
    assert say(service, "I can't stand coriander.") == ["The user can't stand coriander."]
    assert asked(chat) == ["personality", "worth"]


def test_it_is_in_the_language_of_the_message(small):
    _, service = small()
    assert say(service, "Mein Blutdruck war heute 165 zu 100.") == ['"Mein Blutdruck war heute 165 zu 100."']


def test_what_is_not_worth_it_is_not_kept(small):
    _, service = small(worth='"decision": false')
    assert say(service, "It is so windy.") == []


def test_the_same_thing_said_twice_is_one_fact(small):
    _, service = small()
    say(service, "I have a red mug.")
    say(service, "I have a red mug.", "2026-03-03 09:00")
    assert [one.same_as is None for one in service.memory.memories.entries("ada", kind="semantic")].count(True) == 1


def test_outputs_of_the_long_form_that_waited_are_read_still(small):
    chat, service = small()
    list(service.stream("ada", "I have a cat called Pixel.", time="2026-03-02 09:00"))
    turn = service.memory.journal.turns("ada")[0]
    whole = memory_formats.format_semantic(
        memory_formats.Extraction(True, "The user has a cat called Pixel.", ("cat",), "It tells of a pet.")
    )
    service.memory.work.save_output("ada", turn.id, "semantic", whole)
    service.memory.work.save_output("ada", turn.id, "personality", memory_formats.format_personality(BigFive(openness=5)))
    service.wait("ada")
    assert [one.content for one in service.memory.memories.entries("ada", kind="semantic")] == [
        "The user has a cat called Pixel."
    ]
    assert service.memory.personality.newest("ada").inferred == BigFive(openness=5)
    assert asked(chat) == []


def test_a_session_of_questions_rewrites_neither_profile_nor_habits(small):
    chat, service = small()
    say(service, "What is the capital of Peru?")
    service.memory.journal.end_session("ada")
    service.wait("ada")
    assert [step for step in chat.steps() if step in ("core", "procedural", "episodic")] == ["episodic"]
