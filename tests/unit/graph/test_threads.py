"""Turns in a thread of LangGraph: each input is one of its own, and a re-run answers it again."""

from __future__ import annotations

import pytest
from langgraph.types import Command

from graph.context import Context
from memory.core.errors import InvalidInput, ModelUnavailable, NotFound
from memory.core.records import TurnState
from tests.fakes import answer, fact, retrieve
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


class Cancelled(BaseException):
    """No Exception, as asyncio's."""


@pytest.fixture(params=GRAPHS)
def kind(request):
    return request.param


@pytest.fixture
def chat():
    return echoing()


@pytest.fixture
def graph(kind, memory, chat):
    return make(kind, memory, chat)


class TestEachInput:
    @pytest.mark.parametrize("context", [ADA, None])
    def test_is_a_turn_of_its_own(self, graph, memory, context):
        for text in (DOG, PERU, CHILE):
            done = graph.invoke({"text": text}, IN_ONE, context=context)
            assert (done["reply"], done["turn"].text) == (f"You said: {text}", text)
            assert done["turn_id"] == done["turn"].id
            assert [step.action for step in done["steps"]] == ["retrieve", "answer"]
        user = context.user_id if context else "me"
        assert [text for text, _ in said(memory, user)] == [DOG, PERU, CHILE]
        assert states(memory, user) == ["answered"] * 3

    def test_has_looks_and_timings_of_its_own(self, graph, memory, chat):
        chat.script |= {"reasoning": [retrieve("dog"), answer("Two.")], "answer": answer("One.")}
        first = graph.invoke({"text": DOG}, IN_ONE, context=ADA)
        second = graph.invoke({"text": PERU}, IN_ONE, context=ADA)
        assert [step.query for step in first["steps"]] == [DOG, "dog", None]
        assert [step.query for step in second["steps"]] == [PERU, None]
        assert len(second["rounds"]) == 1
        assert second["turn"].trace.memories == ()

    def test_the_same_words_twice_are_two_turns(self, graph, memory):
        for _ in range(3):
            graph.invoke({"text": PERU}, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [PERU] * 3

    def test_goes_on_at_the_newest_checkpoint_that_is_named(self, graph, memory):
        for text in (DOG, PERU, CHILE):
            graph.invoke({"text": text}, graph.get_state(IN_ONE).config, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE]

    def test_after_one_that_failed(self, graph, memory, chat):
        chat.script["reasoning"] = ModelUnavailable("No model server answers.")
        with pytest.raises(ModelUnavailable):
            graph.invoke({"text": DOG}, IN_ONE, context=ADA)
        assert states(memory) == ["failed"]
        chat.script["reasoning"] = echo
        graph.invoke({"text": PERU}, IN_ONE, context=ADA)
        done = graph.invoke({"text": CHILE}, graph.get_state(IN_ONE).config, context=ADA)
        assert done["reply"] == f"You said: {CHILE}"
        assert [(turn.text, turn.state.value) for turn in memory.journal.turns("ada")] == [
            (DOG, "failed"),
            (PERU, "answered"),
            (CHILE, "answered"),
        ]

    def test_after_one_that_was_broken_off(self, graph, memory, chat):
        """As when a run is cancelled: nobody is there any more to say that it failed."""

        def cancelled(_prompt):
            raise Cancelled

        chat.script["reasoning"] = cancelled
        with pytest.raises(Cancelled):
            graph.invoke({"text": DOG}, IN_ONE, context=ADA)
        assert states(memory) == ["received"]
        chat.script["reasoning"] = echo
        graph.invoke({"text": PERU}, IN_ONE, context=ADA)
        assert [turn.state.value for turn in memory.journal.turns("ada")] == ["failed", "answered"]

    def test_one_that_is_refused_leaves_nothing_for_the_next(self, graph, memory):
        graph.invoke({"text": DOG}, IN_ONE, context=ADA)
        with pytest.raises(InvalidInput):
            graph.invoke({"text": "x" * 30_000}, IN_ONE, context=ADA)
        later = memory.receive("ada", PERU)
        assert graph.invoke({"turn_id": later.id}, IN_ONE, context=ADA)["reply"] == f"You said: {PERU}"

    @pytest.mark.parametrize("given", [("turn_id",), ("turn",), ("turn", "turn_id")])
    def test_may_be_a_turn_that_was_journaled_before(self, graph, memory, given):
        for text in (DOG, PERU, CHILE):
            turn = memory.receive("ada", text)
            both = {"turn": turn, "turn_id": turn.id}
            done = graph.invoke({name: both[name] for name in given}, IN_ONE, context=ADA)
            assert (done["turn"].id, done["reply"]) == (turn.id, f"You said: {text}")
        graph.invoke({"text": CAT}, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE, CAT]

    @pytest.mark.parametrize("given", ["turn_id", "turn"])
    def test_a_turn_that_failed_is_given_once_more(self, graph, memory, chat, given):
        turn = memory.receive("ada", DOG)
        chat.script["reasoning"] = [ModelUnavailable("down"), echo]
        one = {"turn_id": turn.id} if given == "turn_id" else {"turn": turn}
        with pytest.raises(ModelUnavailable):
            graph.invoke(one, IN_ONE, context=ADA)
        graph.invoke(one, IN_ONE, context=ADA)
        assert said(memory) == [(DOG, f"You said: {DOG}")]
        assert len(memory.journal.turns("ada")) == 1

    def test_without_a_checkpointer_a_thread_is_none(self, kind, memory, chat):
        graph = make(kind, memory, chat)
        graph.checkpointer = None
        for text in (DOG, PERU, CHILE):
            graph.invoke({"text": text}, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE]


class TestARun:
    def test_from_any_checkpoint_answers_the_same_turn_again(self, graph, memory, chat):
        three(graph)
        for number, snapshot in enumerate(checkpoints(graph, PERU)):
            chat.script["reasoning"] = answer(f"Lima, {number}.")
            graph.invoke(None, snapshot.config, context=ADA)
            replies = said(memory)
            assert [text for text, _ in replies] == [DOG, PERU, CHILE], snapshot.next
            asked = bool({"__start__", "recall", "retrieve", "reason"} & set(snapshot.next))
            assert (replies[1][1] == f"Lima, {number}.") is asked, snapshot.next
        assert set(states(memory)) == {"answered", "replaced"}
        assert memory.work.count("ada") == (3 if graph.name == "respond" else 0)

    def test_of_the_last_turn_takes_its_place(self, graph, memory, chat):
        three(graph)
        chat.script["reasoning"] = answer("Santiago.")
        done = graph.invoke(None, checkpoints(graph, CHILE)[1].config, context=ADA)
        assert said(memory)[-1] == (CHILE, "Santiago.")
        graph.invoke({"text": CAT}, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE, CAT]
        again = memory.journal.replace(memory.journal.turns("ada", limit=1)[0].id)
        assert again.text == CAT
        assert done["turn"].state is TurnState.ANSWERED

    def test_twice_from_the_same_checkpoint_leaves_one(self, graph, memory, chat):
        three(graph)
        before = checkpoints(graph, DOG)[1].config
        for number in range(3):
            chat.script["reasoning"] = answer(f"{number}")
            graph.invoke(None, before, context=ADA)
        assert said(memory)[0] == (DOG, "2")
        assert len(said(memory)) == 3

    def test_in_the_middle_of_a_turn_that_was_replaced_replaces_the_newest(self, graph, memory, chat):
        three(graph)
        middle = next(one for one in checkpoints(graph, PERU) if one.next == ("reason",))
        for number in range(3):
            chat.script["reasoning"] = answer(f"{number}")
            graph.invoke(None, middle.config, context=ADA)
        assert said(memory)[1] == (PERU, "2")
        assert len(said(memory)) == 3

    def test_of_a_failed_turn_answers_it(self, graph, memory, chat):
        graph.invoke({"text": DOG}, IN_ONE, context=ADA)
        for back in (False, True):
            chat.script["reasoning"] = ModelUnavailable("down")
            text = CHILE if back else PERU
            with pytest.raises(ModelUnavailable):
                graph.invoke({"text": text}, IN_ONE, context=ADA)
            chat.script["reasoning"] = echo
            graph.invoke(None, checkpoints(graph, text)[1].config if back else IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE]
        assert states(memory) == ["answered"] * 3

    def test_off_the_record_writes_nothing(self, graph, memory, kind):
        off = Context(user_id="ada", off_the_record=True)
        graph.invoke({"text": DOG}, IN_ONE, context=off)
        for snapshot in checkpoints(graph, DOG):
            graph.invoke(None, snapshot.config, context=off)
            if snapshot.next and snapshot.next[0] not in ("__start__", "recall"):
                graph.invoke(None, snapshot.config)
        assert memory.journal.turns("ada") == []
        assert not memory.journal.knows("ada")
        graph.invoke({"text": PERU}, IN_ONE, context=ADA)
        assert [text for text, _ in said(memory)] == [PERU]

    def test_of_one_user_replaces_nothing_of_another(self, graph, memory):
        three(graph)
        bob = Context(user_id="bob")
        for snapshot in checkpoints(graph, PERU):
            if snapshot.next in (("recall",), ("__start__",)):
                graph.invoke(None, snapshot.config, context=bob)
            elif snapshot.next:
                with pytest.raises(InvalidInput, match="another user"):
                    graph.invoke(None, snapshot.config, context=bob)
        graph.invoke({"text": CAT}, IN_ONE, context=bob)
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE]
        assert {text for text, _ in said(memory, "bob")} <= {PERU, CAT}
        with pytest.raises(InvalidInput, match="another user"):
            graph.invoke({"turn_id": memory.journal.turns("ada")[0].id}, IN_ONE, context=bob)

    def test_of_a_forgotten_message_is_refused(self, graph, memory):
        three(graph)
        snapshots = checkpoints(graph, PERU)
        memory.forget("ada", memory.journal.turns("ada")[1].id)
        for snapshot in snapshots:
            if snapshot.next and snapshot.next[0] in ("__start__", "recall", "reason", "answer"):
                with pytest.raises(NotFound, match="forgotten"):
                    graph.invoke(None, snapshot.config, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, CHILE]


