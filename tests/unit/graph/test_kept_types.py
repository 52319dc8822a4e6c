"""What a thread's checkpoints hold is read back as what it was, also by a serialiser that refuses what it was not told of."""

from __future__ import annotations

import dataclasses
import enum
import json
import typing
from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde import _msgpack
from langgraph.checkpoint.serde.event_hooks import register_serde_event_listener
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import BaseModel

from graph import consolidate, persona, remember
from graph.context import Context
from graph.kept_types import KEPT_TYPES, names, register
from graph.prompts.briefing import Style
from graph.state import ConsolidateState, PersonaState, RememberState
from memory.core.records import BigFive, Turn
from tests.fakes import ScriptedChat, answer, fact, retrieve

ADA = Context(user_id="ada")
IN_ONE = {"configurable": {"thread_id": "one"}}


def reachable(kind: object, seen: set[object]) -> set[type]:
    """The classes of ours that a value of a type may hold."""
    if kind in seen:
        return set()
    seen.add(kind)
    inner = list(typing.get_args(kind))
    own: set[type] = set()
    if isinstance(kind, type) and (issubclass(kind, BaseModel | enum.Enum) or dataclasses.is_dataclass(kind)):
        own = {kind}
    if isinstance(kind, type) and kind.__module__.split(".")[0] in ("graph", "memory"):
        inner += typing.get_type_hints(kind, include_extras=True).values()
    return own.union(*(reachable(one, seen) for one in inner))


@pytest.fixture
def refused():
    """What a serialiser refused, or only let through with a warning."""
    events: list[dict[str, str]] = []
    stop = register_serde_event_listener(events.append)
    yield events
    stop()


def test_every_type_of_a_state_is_named():
    found = set().union(*(reachable(state, set()) for state in (PersonaState, RememberState, ConsolidateState)))
    assert Turn in found
    assert set(KEPT_TYPES) == found


def test_the_servers_list_is_the_same():
    listed = json.loads((Path(__file__).parents[3] / "langgraph.json").read_text())["checkpointer"]["serde"]
    assert listed["allowed_msgpack_modules"] == names()


@pytest.mark.parametrize("by", ["list", "register"])
def test_a_strict_serialiser_reads_all_of_it_back(memory, refused, by, monkeypatch):
    # Whatever is registered is so for this test alone.
    monkeypatch.setattr(_msgpack, "SAFE_MSGPACK_TYPES", _msgpack.SAFE_MSGPACK_TYPES - set(map(tuple, names())))
    if by == "register":
        register()
    serde = JsonPlusSerializer(allowed_msgpack_modules=KEPT_TYPES if by == "list" else None)
    chat = ScriptedChat(
        {"reasoning": [retrieve("dog"), answer("Rex.")], "semantic": fact("The user has a dog called Rex.", "dog")}
    )
    whole = persona.build(chat, chat, memory, Style(), asks=True, confirms=True)
    single = remember.build(chat, memory), consolidate.build(chat, memory)
    for graph in (whole, *single):
        graph.checkpointer = InMemorySaver(serde=serde)
    for text in ("I have a dog called Rex.", "Who is Rex?", "Please forget what I told you about Rex."):
        whole.invoke({"text": text}, IN_ONE, context=ADA)
    for snapshot in list(whole.get_state_history(IN_ONE)):
        assert isinstance(snapshot.values.get("turn", Turn.model_construct()), Turn)
    turn = memory.journal.turns("ada")[0]
    for _ in range(2):
        single[0].invoke({"turn_id": turn.id}, IN_ONE, context=ADA)
        single[1].invoke({"session": 1}, IN_ONE, context=ADA)
    for graph in single:
        for snapshot in list(graph.get_state_history(IN_ONE)):
            if snapshot.next:
                graph.invoke(None, snapshot.config, context=ADA)
    assert refused == []


def test_a_checkpoint_of_an_older_version_is_read_back(refused, monkeypatch):
    monkeypatch.setattr(_msgpack, "SAFE_MSGPACK_TYPES", set(_msgpack.SAFE_MSGPACK_TYPES))
    register()
    with monkeypatch.context() as as_it_was:
        as_it_was.setattr(BigFive, "__module__", "memory.records")
        kept = JsonPlusSerializer().dumps_typed(BigFive())
    assert b"memory.records" in kept[1]
    assert JsonPlusSerializer().loads_typed(kept) == BigFive()
    assert refused == []
