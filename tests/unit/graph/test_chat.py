"""The graph `chat`: whole turns over messages, as LangGraph's front ends send them, run again and edit them."""

from __future__ import annotations

import asyncio
import base64
import io

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from PIL import Image

from app.chat_replies import ServiceReplies
from graph import chat
from graph.context import Context
from memory.core.errors import InvalidInput, ModelUnavailable
from memory.core.records import TurnState
from tests.fakes import answer, fact
from tests.threads import ADA, CAT, CHILE, CUBA, DOG, IN_ONE, PERU, echoing, said, states

APPROVE, REJECT = ({"decisions": [{"type": kind}]} for kind in ("approve", "reject"))


def user(content):
    return {"messages": [{"role": "user", "content": content}]}


@pytest.fixture
def model():
    return echoing()


@pytest.fixture
def service(serve, model):
    return serve(model)


@pytest.fixture
def memory(service):
    return service.memory


@pytest.fixture
def graph(service):
    built = chat.build(ServiceReplies(service))
    built.checkpointer = InMemorySaver()
    return built


def say(graph, content, config=IN_ONE, context=ADA):
    return graph.invoke(user(content), config, context=context)


def history(graph):
    return list(reversed(list(graph.get_state_history(IN_ONE))))


def before(graph, text):
    """The checkpoint before the message, and the one before its reply: where "edit" and "regenerate" of a front end begin."""
    for place, one in enumerate(history(graph)):
        messages = one.values.get("messages") or [HumanMessage("")]
        if messages[-1].type == "human" and messages[-1].text == text:
            return history(graph)[place - 1].config, one.config
    raise AssertionError(text)


class TestATurn:
    def test_is_journaled_and_answered(self, graph, memory):
        for text in (DOG, PERU, CHILE):
            state = say(graph, text)
            assert state["messages"][-1].text == f"You said: {text}"
        assert [one.text for one in state["messages"] if one.type == "human"] == [DOG, PERU, CHILE]
        assert said(memory) == [(text, f"You said: {text}") for text in (DOG, PERU, CHILE)]

    def test_is_for_me_without_a_context(self, graph, memory):
        say(graph, DOG, context=None)
        assert [text for text, _ in said(memory, "me")] == [DOG]

    def test_the_same_words_twice_are_two_turns(self, graph, memory):
        for _ in range(3):
            say(graph, PERU)
        assert [text for text, _ in said(memory)] == [PERU] * 3

    def test_the_reply_names_its_turn_and_memories_and_counts_its_tokens(self, graph, memory):
        say(graph, DOG)
        reply = say(graph, "Which dog do I have?")["messages"][-1]
        turn = memory.journal.turns("ada")[-1]
        assert reply.response_metadata == {"turn_id": turn.id, "memory_ids": [one.id for one in turn.trace.memories]}
        usage = turn.trace.usage
        assert reply.usage_metadata["input_tokens"] == usage.prompt_tokens > 0
        assert reply.usage_metadata["total_tokens"] == usage.total_tokens

    def test_a_client_may_send_a_whole_conversation(self, graph, memory):
        sent = [HumanMessage(DOG), AIMessage("Nice."), HumanMessage(PERU)]
        state = graph.invoke({"messages": sent}, IN_ONE, context=ADA)
        assert [one.text for one in state["messages"]] == [DOG, "Nice.", PERU, f"You said: {PERU}"]
        assert said(memory) == [(PERU, f"You said: {PERU}")]

    def test_a_system_message_is_the_clients_and_is_not_remembered(self, graph, memory, model):
        graph.invoke({"messages": [("system", "Speak like a pirate."), ("user", DOG)]}, IN_ONE, context=ADA)
        assert "Speak like a pirate." in model.prompts("reasoning")[-1]
        assert [text for text, _ in said(memory)] == [DOG]

    @pytest.mark.parametrize("extra", [{"context": {"artifact": "x"}}, {"context": None}, {"ui": []}])
    def test_other_keys_of_an_input_are_ignored(self, graph, memory, extra):
        assert graph.invoke({**user(DOG), **extra}, IN_ONE, context=ADA)["messages"][-1].text == f"You said: {DOG}"

    def test_off_the_record_writes_nothing(self, graph, memory):
        say(graph, DOG, context=Context(user_id="ada", off_the_record=True))
        assert not memory.journal.knows("ada")
        say(graph, PERU)
        assert [text for text, _ in said(memory)] == [PERU]

    def test_after_one_that_failed(self, graph, memory, model):
        echo = model.script["reasoning"]
        model.script["reasoning"] = ModelUnavailable("No model server answers.")
        with pytest.raises(ModelUnavailable, match="No model server answers"):
            say(graph, DOG)
        model.script["reasoning"] = echo
        say(graph, PERU)
        assert [(one.text, one.state.value) for one in memory.journal.turns("ada")] == [(DOG, "failed"), (PERU, "answered")]

    def test_one_that_failed_is_run_again(self, graph, memory, model):
        echo = model.script["reasoning"]
        model.script["reasoning"] = ModelUnavailable("down")
        with pytest.raises(ModelUnavailable):
            say(graph, DOG)
        model.script["reasoning"] = echo
        graph.invoke(None, IN_ONE, context=ADA)
        assert said(memory) == [(DOG, f"You said: {DOG}")]
        assert states(memory) == ["answered"]

    def test_a_run_without_a_thread(self, graph, memory):
        graph.checkpointer = None
        for _ in range(2):
            graph.invoke(user(DOG), context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, DOG]

    def test_a_conversation_that_is_sent_whole_without_a_thread_is_journaled_once(self, graph, memory):
        graph.checkpointer = None
        talk = graph.invoke(user(DOG), context=ADA)["messages"]
        for _ in range(2):
            graph.invoke({"messages": [*talk, HumanMessage(PERU)]}, context=ADA)
        assert [text for text, _ in said(memory)] == [DOG, PERU]


