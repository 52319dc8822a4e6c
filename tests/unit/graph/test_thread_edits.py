"""A message that is changed in a thread: from an earlier checkpoint, by a new input or by an update of the state."""

from __future__ import annotations

import json

import pytest

from graph.context import Context
from memory.core import clock
from memory.core.errors import InvalidInput, ModelUnavailable, NotFound
from tests.fakes import fact
from tests.threads import (
    ADA,
    CAT,
    CHILE,
    CUBA,
    DOG,
    GRAPHS,
    IN_ONE,
    PERU,
    checkpoints,
    echo,
    echoing,
    make,
    said,
    states,
    three,
)  # fmt: skip


@pytest.fixture(params=GRAPHS)
def kind(request):
    return request.param


@pytest.fixture
def chat():
    return echoing()


@pytest.fixture
def graph(kind, memory, chat):
    return make(kind, memory, chat)


class TestAnEdit:
    @pytest.mark.parametrize("by", ["input", "update"])
    @pytest.mark.parametrize("of", [DOG, PERU, CHILE])
    def test_replaces_the_turn_from_any_of_its_checkpoints(self, kind, memory, chat, of, by):
        graph = make(kind, memory, chat)
        three(graph)
        times = {turn.text: turn.time for turn in memory.journal.turns("ada")}
        for snapshot in checkpoints(graph, of):
            if by == "input" and snapshot.values.get("reply") and snapshot.values["turn"].text == of and not _asks(snapshot):
                continue
            if by == "input":
                graph.invoke({"text": CAT}, snapshot.config, context=ADA)
            elif snapshot.next not in ((), ("__start__",)):
                graph.invoke(None, graph.update_state(snapshot.config, {"text": CAT}), context=ADA)
            else:
                continue
            expected = [CAT if text == of else text for text in (DOG, PERU, CHILE)]
            assert [text for text, _ in said(memory)] == expected, snapshot.next
            new = memory.journal.turns("ada", ids=[turn.id for turn in memory.journal.turns("ada") if turn.text == CAT])[-1]
            assert (new.time, new.reply) == (times[of], f"You said: {CAT}")
        assert set(states(memory)) == {"answered", "replaced"}
        done = graph.invoke({"text": CUBA}, IN_ONE, context=ADA)
        assert done["reply"] == f"You said: {CUBA}"
        assert said(memory)[-1] == (CUBA, f"You said: {CUBA}")

    def test_from_the_end_of_the_turn_before(self, graph, memory):
        three(graph)
        graph.invoke({"text": CAT}, checkpoints(graph, DOG)[-1].config, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, CAT, CHILE]

    def test_of_an_update_at_the_head_that_no_checkpoint_is_named_for(self, graph, memory):
        three(graph)
        graph.update_state(checkpoints(graph, CHILE)[1].config, {"text": CAT})
        graph.invoke(None, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CAT]

    def test_of_a_turn_that_failed(self, graph, memory, chat):
        graph.invoke({"text": DOG}, IN_ONE, context=ADA)
        chat.script["reasoning"] = ModelUnavailable("down")
        with pytest.raises(ModelUnavailable):
            graph.invoke({"text": PERU}, IN_ONE, context=ADA)
        chat.script["reasoning"] = echo
        graph.invoke({"text": CAT}, checkpoints(graph, PERU)[0].config, context=ADA)
        assert [(turn.text, turn.state.value) for turn in memory.journal.turns("ada") if turn.state != "replaced"] == [
            (DOG, "answered"),
            (CAT, "answered"),
        ]

    def test_is_not_taken_for_what_is_said_in_the_new_branch(self, graph, memory):
        three(graph)
        graph.invoke({"text": CAT}, checkpoints(graph, PERU)[0].config, context=ADA)
        graph.invoke({"text": CUBA}, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, CAT, CHILE, CUBA]

    def test_is_taken_back_by_a_run_from_the_middle_of_the_turn_as_it_was(self, graph, memory):
        three(graph)
        middle = next(one for one in checkpoints(graph, PERU) if one.next == ("reason",))
        graph.invoke({"text": CAT}, checkpoints(graph, PERU)[0].config, context=ADA)
        graph.invoke(None, middle.config, context=ADA)
        assert said(memory)[1] == (PERU, f"You said: {PERU}")
        assert len(said(memory)) == 3

    def test_keeps_the_pictures_unless_others_are_given(self, graph, memory):
        graph.invoke({"text": DOG, "images": ["p1"]}, IN_ONE, context=ADA)
        first = checkpoints(graph, DOG)[0].config
        assert graph.invoke({"text": CAT}, first, context=ADA)["turn"].images == ("p1",)
        assert graph.invoke({"text": CAT, "images": ["p2"]}, first, context=ADA)["turn"].images == ("p2",)
        assert graph.invoke({"text": CAT, "images": []}, first, context=ADA)["turn"].images == ()
        assert len(said(memory)) == 1

    def test_may_write_the_state_over_http_as_json(self, graph, memory):
        three(graph)
        for snapshot in checkpoints(graph, CHILE):
            if snapshot.next and snapshot.next != ("__start__",):
                kept = {name: value for name, value in snapshot.values.items() if name not in ("text", "edits")}
                as_json = json.loads(json.dumps(kept, default=lambda value: value.model_dump(mode="json")))
                graph.invoke(None, graph.update_state(snapshot.config, as_json), context=ADA)
                assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE], snapshot.next
        graph.invoke({"turn": memory.receive("ada", CUBA).model_dump(mode="json")}, IN_ONE, context=ADA)
        assert said(memory)[-1] == (CUBA, f"You said: {CUBA}")

    def test_that_cannot_be_taken_changes_nothing(self, graph, memory):
        three(graph)
        with pytest.raises(InvalidInput):
            graph.invoke({"text": "x" * 30_000}, checkpoints(graph, PERU)[0].config, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE]


