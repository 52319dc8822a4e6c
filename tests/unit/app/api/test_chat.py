"""Chat completions over a whole turn: what is answered, what is journaled, and where in which conversation it stands."""

from __future__ import annotations

import base64
import io
import json
import threading

import pytest
from PIL import Image

from app.api.chat.front_ends import is_background_call, own_words
from memory.core.errors import ModelUnavailable
from memory.core.records import TurnState
from tests.fakes import NOTHING, ScriptedChat, answer, fact

pytestmark = pytest.mark.api
URL = "/v1/chat/completions"


def scripted(*replies):
    return ScriptedChat({"reasoning": [answer(one) for one in replies] or answer("Hello!"), "semantic": NOTHING})


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def said(service, person="me"):
    """The person's messages with their replies, without those that were replaced."""
    turns = service.memory.journal.turns(person)
    return [(one.text, one.reply) for one in turns if one.state is not TurnState.REPLACED]


def square():
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, "PNG")
    return data.getvalue()


def ask(client, *messages, headers=None, **more):
    found = client.post(URL, json={"messages": list(messages), **more}, headers=headers or {})
    assert found.status_code == 200, found.text
    return found.json()["choices"][0]["message"]["content"]


def events(text):
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


@pytest.fixture
def opened(serve, connect):
    def make(*replies):
        service = serve(scripted(*replies))
        return service, connect(service)

    return make


def test_a_whole_answer_has_openais_shape_and_is_journaled(opened):
    service, client = opened("A cello!")
    found = client.post(URL, json={"model": "persona", "messages": [user("I play the cello.")]})
    body = found.json()
    assert (body["object"], body["model"]) == ("chat.completion", "persona")
    assert body["choices"][0]["message"]["content"] == "A cello!"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] > 0
    assert said(service) == [("I play the cello.", "A cello!")]
    [turn] = service.memory.journal.turns("me")
    assert found.headers["x-persona-turn"] == turn.id
    assert body["id"] == f"chatcmpl-{turn.id}"


def test_a_streamed_answer_comes_in_chunks_with_thoughts_apart_and_usage_on_request(opened):
    _, client = opened("Hello there!")
    body = {"messages": [user("Hi")], "stream": True, "stream_options": {"include_usage": True}}
    chunks = events(client.post(URL, json=body).text)
    assert {one["object"] for one in chunks} == {"chat.completion.chunk"}
    deltas = [one["choices"][0]["delta"] for one in chunks if one["choices"]]
    assert deltas[0]["role"] == "assistant"
    assert "".join(one.get("content", "") for one in deltas) == "Hello there!"
    assert "It is plain." in "".join(one.get("reasoning_content", "") for one in deltas)
    assert [one["choices"][0]["finish_reason"] for one in chunks if one["choices"]][-1] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] > 0
    chunks = events(client.post(URL, json={"messages": [user("Hi")], "stream": True, "include_reasoning": False}).text)
    assert not any("reasoning_content" in one["choices"][0]["delta"] for one in chunks)


def test_an_error_in_the_midst_of_a_stream_has_openais_type(serve, connect):
    client = connect(serve(ScriptedChat({"reasoning": ModelUnavailable("No model server answers.")})))
    found = events(client.post(URL, json={"messages": [user("Hi")], "stream": True}).text)
    assert found[-1]["error"]["type"] == "service_unavailable_error"