def test_a_rerun_keeps_what_was_remembered_and_asks_for_it_once(memory, chat):
    chat.script["semantic"] = lambda prompt: (
        fact("The user has a dog called Rex.", "dog") if DOG in prompt else '"decision": false'
    )
    graph = make("persona", memory, chat)
    three(graph)
    [known] = memory.memories.entries("ada", kind="semantic")
    asked = chat.steps().count("semantic")
    for snapshot in checkpoints(graph, DOG):
        graph.invoke(None, snapshot.config, context=ADA)
    assert [one.id for one in memory.memories.entries("ada", kind="semantic")] == [known.id]
    assert chat.steps().count("semantic") == asked
    assert len(memory.personality.history("ada")) == 3


@pytest.mark.usefixtures("asking")
def test_a_new_input_while_a_question_waits(memory, chat):
    ill = "I was diagnosed with diabetes last week."
    graph = make("persona", memory, chat, asks=True)
    assert "__interrupt__" in graph.invoke({"text": ill}, IN_ONE, context=ADA)
    done = graph.invoke({"text": PERU}, IN_ONE, context=ADA)
    assert ("__interrupt__" in done, done["reply"]) == (False, f"You said: {PERU}")
    assert [text for text, _ in said(memory)] == [ill, PERU]
    assert len(memory.approvals.waiting("ada")) == 1
    again = graph.invoke(None, checkpoints(graph, ill)[1].config, context=ADA)
    assert "__interrupt__" in again
    graph.invoke(Command(resume="approve"), IN_ONE, context=ADA)
    assert memory.approvals.waiting("ada") == []
    assert [text for text, _ in said(memory)] == [ill, PERU]


