"""Where a reply's events go: to the caller of the service, and into LangGraph's own stream for anyone who runs a graph."""

from __future__ import annotations

import threading

import pytest

from graph import respond
from graph.context import Context
from graph.events import AnswerDelta, Recalled, Retrieving, sending_to
from memory.memory import Memory
from tests.fakes import ScriptedChat, WordEmbedder, answer
from tests.unit.memory.stores.test_journal import at


@pytest.fixture
def graph(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        memory.ingest_turn("me", at("2026-03-01 09:00"), "My dog is called Rex.", "A fine name.")
        yield respond.build(ScriptedChat({"reasoning": answer("He is called Rex.")}), memory)


def told(items):
    return "".join(item.text for item in items if isinstance(item, AnswerDelta)), [
        type(item) for item in items if isinstance(item, Retrieving | Recalled)
    ]


def test_a_graph_that_is_streamed_tells_its_events_there(graph):
    items = list(graph.stream({"text": "What is my dog called?"}, context=Context(), stream_mode="custom"))
    assert told(items) == ("He is called Rex.", [Retrieving, Recalled])


def test_a_listener_hears_the_same_in_its_own_thread(graph):
    items, threads = [], set()

    def hear(item):
        items.append(item)
        threads.add(threading.current_thread())

    done = graph.invoke({"text": "What is my dog called?"}, sending_to(hear), context=Context())
    assert told(items) == ("He is called Rex.", [Retrieving, Recalled])
    assert threads == {threading.current_thread()}
    assert done["turn"].reply == "He is called Rex."
