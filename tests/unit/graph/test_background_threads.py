"""Remember and consolidate in a thread of LangGraph: each input is about a turn or session of its own, and a re-run repeats nothing."""

from __future__ import annotations

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from graph import consolidate, remember
from graph.context import Context
from memory.core import clock
from memory.core.errors import InvalidInput
from tests.fakes import ScriptedChat, fact
from tests.threads import ADA, DOG, IN_ONE, PERU

GARBAGE = "I would rather not."


@pytest.fixture
def chat():
    return ScriptedChat(
        {"semantic": lambda prompt: fact("The user has a dog called Rex.", "dog") if DOG in prompt else GARBAGE}
    )


def in_thread(graph):
    graph.checkpointer = InMemorySaver()
    return graph


def talk(memory):
    """Three sessions of one turn each."""
    for day, text in enumerate((DOG, PERU, "Good night."), start=1):
        memory.ingest_turn("ada", clock.parse_time(f"2026-03-0{day} 09:00"), text, "Ok")
    return memory.journal.turns("ada")


class TestRemember:
    def test_three_turns_in_one_thread(self, memory, chat):
        graph = in_thread(remember.build(chat, memory))
        for number, turn in enumerate(talk(memory), start=1):
            done = graph.invoke({"turn_id": turn.id}, IN_ONE, context=ADA)
            assert done["turn"].id == turn.id
            assert (done["memory"] is not None) is (number == 1)
            assert len(done["warnings"]) == (number > 1), "a warning is of its own turn"
            assert len(memory.personality.history("ada")) == number

    def test_a_rerun_changes_nothing(self, memory, chat):
        graph = in_thread(remember.build(chat, memory))
        for turn in talk(memory):
            graph.invoke({"turn_id": turn.id}, IN_ONE, context=ADA)
        before = (memory.memories.entries("ada"), memory.personality.history("ada"))
        for snapshot in list(graph.get_state_history(IN_ONE)):
            graph.invoke(None, snapshot.config, context=ADA)
        assert (memory.memories.entries("ada"), memory.personality.history("ada")) == before

    def test_of_a_turn_that_was_replaced_takes_nothing(self, memory, chat):
        graph = in_thread(remember.build(chat, memory))
        turn = memory.receive("ada", DOG)
        memory.journal.finish(turn.id, "Ok")
        memory.journal.replace(turn.id)
        graph.invoke({"turn_id": turn.id}, IN_ONE, context=ADA)
        assert memory.memories.entries("ada") == []
        assert memory.personality.history("ada") == []

    def test_of_another_users_turn_is_refused(self, memory, chat):
        turn = talk(memory)[0]
        with pytest.raises(InvalidInput, match="another user"):
            remember.build(chat, memory).invoke({"turn_id": turn.id}, context=Context(user_id="bob"))


class TestConsolidate:
    def topics(self, memory):
        return [(one.session, one.summary, one.turn_ids) for one in memory.memories.entries("ada", kind="episodic")]

    def test_sessions_in_one_thread_and_then_the_newest(self, memory, chat):
        turns = talk(memory)
        chat.script["procedural"] = [GARBAGE, GARBAGE, "none"]
        graph = in_thread(consolidate.build(chat, memory))
        told = []
        for given in ({"session": 1}, {"session": 2}, {}, {"session": None}):
            done = graph.invoke(given, IN_ONE, context=ADA)
            told.append((done["session"], [turn.id for turn in done["turns"]], len(done["warnings"])))
        assert told == [(1, [turns[0].id], 1), (2, [turns[1].id], 0), (3, [turns[2].id], 0), (3, [turns[2].id], 0)]
        assert [session for session, *_ in self.topics(memory)] == [1, 2, 3]

    def test_a_rerun_repeats_nothing_and_rewrites_nothing_that_is_newer(self, memory, chat):
        talk(memory)
        graph = in_thread(consolidate.build(chat, memory))
        for number in (1, 2, 3):
            chat.script["core"] = f'"home": "place {number}"'
            graph.invoke({"session": number}, IN_ONE, context=ADA)
        before = self.topics(memory)
        chat.script["core"] = '"home": "nowhere"'
        for snapshot in list(graph.get_state_history(IN_ONE)):
            if snapshot.values.get("number") != 3 and "load" not in snapshot.next and "__start__" not in snapshot.next:
                graph.invoke(None, snapshot.config, context=ADA)
        assert self.topics(memory) == before
        assert memory.memories.profile("ada").values()["home"] == "place 3"

    def test_a_rerun_for_another_user_is_refused(self, memory, chat):
        talk(memory)
        graph = in_thread(consolidate.build(chat, memory))
        graph.invoke({"session": 1}, IN_ONE, context=ADA)
        [middle] = [one for one in graph.get_state_history(IN_ONE) if one.next == ("commit",)]
        with pytest.raises(InvalidInput, match="another user"):
            graph.invoke(None, middle.config, context=Context(user_id="bob"))
        assert memory.memories.entries("bob") == []