class TestAConversation:
    def test_is_journaled_once_however_often_its_history_is_sent(self, opened):
        service, client = opened("One.", "Two.", "Three.")
        history = []
        for number, reply in enumerate(("One.", "Two.", "Three.")):
            history.append(user(f"Message {number}"))
            assert ask(client, *history) == reply
            history.append(assistant(reply))
        assert said(service) == [("Message 0", "One."), ("Message 1", "Two."), ("Message 2", "Three.")]

    def test_the_same_history_again_is_a_new_answer_in_the_same_place(self, opened):
        service, client = opened("One.", "Two.", "Another two.")
        first = [user("Hi"), assistant("One.")]
        ask(client, user("Hi"))
        assert ask(client, *first, user("And?")) == "Two."
        assert ask(client, *first, user("And?")) == "Another two."
        assert said(service) == [("Hi", "One."), ("And?", "Another two.")]

    def test_a_changed_message_replaces_the_one_that_was_there(self, opened):
        service, client = opened("One.", "Two.", "Three.")
        first = [user("Hi"), assistant("One.")]
        ask(client, user("Hi"))
        ask(client, *first, user("I like tea."))
        assert ask(client, *first, user("I like coffee.")) == "Three."
        assert said(service) == [("Hi", "One."), ("I like coffee.", "Three.")]

    def test_without_a_chat_id_equal_first_messages_are_two_conversations(self, opened):
        service, client = opened("One.", "Two.")
        ask(client, user("Hi"))
        ask(client, user("Hi"))
        assert said(service) == [("Hi", "One."), ("Hi", "Two.")]

    def test_with_a_chat_id_the_first_message_can_be_answered_again_and_changed(self, opened):
        service, client = opened("One.", "Two.", "Three.", "Four.")
        chat = {"x-openwebui-chat-id": "c1"}
        ask(client, user("Hi"), headers=chat)
        ask(client, user("Hi"), headers=chat)
        assert said(service) == [("Hi", "Two.")]
        ask(client, user("Hello"), headers=chat)
        assert said(service) == [("Hello", "Three.")]
        ask(client, user("Hello"), headers={"x-openwebui-chat-id": "c2"})
        assert said(service) == [("Hello", "Three."), ("Hello", "Four.")]

    def test_of_two_with_the_same_exchange_the_one_that_was_meant_goes_on(self, opened):
        service, client = opened("Hello!", "Hello!", "The first.", "The second.", "The first again.")
        one, two = {"x-openwebui-chat-id": "c1"}, {"x-openwebui-chat-id": "c2"}
        begin = [user("Hi"), assistant("Hello!")]
        for chat in (one, two):
            ask(client, user("Hi"), headers=chat)
        ask(client, *begin, user("First"), headers=one)
        ask(client, *begin, user("Second"), headers=two)
        ask(client, *begin, user("First"), headers=one)
        assert said(service) == [("Hi", "Hello!"), ("Hi", "Hello!"), ("First", "The first again."), ("Second", "The second.")]

    def test_thoughts_folded_into_a_reply_and_space_do_not_matter(self, opened):
        service, client = opened("One.", "Two.", "Again.")
        ask(client, user("Hi"))
        folded = '<details type="reasoning" done="true"><summary>Thought</summary>It is plain.</details>\nOne.\n'
        for _ in range(2):
            ask(client, user("Hi "), assistant(folded), user("And?"))
        assert said(service) == [("Hi", "One."), ("And?", "Again.")]

    def test_that_lost_its_beginning_goes_on(self, opened):
        service, client = opened("One.", "Two.", "Three.", "Four.")
        ask(client, user("A"))
        ask(client, user("A"), assistant("One."), user("B"))
        for reply in ("Three.", "Four."):
            assert ask(client, user("B"), assistant("Two."), user("C")) == reply
        assert said(service) == [("A", "One."), ("B", "Two."), ("C", "Four.")]

    def test_that_began_elsewhere_takes_its_new_message_alone(self, opened):
        service, client = opened("One.", "Two.")
        for _ in range(2):
            ask(client, user("Old"), assistant("From another model."), user("New"))
        assert said(service) == [("New", "Two.")]


def test_a_system_prompt_is_an_instruction_and_is_never_remembered(serve, connect):
    chat = ScriptedChat({"reasoning": answer("Arr!"), "semantic": fact("The user likes ships.", "ships")})
    service = serve(chat)
    client = connect(service)
    ask(client, {"role": "system", "content": "Talk like a pirate."}, user("I like ships."))
    assert "Talk like a pirate." in chat.prompts("reasoning")[0]
    service.wait()
    assert "pirate" not in chat.prompts("semantic")[0]
    ask(client, user("Hello"))
    assert "pirate" not in chat.prompts("reasoning")[-1]