def _asks(snapshot):
    return snapshot.next and snapshot.next[0] in ("__start__", "recall", "reason", "retrieve", "answer")


def test_an_edit_takes_back_what_was_remembered_and_remembers_the_new_words(memory, chat):
    def taken(prompt):
        about = {DOG: "The user has a dog called Rex.", CAT: "The user has a cat called Tom."}
        return next((fact(about[text], "pet") for text in about if text in prompt), '"decision": false')

    chat.script |= {"semantic": taken, "core": lambda prompt: '"pets": "dog Rex"'}
    graph = make("persona", memory, chat)
    graph.invoke({"text": DOG}, IN_ONE, context=ADA)
    m = memory.personality.newest("ada").m
    memory.journal.end_session("ada")
    graph.invoke({"text": PERU}, IN_ONE, context=ADA)
    assert memory.memories.profile("ada").values()["pets"] == "dog Rex"
    chat.script["core"] = '"name": "unknown"'
    graph.invoke({"text": CAT}, checkpoints(graph, DOG)[0].config, context=ADA)
    facts = [one.content for one in memory.memories.entries("ada", kind="semantic")]
    assert facts == ["The user has a cat called Tom."]
    assert "pets" not in memory.memories.profile("ada").values()
    assert not any("Rex" in one.text for one in memory.search("ada", "Rex dog") if one.kind in ("semantic", "core"))
    assert not any("Rex" in one.text for one in memory.search("ada", "Rex dog", kind="episodic"))
    assert [point.m for point in memory.personality.history("ada")] == [m, m + 1], "what was replaced counts no more"
    assert memory.work.count("ada") == 0


def test_times_stay_in_order(memory, chat):
    graph = make("respond", memory, chat)
    for minute, text in enumerate((DOG, PERU, CHILE)):
        graph.invoke({"text": text}, IN_ONE, context=Context(user_id="ada", time=f"2026-03-01 09:0{minute // 2}"))
    graph.invoke({"text": CAT}, checkpoints(graph, DOG)[0].config, context=Context(user_id="ada", time="2026-03-01 09:00"))
    assert [text for text, _ in said(memory)] == [CAT, PERU, CHILE]
    recent = memory.journal.recent("ada", clock.parse_time("2026-03-01 09:30"))
    assert [turn.text for turn in recent] == [CAT, PERU, CHILE]
    with pytest.raises(NotFound, match="Only the last"):
        memory.journal.replace(recent[0].id)
