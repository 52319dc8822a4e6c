"""langmem's tools remember in a person's memory: themselves where langmem is installed, and their calls without it."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest
from langgraph.config import get_store
from langgraph.graph import StateGraph
from typing_extensions import TypedDict

from app.store import PersonaStore

WHERE = ("{langgraph_user_id}", "notes")
ADA = {"configurable": {"langgraph_user_id": "ada"}}
TEA, HONEY = "Ada drinks her tea without sugar.", "Ada takes honey in her tea."


@pytest.fixture
def store(memory):
    return PersonaStore(memory)


class State(TypedDict, total=False):
    given: dict
    said: str


def in_a_graph(store, tool, **given):
    """What a tool says when a node of a graph calls it, which gives it the store and the person."""
    graph = StateGraph(State).add_node("use", lambda state: {"said": str(tool.invoke(state["given"]))})
    return graph.set_entry_point("use").compile(store=store).invoke({"given": given}, ADA)["said"]


def test_the_tools(store, memory):
    langmem = pytest.importorskip("langmem")
    manage, search = langmem.create_manage_memory_tool(WHERE), langmem.create_search_memory_tool(WHERE[:1])
    created = in_a_graph(store, manage, content=TEA)
    assert created.startswith("created memory ")
    name = created.rsplit(" ", 1)[1]
    assert [one.text for one in memory.search("ada", "sugar")] == [TEA]
    [found] = json.loads(in_a_graph(store, search, query="sugar", limit=1))
    assert (found["key"], found["value"], found["namespace"]) == (name, {"content": TEA}, ["ada", "notes"])
    in_a_graph(store, manage, content=HONEY, action="update", id=name)
    assert [one.text for one in memory.search("ada", "tea")] == [HONEY]
    assert "Deleted memory" in in_a_graph(store, manage, action="delete", id=name)
    assert memory.search("ada", "tea") == []


def test_the_tools_asynchronously(store, memory):
    langmem = pytest.importorskip("langmem")
    manage = langmem.create_manage_memory_tool(("ada", "notes"), store=store)
    search = langmem.create_search_memory_tool(("ada",), store=store, response_format="content_and_artifact")

    async def use():
        await manage.ainvoke({"content": TEA})
        return await search.ainvoke({"name": "search_memory", "args": {"query": "sugar"}, "id": "1", "type": "tool_call"})

    assert [one.value for one in asyncio.run(use()).artifact] == [{"content": TEA}]


def test_the_calls_of_the_tools(store, memory):
    """What langmem 0.0.30 calls: a random key, the text under `content`, and every item as a dictionary."""
    key = str(uuid.uuid4())

    def use(_state):
        inner = get_store()
        inner.put(("ada", "notes"), key=key, value={"content": TEA})
        found = inner.search(("ada",), query="sugar", filter=None, limit=10, offset=0)
        said = json.dumps([one.dict() for one in found])
        inner.put(("ada", "notes"), key=key, value={"content": HONEY})
        return {"said": said}

    graph = StateGraph(State).add_node("use", use).set_entry_point("use").compile(store=store)
    [found] = json.loads(graph.invoke({}, ADA)["said"])
    assert (found["key"], found["value"], found["score"] > 0) == (key, {"content": TEA}, True)
    assert [one.text for one in memory.search("ada", "tea")] == [HONEY]
    store.delete(("ada", "notes"), key=key)
    assert memory.search("ada", "tea") == []