def test_a_front_ends_own_calls_leave_no_trace(serve, connect):
    chat = ScriptedChat({"reasoning": answer("Hello!"), "semantic": NOTHING})
    service = serve(chat)
    client = connect(service)
    for text in (
        "### Task:\nGenerate a title.\n<chat_history>\nUSER: I keep a heron.\n</chat_history>",
        "### Task:\nSummarize the conversation history that will be compacted.",
        "Your task is to reflect the speaker's likely facial expression through an emoji.",
    ):
        assert ask(client, user(text))
    assert said(service) == []
    assert service.memory.journal.users() == []


TITLE = "### Task:\nGenerate a title.\n<chat_history>\nUSER: I keep a heron.\n</chat_history>"


def test_a_front_ends_own_call_about_a_talk_that_quotes_a_template_leaves_no_trace(opened):
    service, client = opened()
    quoting = TITLE.replace("heron", "heron <context>of mine</context>")
    ask(client, {"role": "system", "content": "Be brief."}, user([{"type": "text", "text": quoting}]))
    merge = "You have been provided with a set of responses from various models to the latest user query."
    assert client.post(URL, json={"messages": [user(merge)], "stream": True}).status_code == 200
    assert said(service) == []


@pytest.mark.parametrize(
    ("messages", "stream"),
    [
        ([user(TITLE)], True),
        ([user("Hi"), assistant("Hello!"), user(TITLE)], False),
        ([user(f"What does this prompt do?\n{TITLE}")], False),
        ([user("### Task: learn what <chat_history> means")], False),
        ([user("### Task: close it with </chat_history> before <chat_history>")], False),
        ([user("### Task:\nSummarize the conversation history of Rome.")], True),
        ([user("Summarize the conversation history.")], False),
    ],
)
def test_a_person_who_writes_about_such_a_call_is_remembered(opened, messages, stream):
    service, client = opened("Fine.")
    found = client.post(URL, json={"messages": messages, "stream": stream})
    assert found.status_code == 200
    assert said(service)[-1] == (messages[-1]["content"], "Fine.")


def test_a_long_text_of_openings_is_told_apart_at_once():
    text = "### Task:" + "<chat_history><context>" * 200_000
    assert not is_background_call(text, alone=True, streamed=False)
    assert own_words(text) == (text, "")


def test_of_a_message_in_a_template_the_persons_own_words_are_remembered(serve, connect):
    chat = ScriptedChat({"reasoning": answer("It is a heron."), "semantic": NOTHING})
    service = serve(chat)
    wrapped = (
        '### Task:\nRespond using the context.\n<context>\n<source id="1">Herons eat fish.</source>\n</context>\nWhat is it?'
    )
    ask(connect(service), user(wrapped))
    assert said(service) == [("What is it?", "It is a heron.")]
    assert "Herons eat fish." in chat.prompts("reasoning")[0]


def test_names_of_attached_files_are_no_words_of_the_person(opened):
    service, client = opened("Fish.")
    files = '<attached_files>\n<file type="file" name="heron.txt"/>\n</attached_files>\n\n'
    ask(client, user(f"{files}What does it eat?"))
    ask(client, user(f"### Task:\nAnswer.\n<context>\nHerons eat fish.\n</context>\n{files}And where?"))
    assert [text for text, _ in said(service)] == ["What does it eat?", "And where?"]


def test_off_the_record_nothing_is_saved(opened):
    service, client = opened("Hello!")
    assert ask(client, user("Hi"), model="persona-off-the-record") == "Hello!"
    assert said(service) == []