def test_what_only_the_thread_still_holds_of_something_forgotten_is_in_no_reply(memory, chat):
    chat.script["reasoning"] = [answer("Noted."), retrieve("Rex"), answer("Your dog is Rex.")]
    graph = make("respond", memory, chat)
    graph.invoke({"text": DOG}, IN_ONE, context=Context(user_id="ada", time="2026-03-01 09:00"))
    graph.invoke({"text": PERU}, IN_ONE, context=Context(user_id="ada", time="2026-03-05 09:00"))
    middle = [one for one in checkpoints(graph, PERU) if one.next == ("reason",)][-1]
    assert middle.values["rounds"]
    memory.forget("ada", memory.journal.turns("ada")[0].id)
    chat.script["reasoning"] = answer("It is Rex.")
    graph.invoke(None, middle.config, context=ADA)
    assert all("Rex" not in turn.reply for turn in memory.journal.turns("ada"))


def test_an_archive_of_it_is_taken_in(memory, chat, tmp_path):
    graph = make("persona", memory, chat)
    three(graph)
    graph.invoke({"text": CAT}, checkpoints(graph, PERU)[0].config, context=ADA)
    before = memory.journal.turns("ada")
    memory.export_user("ada", tmp_path / "ada.zip")
    memory.delete_user("ada")
    memory.import_user(tmp_path / "ada.zip")
    assert memory.journal.turns("ada") == before
    graph.invoke({"text": CUBA}, IN_ONE, context=ADA)
    assert [text for text, _ in said(memory)] == [DOG, CAT, CHILE, CUBA]


def test_a_request_to_forget_is_done_once(kind, memory, chat):
    graph = make(kind, memory, chat)
    wish = "Please forget what I told you about Rex."
    graph.invoke({"text": DOG}, IN_ONE, context=ADA)
    offered = graph.invoke({"text": wish}, IN_ONE, context=ADA)
    assert offered["turn"].state is TurnState.REQUEST
    for snapshot in checkpoints(graph, wish):
        assert graph.invoke(None, snapshot.config, context=ADA)["reply"] == offered["reply"]
    done = graph.invoke({"text": "Yes."}, IN_ONE, context=ADA)
    assert said(memory) == []
    for snapshot in checkpoints(graph, "Yes."):
        assert graph.invoke(None, snapshot.config, context=ADA)["reply"] == done["reply"]
    graph.invoke({"text": PERU}, IN_ONE, context=ADA)
    assert [text for text, _ in said(memory)] == [PERU]
    assert states(memory) == ["answered", "forgotten", "forgotten", "request"]
