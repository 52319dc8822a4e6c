"""In Studio an interrupt asks before anything is forgotten."""

from __future__ import annotations

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from graph import persona
from graph.prompts.briefing import Style
from memory.core.records import TurnState
from memory.memory import Memory
from tests.fakes import KindEmbedder, ScriptedChat, WordEmbedder, fact

VEGAN = "Jonas is vegan."
ASK = {"text": "Please forget what I told you about Jonas."}


@pytest.fixture
def studio(tmp_path):
    chat = ScriptedChat({"semantic": fact(VEGAN, "Jonas")})
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        graph = persona.build(chat, chat, memory, Style(), asks=True, confirms=True)
        graph.checkpointer = InMemorySaver()
        config = {"configurable": {"thread_id": "1"}}
        graph.invoke({"text": "Jonas is vegan, my friend."}, config)
        yield memory, graph, config, chat


@pytest.mark.parametrize(("said", "gone"), [("forget", True), ("yes", True), ("keep", False), ("later", False)])
def test_one_answer_forgets_it_or_keeps_it(studio, said, gone):
    memory, graph, config, chat = studio
    [asked] = graph.invoke(ASK, config)["__interrupt__"]
    assert asked.value["answers"] == ["forget", "keep"]
    assert VEGAN in [one["text"] for one in asked.value["entries"]]
    assert memory.search("me", "Jonas"), "nothing is done yet"
    calls = len(chat.calls)
    done = graph.invoke(Command(resume=said), config)
    assert len(chat.calls) == calls, "no model is asked"
    assert (not memory.search("me", "Jonas")) is gone
    assert done["reply"].startswith("Forgotten (" if gone else "Nothing was forgotten")
    state = memory.journal.turns("me")[-1].state
    assert state is (TurnState.FORGOTTEN if gone else TurnState.REQUEST)


def test_a_guess_is_asked_as_one(tmp_path):
    chat = ScriptedChat()
    with Memory(tmp_path / "data", KindEmbedder(), asks=False) as memory:
        graph = persona.build(chat, chat, memory, Style(), asks=False, confirms=True)
        graph.checkpointer = InMemorySaver()
        config = {"configurable": {"thread_id": "1"}}
        graph.invoke({"text": "At the archive I earn 2,340 crowns."}, config)
        [asked] = graph.invoke({"text": "Please forget my salary."}, config)["__interrupt__"]
        assert asked.value["guessed"]
        assert asked.value["question"] == "Is this what you mean? Forget all of this?"
        done = graph.invoke(Command(resume="keep"), config)
        assert "Try the words that you used then" in done["reply"]


def test_the_next_message_is_a_turn_like_any_other(studio):
    _, graph, config, chat = studio
    graph.invoke(ASK, config)
    graph.invoke(Command(resume="forget"), config)
    done = graph.invoke({"text": "Good morning."}, config)
    assert done["reply"] == "Hello!"
    assert "Jonas" not in chat.prompts("reasoning")[-1].split("## Recent Conversations")[1]


def test_what_is_no_request_is_not_interrupted(studio):
    _, graph, config, _ = studio
    assert "__interrupt__" not in graph.invoke({"text": "Don't forget that Jonas is vegan."}, config)