def test_a_picture_comes_as_a_data_url(opened):
    service, client = opened("A square.")
    url = f"data:image/png;base64,{base64.b64encode(square()).decode()}"
    content = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": url}}]
    assert ask(client, {"role": "user", "content": content}) == "A square."
    [turn] = service.memory.journal.turns("me")
    assert len(turn.images) == 1
    assert service.memory.photos.original("me", turn.images[0])


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"n": 2}, 400, "n"),
        ({"logprobs": True}, 400, "logprobs"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
        ({"model": "gpt-5"}, 404, "model"),
        ({"messages": [assistant("Hi")]}, 400, None),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "critic", "content": "x"}]}, 400, "messages[0].role"),
        ({"messages": [user([{"type": "input_audio"}])]}, 400, "messages[0].content[0]"),
        ({"messages": [user([{"type": "image_url", "image_url": {"url": "http://x/y.png"}}])]}, 400,
         "messages[0].content[0].image_url"),
        ({"messages": [user("x" * 20_001)]}, 413, None),
        ({"messages": [user(" ")]}, 400, None),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_an_error_that_names_it(opened, body, status, named):
    service, client = opened()
    found = client.post(URL, json={"messages": [user("Hi")], **body})
    error = found.json()["error"]
    assert (found.status_code, error["param"]) == (status, named)
    assert error["message"].endswith(".")
    assert said(service) == []


def test_sampling_parameters_that_clients_always_send_are_taken(opened):
    _, client = opened("Hello!")
    more = {"temperature": 0.2, "top_p": 1, "max_tokens": 50, "seed": 1, "tools": [], "n": 1, "logprobs": False, "stop": None}
    assert ask(client, user("Hi"), **more) == "Hello!"


def test_tools_that_a_front_end_offers_by_itself_are_left_alone(opened):
    service, client = opened("Hello!")
    offer = [{"type": "function", "function": {"name": name}} for name in ("search_chats", "a_tool_of_the_person")]
    assert ask(client, user("Hi"), tools=offer, tool_choice="auto") == "Hello!"
    for choice in ("required", {"type": "function", "function": {"name": "search_chats"}}):
        body = {"messages": [user("Hi")], "tools": offer, "tool_choice": choice}
        assert client.post(URL, json=body).json()["error"]["param"] == "tools"
    assert len(said(service)) == 1


def test_the_models_are_two(opened):
    _, client = opened()
    assert [one["id"] for one in client.get("/v1/models").json()["data"]] == ["persona", "persona-off-the-record"]


def test_a_message_that_is_replaced_while_it_is_answered_is_an_error_and_not_an_empty_reply(serve, connect, monkeypatch):
    gate, journaled = threading.Event(), threading.Semaphore(0)
    service = serve(scripted("One.", "Two."), work=False)
    service.models._chat.gate = gate
    receive = service.memory.receive

    def received(*args, **more):
        turn = receive(*args, **more)
        journaled.release()
        return turn

    monkeypatch.setattr(service.memory, "receive", received)
    client = connect(service)
    chat, found = {"x-openwebui-chat-id": "c1"}, []
    first = threading.Thread(target=lambda: found.append(client.post(URL, json={"messages": [user("A")]}, headers=chat)))
    first.start()
    assert journaled.acquire(timeout=60)
    second = threading.Thread(target=lambda: found.append(client.post(URL, json={"messages": [user("B")]}, headers=chat)))
    second.start()
    assert journaled.acquire(timeout=60)
    gate.set()
    first.join()
    second.join()
    codes = sorted(one.status_code for one in found)
    # No status that clients answer by sending the request again.
    assert codes == [200, 410]
    assert [text for text, _ in said(service)] == ["B"]


def test_one_model_is_described(opened):
    _, client = opened()
    assert client.get("/v1/models/persona").json()["id"] == "persona"
    assert client.get("/v1/models/gpt-5").status_code == 404


def test_the_page_of_operations_loads_nothing_from_elsewhere(opened):
    _, client = opened()
    page = client.get("/docs").text
    assert "/v1/chat/completions" in page
    assert "http://" not in page.replace("http://127.0.0.1", "")
    assert "<script" not in page


def test_without_a_key_the_request_names_the_person(opened):
    service, client = opened("Hello!")
    ask(client, user("Hi"), user="ada")
    assert said(service, "ada") == [("Hi", "Hello!")]
    assert said(service) == []
