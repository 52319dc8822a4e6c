"""The graph `chat` on `langgraph dev`, through LangGraph's own clients: the SDK, `RemoteGraph`, and what front ends send."""

from __future__ import annotations

import base64
import io
import re
import uuid
from pathlib import Path

import httpx
import pytest
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph_sdk import get_sync_client
from PIL import Image

from tests.end_to_end.test_langgraph_server import CHILE, DOG, PERU, served, talk
from tests.fake_server import fake_server

pytestmark = pytest.mark.langgraph_dev

CAT = "I have a cat called Tom."


def reply_to(body):
    """Answer with the message; a second answer differs from the first."""
    said = str(body["messages"][-1]["content"])
    last = max((DOG, PERU, CHILE, CAT), key=said.rfind)
    return f"<think>It is plain.</think>\n<answer>You said: {last} ({uuid.uuid4().hex[:6]})</answer>"


@pytest.fixture(scope="module")
def model():
    with fake_server() as model:
        model.reply = reply_to
        model.counts = True
        yield model


@pytest.fixture(scope="module")
def url(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    settings = {"PERSONA_LLM_BASE_URL": model.url, "PERSONA_LLM_MODEL": "fake-model", "PERSONA_ASK_CONSENT": "each"}
    with served(folder, LANGGRAPH_STRICT_MSGPACK="true", **settings) as url:
        yield url
    log = (folder / "log").read_text()
    assert "unregistered type" not in log
    assert "Blocked deserialization" not in log


@pytest.fixture
def client(url):
    with get_sync_client(url=url) as client:
        yield client


@pytest.fixture
def person():
    return f"person-{uuid.uuid4().hex[:8]}"


def user(content):
    return {"messages": [{"role": "user", "content": content}]}


def say(client, thread, content, person, **more):
    return client.runs.wait(thread, "chat", input=user(content), context={"user_id": person}, **more)


def texts(state):
    return [one["content"] if isinstance(one["content"], str) else one["content"][0]["text"] for one in state["messages"]]


def first_seen(client, thread, text):
    """The parent of the checkpoint where a message is first seen: Agent Chat UI edits and regenerates from there."""
    history = client.threads.get_history(thread, limit=100)
    seen = [one for one in history if any(text in str(message["content"]) for message in one["values"].get("messages", []))]
    return seen[-1]["parent_checkpoint"]


def test_a_conversation_by_the_sdk(client, url, person):
    thread = client.threads.create()["thread_id"]
    for text in (DOG, PERU):
        state = say(client, thread, text, person)
        reply = state["messages"][-1]
        assert (reply["type"], reply["content"].startswith(f"You said: {text}")) == ("ai", True)
        assert reply["response_metadata"]["turn_id"].startswith("tur_")
        assert reply["usage_metadata"]["total_tokens"] > 0
    assert talk(url, person) == [DOG, PERU]


@pytest.mark.parametrize("mode", ["messages-tuple", "messages"])
def test_tokens_are_streamed_as_messages(client, person, mode):
    thread = client.threads.create()["thread_id"]
    parts = list(client.runs.stream(thread, "chat", input=user(DOG), context={"user_id": person}, stream_mode=[mode, "values"]))
    final = client.threads.get_state(thread)["values"]["messages"][-1]
    if mode == "messages-tuple":
        chunks = [part.data[0] for part in parts if part.event == "messages"]
        assert {one["type"] for one in chunks} == {"AIMessageChunk"}
        assert len([one for one in chunks if one["content"]]) > 1
        assert "".join(one["content"] for one in chunks) == final["content"]
    else:
        chunks = [part.data[0] for part in parts if part.event == "messages/partial"]
        assert len(chunks) > 1
        assert chunks[-1]["content"] == final["content"]
    assert {one["id"] for one in chunks} == {final["id"]}
    assert not [part for part in parts if part.event in ("error", "messages/complete")]
    assert "<answer>" not in str(parts), "the model's own form reaches no client"


def test_the_newer_protocol_streams_too(client, person):
    with client.threads.stream(assistant_id="chat") as thread:
        thread.run.start(input=user(DOG), config={"configurable": {"user_id": person}})
        streamed = [message.text for message in thread.messages]
    assert any(str(one).startswith("You said: ") for one in streamed), streamed


def test_a_remote_graph_streams_and_keeps_its_thread(client, url, person):
    graph = RemoteGraph("chat", sync_client=client)
    config = {"configurable": {"thread_id": client.threads.create()["thread_id"]}}
    context = {"user_id": person}
    parts = list(graph.stream(user(DOG), config, context=context, stream_mode="messages"))
    assert "".join(one["content"] for one, _ in parts).startswith(f"You said: {DOG}")
    state = graph.invoke(user(PERU), config, context=context)
    assert [one.split(" (")[0] for one in texts(state)] == [DOG, f"You said: {DOG}", PERU, f"You said: {PERU}"]
    assert talk(url, person) == [DOG, PERU]


def test_regenerate_and_edit_as_a_front_end_does_them(client, url, person):
    thread = client.threads.create()["thread_id"]
    for text in (DOG, PERU):
        say(client, thread, text, person)
    old = client.threads.get_state(thread)["values"]["messages"][-1]
    again = client.runs.wait(
        thread, "chat", input=None, checkpoint=first_seen(client, thread, old["content"]), context={"user_id": person}
    )
    new = again["messages"][-1]
    assert len(again["messages"]) == 4
    assert (new["content"] != old["content"], new["id"] != old["id"]) == (True, True)
    assert talk(url, person) == [DOG, PERU]
    edited = say(client, thread, CAT, person, checkpoint=first_seen(client, thread, PERU))
    assert [one.split(" (")[0] for one in texts(edited)] == [DOG, f"You said: {DOG}", CAT, f"You said: {CAT}"]
    assert talk(url, person) == [DOG, CAT]
    say(client, thread, CHILE, person)
    assert talk(url, person) == [DOG, CAT, CHILE]


def test_what_agent_chat_ui_sends(client, url, person):
    """Blocks with a picture in JavaScript's spelling, and a context in the input; an edit is a bare string."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    picture = {
        "type": "image",
        "mimeType": "image/png",
        "data": base64.b64encode(file.getvalue()).decode(),
        "metadata": {"name": "red.png"},
    }
    given = {
        "messages": [{"id": str(uuid.uuid4()), "type": "human", "content": [{"type": "text", "text": DOG}, picture]}],
        "context": {"artifact": "open"},
    }
    thread = client.threads.create()["thread_id"]
    stream = client.runs.stream(
        thread,
        "chat",
        input=given,
        context={"user_id": person},
        stream_mode=["values", "messages-tuple", "custom"],
        stream_subgraphs=True,
        stream_resumable=True,
    )
    assert not [part for part in stream if part.event == "error"]
    state = client.threads.get_state(thread)["values"]
    assert len(state["turn"]["images"]) == 1
    edited = say(client, thread, CAT, person, checkpoint=first_seen(client, thread, DOG))
    assert edited["turn"]["images"] == state["turn"]["images"]
    assert talk(url, person) == [CAT]


def test_consent_is_an_interrupt_with_buttons(client, person):
    thread = client.threads.create()["thread_id"]
    state = say(client, thread, "I was diagnosed with diabetes last week.", person)
    [asked] = state["__interrupt__"]
    assert asked["value"]["action_requests"][0]["name"] == "remember"
    assert asked["value"]["review_configs"] == [{"action_name": "remember", "allowed_decisions": ["approve", "reject"]}]
    done = client.runs.wait(
        thread, "chat", command={"resume": {"decisions": [{"type": "approve"}]}}, context={"user_id": person}
    )
    assert "__interrupt__" not in done
    assert client.threads.get(thread)["status"] == "idle"


def test_forgetting_is_an_interrupt_with_buttons(client, url, person):
    thread = client.threads.create()["thread_id"]
    say(client, thread, DOG, person)
    state = say(client, thread, "Please forget what I told you about Rex.", person)
    assert state["__interrupt__"][0]["value"]["action_requests"][0]["name"] == "forget"
    done = client.runs.wait(
        thread, "chat", command={"resume": {"decisions": [{"type": "approve"}]}}, context={"user_id": person}
    )
    assert done["messages"][-1]["content"].startswith("Forgotten (")
    assert talk(url, person) == []


def test_a_stateless_run_takes_the_last_message_of_a_conversation(client, url, person):
    said = {"messages": [*user(DOG)["messages"], {"role": "assistant", "content": "Nice."}, *user(PERU)["messages"]]}
    state = client.runs.wait(None, "chat", input=said, context={"user_id": person})
    assert texts(state)[-1].startswith(f"You said: {PERU}")
    assert talk(url, person) == [PERU]


RIGHT = {
    "chat": '{"messages": ',
    "persona": '{"text": ',
    "respond": '{"text": ',
    "remember": '{"turn_id": ',
    "consolidate": "{}",
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("given", ["Hello", {"foo": 1}, ["Hello"]])
def test_input_of_another_form_is_refused_in_a_sentence(client, url, name, given):
    if name == "remember":
        given = user("Hello") if isinstance(given, str) else given
    with pytest.raises(Exception, match=f"The graph {name} takes") as refused:
        client.runs.wait(None, name, input=given)
    assert RIGHT[name] in str(refused.value)


def test_a_failure_arrives_as_a_sentence(client, url, person, model):
    model.status = 500
    try:
        thread = client.threads.create()["thread_id"]
        stream = client.runs.stream(thread, "chat", input=user(DOG), context={"user_id": person}, stream_mode="values")
        [error] = [part.data for part in stream if part.event == "error"]
        assert "internal error" not in error["message"].lower()
        assert "model server" in error["message"]
        with pytest.raises(RemoteException, match="model server"):
            RemoteGraph("chat", sync_client=client).invoke(user(DOG), context={"user_id": person})
    finally:
        model.status = 200
    state = client.runs.wait(thread, "chat", input=None, context={"user_id": person})
    assert texts(state)[-1].startswith(f"You said: {DOG}")


def test_a_run_that_is_cancelled_stops_the_reply(client, url, person, model):
    thread = client.threads.create()["thread_id"]
    model.pause_s = 0.5
    try:
        stream = client.runs.stream(
            thread, "chat", input=user(DOG), context={"user_id": person}, stream_mode="messages-tuple", on_disconnect="continue"
        )
        run = next(part.data["run_id"] for part in stream if part.event == "metadata")
        next(part for part in stream if part.event == "messages" and part.data[0]["content"])
        client.runs.cancel(thread, run, wait=True)
        stream.close()
    finally:
        model.pause_s = 0
    state = say(client, thread, PERU, person)
    assert texts(state)[-1].startswith(f"You said: {PERU}")
    hello = client.runs.wait(None, "respond", input={"text": "Hello?"}, context={"user_id": person, "off_the_record": True})
    assert [(one["text"], one["state"]) for one in hello["recent"]] == [(DOG, "stopped"), (PERU, "answered")]


def test_the_api_is_mounted_beside_the_servers_own_routes(client, url, person):
    """With its own guard, which must not hold for the server's routes: Studio's page is on another site."""
    said = {"model": "persona", "user": person, "messages": [{"role": "user", "content": DOG}]}
    answered = httpx.post(f"{url}/v1/chat/completions", json=said, timeout=60).json()
    assert answered["choices"][0]["message"]["content"].startswith(f"You said: {DOG}")
    assert talk(url, person) == [DOG]
    assert httpx.get(f"{url}/health", timeout=60).json() == {"status": "ok"}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert httpx.post(f"{url}/v1/chat/completions", json=said, headers=elsewhere, timeout=60).status_code == 403
    assert httpx.post(f"{url}/threads", json={}, headers=elsewhere, timeout=60).status_code == 200
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    accepts = {"Accept": "application/json, text/event-stream"}
    assert "persona" in httpx.post(f"{url}/mcp", json=hello, headers=accepts, timeout=60).text


def test_the_lines_of_the_guide_run(url, capsys):
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "studio.md").read_text(encoding="utf-8")
    [lines] = re.findall(r"```python\n(from langgraph_sdk.*?)```", guide, re.DOTALL)
    exec(lines.replace("http://127.0.0.1:2024", url), {})
    assert re.search(r"You said: .*\n tur_\w+ \{'input_tokens': ", capsys.readouterr().out)


def test_the_form_for_studio_has_messages(client):
    [assistant] = client.assistants.search(graph_id="chat")
    schemas = client.assistants.get_schemas(assistant["assistant_id"])
    assert list(schemas["input_schema"]["properties"]) == ["messages"]
    assert "user_id" in schemas["context_schema"]["properties"]