class TestPictures:
    def png(self, colour="red"):
        file = io.BytesIO()
        Image.new("RGB", (40, 30), colour).save(file, "PNG")
        return base64.b64encode(file.getvalue()).decode()

    @pytest.mark.parametrize(
        "spelled",
        [
            lambda data: {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
            lambda data: {"type": "image_url", "image_url": f"data:image/png;base64,{data}"},
            lambda data: {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": data},
            lambda data: {"type": "image", "base64": data, "mime_type": "image/png"},
            lambda data: {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
            lambda data: {"type": "image", "mimeType": "image/png", "data": data, "metadata": {"name": "a.png"}},
            lambda data: {"type": "image", "mimeType": "image/png", "data": f"data:image/png;base64,{data}"},
        ],
    )  # fmt: skip
    def test_in_each_spelling(self, graph, memory, spelled):
        say(graph, [{"type": "text", "text": DOG}, spelled(self.png())])
        [turn] = memory.journal.turns("ada")
        assert turn.text == DOG
        [photo] = memory.photos.list("ada")
        assert turn.images == (photo.id,)
        assert (photo.width, photo.height) == (40, 30)

    def test_an_edit_without_them_keeps_them(self, graph, memory):
        picture = {"type": "image", "mimeType": "image/png", "data": self.png()}
        say(graph, [{"type": "text", "text": DOG}, picture])
        [photo] = memory.photos.list("ada")
        say(graph, CAT, before(graph, DOG)[0])
        graph.invoke(None, before(graph, CAT)[1], context=ADA)
        [turn] = [one for one in memory.journal.turns("ada") if one.state is TurnState.ANSWERED]
        assert (turn.text, turn.images) == (CAT, (photo.id,))
        say(graph, [{"type": "text", "text": CUBA}], before(graph, CAT)[0])
        assert [one.images for one in memory.journal.turns("ada") if one.text == CUBA] == [()]

    @pytest.mark.parametrize(
        ("part", "why"),
        [
            ({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}, "addresses are not opened"),
            ({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}, "addresses are not opened"),
            ({"type": "image", "source_type": "id", "id": "file-1"}, "no data"),
            ({"type": "image", "data": "%%%"}, "base64"),
            ({"type": "image", "data": "aGVsbG8="}, "picture"),
            ({"type": "file", "mimeType": "application/pdf", "data": "aGVsbG8="}, "'file' cannot be read"),
        ],
    )
    def test_one_that_cannot_be_taken_is_refused_in_a_sentence(self, graph, memory, part, why):
        with pytest.raises(InvalidInput, match=why):
            say(graph, [{"type": "text", "text": DOG}, part])
        assert not memory.journal.turns("ada")


class TestStreaming:
    def test_the_chunks_have_the_id_of_the_message(self, graph):
        got = list(graph.stream(user(DOG), IN_ONE, context=ADA, stream_mode="messages"))
        chunks = [message for message, _ in got if isinstance(message, AIMessageChunk)]
        assert len([one for one in chunks if one.text]) > 1
        final = graph.get_state(IN_ONE).values["messages"][-1]
        assert {one.id for one in chunks} == {final.id}
        whole = sum(chunks[1:], chunks[0])
        assert (whole.text, whole.usage_metadata) == (final.text, final.usage_metadata)
        assert whole.response_metadata["turn_id"] == final.response_metadata["turn_id"]
        assert [message for message, _ in got if not isinstance(message, AIMessageChunk)] == []

    def test_asynchronously_too(self, graph):
        async def chunks():
            return [
                message.text
                async for message, _ in graph.astream(user(DOG), IN_ONE, context=ADA, stream_mode="messages")
                if isinstance(message, AIMessageChunk)
            ]

        parts = asyncio.run(chunks())
        assert "".join(parts) == f"You said: {DOG}"
        assert len([one for one in parts if one]) > 1

    @pytest.mark.filterwarnings("ignore:The v3 streaming protocol")
    def test_in_the_newer_protocol(self, graph):
        stream = graph.stream_events(user(DOG), IN_ONE, context=ADA, version="v3")
        events = [event["params"]["data"][0] for event in stream if event["method"] == "messages"]
        final = graph.get_state(IN_ONE).values["messages"][-1]
        assert [one["id"] for one in events if one["event"] == "message-start"] == [final.id]
        deltas = [one["delta"]["text"] for one in events if one["event"] == "content-block-delta"]
        assert len(deltas) > 1
        assert "".join(deltas) == final.text == f"You said: {DOG}"
        assert events[-1]["usage"] == final.usage_metadata

    def test_what_the_model_thinks_and_finds_is_in_the_custom_stream(self, graph):
        events = list(graph.stream(user(DOG), IN_ONE, context=ADA, stream_mode="custom"))
        assert {one.event for one in events} == {"think", "retrieving", "recalled"}

    def test_a_run_that_is_cancelled_stops_the_reply(self, graph, memory, model):
        import threading

        model.gate, asked = threading.Event(), threading.Event()
        echo = model.script["reasoning"]
        model.script["reasoning"] = lambda prompt: asked.set() or echo(prompt)

        async def cancelled():
            run = asyncio.ensure_future(graph.ainvoke(user(DOG), IN_ONE, context=ADA))
            await asyncio.to_thread(asked.wait)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            model.gate.set()

        asyncio.run(cancelled())
        say(graph, PERU)
        assert [(one.text, one.state.value) for one in memory.journal.turns("ada")] == [(DOG, "stopped"), (PERU, "answered")]


class TestGoingBack:
    def test_regenerating_journals_the_message_once(self, graph, memory, model):
        for text in (DOG, PERU, CHILE):
            say(graph, text)
        ids = set()
        for number in range(3):
            model.script["reasoning"] = answer(f"Lima, {number}.")
            state = graph.invoke(None, before(graph, PERU)[1], context=ADA)
            assert [one.text for one in state["messages"]][2:] == [PERU, f"Lima, {number}."]
            ids.add(state["messages"][-1].id)
        assert len(ids) == 3
        assert [text for text, _ in said(memory)] == [DOG, PERU, CHILE]
        assert said(memory)[1][1] == "Lima, 2."

    def test_an_edit_replaces_the_message(self, graph, memory):
        for text in (DOG, PERU, CHILE):
            say(graph, text)
        state = say(graph, CAT, before(graph, PERU)[0])
        assert [one.text for one in state["messages"] if one.type == "human"] == [DOG, CAT]
        assert [text for text, _ in said(memory)] == [DOG, CAT, CHILE]
        say(graph, CUBA)
        assert [text for text, _ in said(memory)] == [DOG, CAT, CHILE, CUBA]

    def test_an_edit_of_the_first_message(self, graph, memory):
        say(graph, DOG)
        say(graph, CAT, before(graph, DOG)[0])
        assert [text for text, _ in said(memory)] == [CAT]
        assert set(states(memory)) == {"answered", "replaced"}

    def test_going_on_in_the_old_branch(self, graph, memory):
        for text in (DOG, PERU):
            say(graph, text)
        end = graph.get_state(IN_ONE).config
        say(graph, CAT, before(graph, PERU)[0])
        say(graph, CUBA, end)
        assert [text for text, _ in said(memory)] == [DOG, CAT, CUBA]

    def test_another_users_question_is_refused(self, graph, memory, service):
        say(graph, DOG)
        middle = next(one for one in history(graph) if one.next == ("ask_consent",))
        with pytest.raises(InvalidInput, match="another user"):
            graph.invoke(None, middle.config, context=Context(user_id="bob"))


class TestQuestions:
    ILL = "I was diagnosed with diabetes last week."

    @pytest.mark.usefixtures("asking")
    @pytest.mark.parametrize(("answered", "kept", "waits"), [(APPROVE, 1, 0), (REJECT, 0, 0), ({"decisions": []}, 1, 1)])
    def test_something_sensitive_is_asked_about(self, graph, memory, model, answered, kept, waits):
        model.script["semantic"] = fact("The user has diabetes.", "diabetes")
        state = say(graph, self.ILL)
        [asked] = state["__interrupt__"]
        [request], [review] = asked.value["action_requests"], asked.value["review_configs"]
        assert (request["name"], request["args"]["topic"], review["action_name"]) == ("remember", "health", "remember")
        assert request["args"]["message"] == self.ILL
        # The person does not wait until the model has extracted facts.
        assert "semantic" not in model.steps()
        assert review["allowed_decisions"] == ["approve", "reject"]
        assert "May it be remembered?" in request["description"]
        done = graph.invoke(Command(resume=answered), IN_ONE, context=ADA)
        assert "__interrupt__" not in done
        assert (len(said(memory)), len(memory.approvals.waiting("ada"))) == (kept, waits)
        assert any(self.ILL in one.text for one in done["messages"]) is bool(kept)

    @pytest.mark.usefixtures("asking")
    def test_a_new_message_leaves_the_question_open(self, graph, memory):
        assert "__interrupt__" in say(graph, self.ILL)
        done = say(graph, PERU)
        assert "__interrupt__" not in done
        assert done["messages"][-1].text == f"You said: {PERU}"
        assert len(memory.approvals.waiting("ada")) == 1

    @pytest.mark.parametrize(("answered", "gone"), [(APPROVE, True), (REJECT, False), ("forget", True), ("later", False)])
    def test_a_request_to_forget(self, graph, memory, answered, gone):
        say(graph, DOG)
        state = say(graph, "Please forget what I told you about Rex.")
        [asked] = state["__interrupt__"]
        [request] = asked.value["action_requests"]
        assert DOG in str(request["args"]["entries"])
        done = graph.invoke(Command(resume=answered), IN_ONE, context=ADA)
        assert done["messages"][-1].text.startswith("Forgotten (" if gone else "Nothing was forgotten")
        assert ([text for text, _ in said(memory)] == []) is gone
        assert any("Rex" in one.text for one in done["messages"][:-1]) is not gone
        assert say(graph, PERU)["messages"][-1].text == f"You said: {PERU}"

    def test_what_was_forgotten_by_a_button_comes_back_with_undo(self, graph, memory):
        say(graph, DOG)
        say(graph, "Please forget what I told you about Rex.")
        graph.invoke(Command(resume=APPROVE), IN_ONE, context=ADA)
        assert said(memory) == []
        back = say(graph, "undo")["messages"][-1].text
        assert back.startswith("It is back")
        assert [text for text, _ in said(memory)] == [DOG]
        # It is undone once, and by the message right after it alone.
        assert not say(graph, "undo")["messages"][-1].text.startswith("It is back")

    def test_undo_after_another_message_restores_nothing(self, graph, memory):
        say(graph, DOG)
        say(graph, "Please forget what I told you about Rex.")
        graph.invoke(Command(resume=APPROVE), IN_ONE, context=ADA)
        say(graph, PERU)
        say(graph, "undo")
        assert DOG not in [text for text, _ in said(memory)]

    def test_a_request_that_is_run_again_is_done_once(self, graph, memory):
        wish = "Please forget what I told you about Rex."
        say(graph, DOG)
        offered = say(graph, wish)["messages"][-1].text
        again = graph.invoke(None, before(graph, wish)[1], context=ADA)
        assert again["messages"][-1].text == offered
        assert states(memory) == ["answered", "request"]
        done = say(graph, "Yes.")
        assert said(memory) == []
        assert done["messages"][-1].text.startswith("Forgotten (")


@pytest.mark.parametrize("given", [{"messages": []}, {"messages": [("ai", "Hello.")]}, {"messages": [("system", "x")]}])
def test_without_a_new_message_there_is_nothing_to_answer(graph, given):
    with pytest.raises(InvalidInput, match="no new message"):
        graph.invoke(given, IN_ONE, context=ADA)


def test_two_messages_in_one_input_are_one_turn_and_none_is_lost(graph, memory):
    state = graph.invoke({"messages": [HumanMessage(DOG), HumanMessage(PERU)]}, IN_ONE, context=ADA)
    assert said(memory) == [(f"{DOG}\n{PERU}", state["messages"][-1].text)]
