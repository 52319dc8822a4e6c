"""Imported history is read as deeply as the person chose, and other people's words are never taken for theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memory.core import clock
from memory.imports.lines import ImportedLine
from memory.imports.service import Source
from tests.fakes import NOTHING, ScriptedChat, answer

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
TOPIC = '"topic_summary": The user told of the cello.\n"keywords": cello\n"source_dialog_indices": 0'


def line(minute, text, **more):
    return ImportedLine(BEGIN + timedelta(minutes=minute), text, more.pop("reply", "Nice."), "a", **more)


@pytest.fixture
def model():
    return ScriptedChat({"episodic": TOPIC, "core": '"name": Ada', "procedural": '"goal": play', "semantic": NOTHING})


@pytest.fixture
def imported(serve, model):
    def make(depth, *lines):
        service = serve(model)
        begun = service.memory.imports.begin("ada", Source("chatgpt", "a.json"), lines, depth)
        service.memory.imports.write("ada", begun.id)
        return service

    return make


LINES = [line(0, "My name is Ada."), line(100, "I play the cello."), line(200, "I want to run a marathon.")]


def test_nothing_is_read_unless_the_person_wants_it(imported, model):
    service = imported("none", *LINES)
    assert service.wait("ada") == 0
    assert model.steps() == []


def test_each_conversation_is_read_once_newest_first_and_the_sets_once_at_the_end(imported, model):
    service = imported("sessions", *LINES)
    service.wait("ada")
    assert sorted(model.steps()) == ["core", "episodic", "episodic", "episodic", "procedural"]
    assert model.steps()[:3] == ["episodic"] * 3
    said = ["marathon", "cello", "My name"]
    assert [word in prompt for word, prompt in zip(said, model.prompts("episodic"), strict=True)] == [True] * 3
    [core] = model.prompts("core")
    assert all(one.text in core for one in LINES)
    assert len(service.memory.memories.entries("ada", kind="episodic")) == 3
    assert service.memory.memories.profile("ada").values() == {"name": "Ada"}
    assert service.memory.work.count("ada") == 0
    assert service.wait("ada") == 0


def test_every_message_is_read_in_the_order_of_time(imported, model):
    service = imported("all", *reversed(LINES))
    service.wait("ada")
    assert model.steps().count("personality") == 3
    assert len(service.memory.personality.history("ada")) == 3
    times = [point.time for point in service.memory.personality.history("ada")]
    assert times == sorted(times)


def test_what_another_person_says_is_no_fact_and_no_trait_of_the_user(imported, model):
    service = imported(
        "all",
        line(0, "Bea: I have a dog. My name is Bea.", speaker="Bea", by_other=True, reply=""),
        line(1, "Ada: Nice!", speaker="Ada", reply=""),
    )
    service.wait("ada")
    judged = [prompt for step in ("semantic", "personality", "core", "procedural") for prompt in model.prompts(step)]
    assert len(judged) == 4
    assert all("I have a dog" not in prompt for prompt in judged)
    [topics] = model.prompts("episodic")
    assert "] Bea: I have a dog." in topics
    assert "User: Nice!" in topics


def test_a_conversation_that_goes_on_meanwhile_is_remembered_first(imported, model):
    service = imported("all", *LINES)
    list(service.stream("ada", "I have a cat."))
    first = service.memory.work.next_of("ada")
    assert service.memory.journal.turn(first.subject).text == "I have a cat."


def test_what_friends_said_is_not_summed_up_as_the_users_words(imported, model):
    model.script["episodic"] = "no topics"
    service = imported(
        "all",
        line(0, "Mia: I live in Bremen.", speaker="Mia", by_other=True, reply=""),
        line(1, "Ada: I live in Kiel.", speaker="Ada", reply=""),
    )
    service.wait("ada")
    [topic] = service.memory.memories.entries("ada", kind="episodic")
    assert topic.summary == "The user said: I live in Kiel.; others said: Mia: I live in Bremen."


@pytest.mark.parametrize(
    ("said", "note", "shown"),
    [
        (
            line(0, "Mia: I live in Bremen.", speaker="Mia", by_other=True, reply=""),
            'Mia wrote to them: "I live in Bremen."',
            "Mia: I live in Bremen.",
        ),
        (line(0, "Ada: I live in Bremen.", speaker="Ada", reply=""), '] "I live in Bremen."', "User: I live in Bremen."),
    ],
)
def test_a_reply_is_told_who_said_what(imported, model, said, note, shown):
    service = imported("none", said)
    model.script["reasoning"] = answer("In Bremen.")
    events = list(service.stream("ada", "Who lives in Bremen?"))
    [prompt] = model.prompts("reasoning")
    assert note in prompt
    assert "Ada: I live" not in prompt
    assert [one.text.partition("\n")[2] for one in events[-1].turn.trace.memories] == [shown]


def test_a_talk_of_friends_alone_asks_for_no_profile_and_sets_nothing_aside(imported, model):
    service = imported("all", line(0, "Mia: I live in Bremen.", speaker="Mia", by_other=True, reply=""))
    service.wait("ada")
    assert model.steps() == ["episodic"]
    assert service.memory.refusals.set_aside("ada") == []


def test_work_goes_on_with_an_import_that_was_interrupted(imported):
    service = imported("none", line(0, "One"))
    begun = service.memory.imports.begin("ada", Source("x", "y"), [line(5, "Two")], "none")
    service.memory.imports._begun.clear()
    service.wait("ada")
    assert service.memory.imports.get("ada", begun.id).state == "done"
